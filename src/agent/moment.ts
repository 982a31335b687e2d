/**
 * A point of time on both clocks, for limits that the server sets. The monotonic clock stands still
 * while a machine sleeps, and the wall clock can be set: what has passed is what the clock says
 * that saw more of it. So neither a laptop that was closed over night nor a clock that is put back
 * makes a limit longer; one that is put forward makes it shorter, and the server is asked again.
 */
import type { Clock, Instant } from '../base/clock.ts'

export type Moment = { readonly monotonic: number; readonly wall: Instant }

export function momentOf(clock: Clock): Moment {
  return { monotonic: clock.monotonic(), wall: clock.now() }
}

export function elapsedMs(clock: Clock, since: Moment): number {
  return Math.max(clock.monotonic() - since.monotonic, clock.now() - since.wall)
}
