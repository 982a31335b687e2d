/**
 * Endpoints that were silent for longer than the instance keeps them (the setting `agentStatus`).
 * What a wrong clock could do is bounded three times over: nothing happens until the clock has gone
 * on evenly for a day, in which everything alive was heard from; one run takes a hundredth of the
 * fleet; and an endpoint that checks in again comes back as it was.
 */
import { deletedAfterMs, lostDeletionsMax } from '../../domain/configuration/agent-status.ts'
import { countEndpoints } from '../../store/figures.ts'
import { loadSilentEndpoints } from '../../store/silent-endpoints.ts'
import type { LiveConfiguration } from '../configuration.ts'
import { type DeletionNeeds, deleteSilent } from './delete-silent.ts'
import type { SteadyTime } from './steady-time.ts'

/** A night and a day: machines that are off at night have been on in it. */
export const LOST_STEADY_MS_MIN = 24 * 3_600_000

export async function deleteLostEndpoints(
  needs: DeletionNeeds & {
    readonly configuration: LiveConfiguration
    readonly steadyTime: SteadyTime
  },
): Promise<number> {
  if (needs.steadyTime.steadyMs() < LOST_STEADY_MS_MIN) return 0
  const { agentStatus } = await needs.configuration.current()
  const silentSince = needs.clock.now() - deletedAfterMs(agentStatus)
  const most = lostDeletionsMax(await countEndpoints(needs.database.read))
  return await deleteSilent(needs, {
    find: (reader, limit) => loadSilentEndpoints(reader, silentSince, limit),
    silentSince,
    most,
    because: `silent for ${agentStatus.deletedAfterDays} days`,
  })
}
