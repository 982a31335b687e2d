import type { Clock, Instant, Sleep } from './clock.ts'

/** A clock that stands still until it is moved: for tests and the simulator. */
export class ManualClock implements Clock {
  #now: Instant
  #monotonic = 0
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>()

  constructor(start: Instant) {
    this.#now = start
  }

  now(): Instant {
    return this.#now
  }

  monotonic(): number {
    return this.#monotonic
  }

  sleep(ms: number): Sleep {
    let cancel = () => {}
    const done = new Promise<void>((resolve) => {
      const sleeper = { at: this.#monotonic + ms, wake: resolve }
      this.#sleepers.add(sleeper)
      cancel = () => {
        this.#sleepers.delete(sleeper)
        resolve()
      }
    })
    return { done, cancel }
  }

  /** Moves time on by `ms` and wakes every sleeper whose time has come, earliest first. */
  advance(ms: number): void {
    this.#now += ms
    this.#monotonic += ms
    const due = [...this.#sleepers].filter((sleeper) => sleeper.at <= this.#monotonic)
    for (const sleeper of due.sort((left, right) => left.at - right.at)) {
      this.#sleepers.delete(sleeper)
      sleeper.wake()
    }
  }

  /**
   * Sets the wall clock without moving the monotonic one: what a wrong or corrected machine clock
   * does.
   */
  jumpTo(now: Instant): void {
    this.#now = now
  }
}
