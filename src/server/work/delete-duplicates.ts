/**
 * Endpoints that are the former selves of one that was seen after them, by the marks that the
 * operator chose (the setting `duplicateCleanup`). A connected endpoint is never deleted; nor is
 * anything until the clock has gone on evenly for an hour, in which everything connected was heard
 * from.
 */
import { isCleanupDue, marksOf } from '../../domain/configuration/duplicate-cleanup.ts'
import { CONNECTION_LIMITS } from '../../domain/endpoint/endpoint.ts'
import { loadCleanupRun, saveCleanupRun } from '../../store/configuration.ts'
import { loadDuplicates } from '../../store/silent-endpoints.ts'
import type { LiveConfiguration } from '../configuration.ts'
import { type DeletionNeeds, deleteSilent } from './delete-silent.ts'
import type { SteadyTime } from './steady-time.ts'

export const DUPLICATES_STEADY_MS_MIN = 3_600_000
/** In one run; what is left is for the next one, which does not wait for the interval then. */
export const DUPLICATES_A_RUN_MAX = 1_000

export async function deleteDuplicates(
  needs: DeletionNeeds & {
    readonly configuration: LiveConfiguration
    readonly steadyTime: SteadyTime
  },
): Promise<number> {
  if (needs.steadyTime.steadyMs() < DUPLICATES_STEADY_MS_MIN) return 0
  const { database, clock } = needs
  const { duplicateCleanup } = await needs.configuration.current()
  const now = clock.now()
  const lastRun = await loadCleanupRun(database.read)
  if (!isCleanupDue(duplicateCleanup, lastRun, now)) return 0
  const marks = marksOf(duplicateCleanup)
  const silentSince = now - CONNECTION_LIMITS.connectedMs
  const deleted = await deleteSilent(needs, {
    find: (reader, limit) => loadDuplicates(reader, marks, { since: silentSince, limit }),
    silentSince,
    most: DUPLICATES_A_RUN_MAX,
    because: `one with the same ${marks.join(', ')} was seen later`,
  })
  if (deleted < DUPLICATES_A_RUN_MAX) await database.write((tx) => saveCleanupRun(tx, now))
  return deleted
}
