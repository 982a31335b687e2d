/**
 * Whether an upgrade may be offered now. Exact where it is decided: in the transaction of the
 * offer, holding the name that every offer of every server holds. Cheap where it is only looked at:
 * ten thousand endpoints that wait for a berth must not each take a lock to hear that there is
 * none.
 */
import type { Clock } from '../../base/clock.ts'
import { berthsFree } from '../../domain/upgrade/berth.ts'
import { countBerthsTaken, lockBerthsTaken } from '../../store/berths.ts'
import { loadConfiguration } from '../../store/configuration.ts'
import type { Database, Writer } from '../../store/open.ts'
import { Turns } from '../../store/turns.ts'
import type { LiveConfiguration } from '../configuration.ts'

/** A berth that was given back is noticed after this at the latest, and taken at a check-in. */
export const BERTHS_FRESH_MS = 1_000

export type Berths = {
  /** True for as many callers as there were free berths at the last look. */
  mayBeFree(): Promise<boolean>
  /** Whether there is one; nobody else takes it until the transaction ends. */
  lockFree(tx: Writer): Promise<boolean>
  /** One offer at a time here: those who wait for the lock must not use up the connections. */
  inTurn<Value>(offer: () => Promise<Value>): Promise<Value>
}

export function createBerths(needs: {
  readonly database: Pick<Database, 'read'>
  readonly clock: Pick<Clock, 'monotonic'>
  readonly configuration: LiveConfiguration
}): Berths {
  const turns = new Turns()
  let looking: Promise<void> | null = null
  let lookedAt = Number.NEGATIVE_INFINITY
  let left = 0
  const look = async () => {
    const taken = await countBerthsTaken(needs.database.read)
    left = berthsFree((await needs.configuration.current()).autoUpgrade, taken)
    lookedAt = needs.clock.monotonic()
  }
  return {
    async mayBeFree() {
      if (needs.clock.monotonic() - lookedAt >= BERTHS_FRESH_MS) {
        looking ??= look().finally(() => {
          looking = null
        })
        await looking
      }
      left -= 1
      return left >= 0
    },
    async lockFree(tx) {
      const taken = await lockBerthsTaken(tx)
      const isFree = berthsFree((await loadConfiguration(tx)).autoUpgrade, taken) > 0
      if (!isFree) left = 0
      return isFree
    },
    inTurn: (offer) => turns.take('offer', offer),
  }
}
