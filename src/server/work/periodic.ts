import type { Clock } from '../../base/clock.ts'
import { takeLease } from '../../store/leases.ts'
import type { Database } from '../../store/open.ts'
import type { Work } from './loop.ts'

/**
 * Work that one of several servers does at a time: who holds the lease. It outlives two turns, so
 * that the server that has it keeps it, and another takes over soon after that one is gone.
 */
export function underLease(
  work: Work,
  needs: { readonly database: Database; readonly clock: Clock; readonly owner: string },
): Work {
  return {
    ...work,
    async perform() {
      const now = needs.clock.now()
      const lease = { name: work.name, owner: needs.owner, until: now + 2.5 * work.everyMs }
      const isMine = await needs.database.write((tx) => takeLease(tx, lease, now))
      return isMine ? await work.perform() : null
    },
  }
}
