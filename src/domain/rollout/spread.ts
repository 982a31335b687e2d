/**
 * When endpoints that wait for an opening come. A fleet whose members all come as a window opens
 * would be a herd of the server's own making. Endpoints that call often enough are told nothing
 * special: their calls are spread over the interval as they are, and each comes within one of the
 * opening. Those that would be late come in a time after it, each at a place of its own.
 */
import type { Instant } from '../../base/clock.ts'
import type { EndpointId } from '../../base/ids.ts'

/** Over so long those come that would be late; 100,000 of them are then 333 a second. */
const SPREAD_MS = 300_000
/** Of a short window, they come in the first part. */
const SPREAD_SHARE = 0.25

export type Opening = {
  readonly now: Instant
  /** When it opens next; null: nobody can tell, or it is open. */
  readonly opensAt: Instant | null
  /** When it closes after that; null: not soon. */
  readonly closesAt: Instant | null
  readonly intervalMs: number
}

/** In how long the endpoint is to come again: in an interval at the latest. */
export function spreadOpening(endpointId: EndpointId, opening: Opening): number {
  const { now, opensAt, closesAt, intervalMs } = opening
  if (opensAt === null) return intervalMs
  const openMs = closesAt === null ? Number.POSITIVE_INFINITY : closesAt - opensAt
  const spreadMs = Math.min(SPREAD_MS, openMs * SPREAD_SHARE)
  if (intervalMs <= spreadMs) return intervalMs
  const untilOpenMs = Math.max(0, opensAt - now)
  return Math.min(intervalMs, untilOpenMs + placeOf(endpointId) * spreadMs)
}

/**
 * In [0, 1), always the same for an endpoint, so that one that comes early is told the same time
 * again: ids are drawn by chance.
 */
function placeOf(endpointId: EndpointId): number {
  return Number.parseInt(endpointId.slice(0, 8), 16) / 2 ** 32
}
