/**
 * For how long the machine's clock has gone on evenly. Whoever deletes what was silent for long
 * must not believe a clock that has just jumped: by it, the whole fleet has been silent. By one
 * that ran evenly for a day, everything that is alive was heard from.
 */
import { CLOCK_ERROR_MS_MAX, type Clock } from '../../base/clock.ts'

export type SteadyTime = {
  /** Milliseconds since this server began to watch, or since the last jump that it saw. */
  steadyMs(): number
}

export function createSteadyTime(clock: Pick<Clock, 'now' | 'monotonic'>): SteadyTime {
  let since = clock.monotonic()
  let offset = clock.now() - since
  return {
    steadyMs() {
      const monotonic = clock.monotonic()
      const present = clock.now() - monotonic
      if (Math.abs(present - offset) > CLOCK_ERROR_MS_MAX) {
        since = monotonic
        offset = present
      }
      return monotonic - since
    },
  }
}
