import type { Clock } from '../../base/clock.ts'
import { endOverdue } from '../../domain/upgrade/end-overdue.ts'
import { lockEndpoints } from '../../store/endpoints.ts'
import type { Database } from '../../store/open.ts'
import { loadOpenUpgrades, loadOverdueEndpoints, saveUpgrades } from '../../store/upgrades.ts'

/** Endpoints whose rows are held at once. */
const BATCH_MAX = 200

/**
 * Ends what waits past its expiry and what runs past its deadline. Level-triggered and safe to run
 * on several servers at once: each endpoint's row is held while its upgrade is looked at again.
 * Returns how many it changed.
 */
export async function endOverdueUpgrades(needs: {
  readonly database: Database
  readonly clock: Clock
}): Promise<number> {
  let ended = 0
  for (;;) {
    const batch = await endBatch(needs)
    ended += batch
    if (batch < BATCH_MAX) return ended
  }
}

async function endBatch(needs: {
  readonly database: Database
  readonly clock: Clock
}): Promise<number> {
  const now = needs.clock.now()
  const endpointIds = await loadOverdueEndpoints(needs.database.read, now, BATCH_MAX)
  if (endpointIds.length === 0) return 0
  return await needs.database.write(async (tx) => {
    await lockEndpoints(tx, endpointIds)
    const open = [...(await loadOpenUpgrades(tx, endpointIds)).values()]
    const changed = open.flatMap((upgrade) => {
      const next = endOverdue(upgrade, now)
      return next === upgrade ? [] : [next]
    })
    await saveUpgrades(tx, changed)
    return changed.length
  })
}
