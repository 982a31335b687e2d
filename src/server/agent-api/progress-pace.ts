/**
 * How much of the progress within a phase is told on the event stream. That an upgrade came into
 * another phase is always told. How far it is within one is told when it is news for somebody who
 * watches, and never so often that a fleet of a hundred thousand that downloads for an hour would
 * drive out of the stream what else is kept there; `endpoints/upgrade/get` knows each report. Each
 * server counts for itself, and in memory: who was told of an instant ago is soon forgotten.
 */
import type { Clock } from '../../base/clock.ts'
import type { EndpointId } from '../../base/ids.ts'

/** Of one endpoint; it says how far it is about as often. */
export const PROGRESS_EVERY_MS = 10_000
/**
 * Of all of them: 200 that are upgraded at once are told of each time, more of them now and then. A
 * day of nothing else would be more than is kept (EVENTS_KEPT_MAX), an hour is a fourteenth of it.
 */
export const PROGRESS_PER_S_MAX = 20

export type ProgressPace = {
  /** Whether to tell of it now; asked once for each report. */
  tells(endpointId: EndpointId): boolean
}

export function createProgressPace(clock: Pick<Clock, 'monotonic'>): ProgressPace {
  /** When each was told of, oldest first; as many as can be told of in the time. */
  const told = new Map<EndpointId, number>()
  const most = (PROGRESS_PER_S_MAX * PROGRESS_EVERY_MS) / 1000
  return {
    tells(endpointId) {
      const now = clock.monotonic()
      for (const [id, at] of told) {
        if (now - at < PROGRESS_EVERY_MS) break
        told.delete(id)
      }
      if (told.has(endpointId) || told.size >= most) return false
      told.set(endpointId, now)
      return true
    },
  }
}
