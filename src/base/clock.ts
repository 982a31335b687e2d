/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

/** Wakes a sleeper before its time. */
export type Sleep = { readonly done: Promise<void>; cancel(): void }

/**
 * An instant in the store that lies further ahead than anything we write, and by more than this,
 * was written by a clock that ran ahead and was corrected since. The clocks of servers that share a
 * database may differ by less.
 */
export const CLOCK_ERROR_MS_MAX = 10 * 60_000

/**
 * Time, handed in, so that tests and the simulator can move it. `now` may jump either way with the
 * machine's clock; `monotonic` never goes back and is the one to measure durations and deadlines
 * with.
 */
export interface Clock {
  now(): Instant
  /** Milliseconds from an arbitrary start. */
  monotonic(): number
  sleep(ms: number): Sleep
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: startSleep,
}

function startSleep(ms: number): Sleep {
  let wake: () => void = () => {}
  const done = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    wake = () => {
      clearTimeout(timer)
      resolve()
    }
  })
  return { done, cancel: () => wake() }
}
