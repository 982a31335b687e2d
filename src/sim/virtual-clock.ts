/**
 * Time of a simulated world: one timeline for everybody, moved on by the world alone, and a clock
 * of its own for every process, which may be wrong about the day and stops with its process.
 *
 * Guaranteed: events happen in the order of their time, those of one time in the order in which
 * they were made. Times are whole milliseconds.
 */
import type { Clock, Instant, Sleep } from '../base/clock.ts'

type Timer = {
  readonly at: number
  readonly order: number
  /** Null: it was cancelled. */
  fire: (() => void) | null
}

export type Scheduled = { cancel(): void }

export class Timeline {
  /** A heap, the earliest first; who is cancelled stays in it until its time. */
  readonly #timers: Timer[] = []
  readonly #start: Instant
  #now = 0
  #made = 0

  /** `start`: the true time at the beginning. */
  constructor(start: Instant) {
    this.#start = start
  }

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now
  }

  get trueTime(): Instant {
    return this.#start + this.#now
  }

  after(ms: number, fire: () => void): Scheduled {
    const timer: Timer = { at: this.#now + Math.ceil(Math.max(0, ms)), order: this.#made, fire }
    this.#made += 1
    this.#push(timer)
    return {
      cancel: () => {
        timer.fire = null
      },
    }
  }

  /**
   * Moves on to the next timer, not beyond `until`, and fires it; false, and at `until`, when there
   * is none before.
   */
  step(until: number): boolean {
    for (let [next] = this.#timers; next !== undefined && next.at <= until; [next] = this.#timers) {
      this.#pop()
      if (next.fire === null) continue
      this.#now = next.at
      next.fire()
      return true
    }
    this.#now = Math.max(this.#now, until)
    return false
  }

  #push(timer: Timer): void {
    const timers = this.#timers
    let at = timers.length
    timers.push(timer)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = timers[above]
      if (parent === undefined || isBefore(parent, timer)) break
      timers[at] = parent
      timers[above] = timer
      at = above
    }
  }

  #pop(): void {
    const timers = this.#timers
    const last = timers.pop()
    if (last === undefined || timers.length === 0) return
    let at = 0
    timers[0] = last
    for (;;) {
      const [left, right] = [timers[2 * at + 1], timers[2 * at + 2]]
      if (left === undefined) return
      const isRight = right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (isBefore(last, child)) return
      const below = 2 * at + (isRight ? 2 : 1)
      timers[at] = child
      timers[below] = last
      at = below
    }
  }
}

function isBefore(left: Timer, right: Timer): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order)
}

/**
 * The clock of one process, or of one server. When it has stopped, no sleep of it ends any more:
 * what still waits there waits for ever, as a killed process does.
 */
export class ProcessClock implements Clock {
  /** By how much its wall clock is wrong; may change at any time. */
  readonly wrongBy: () => number
  readonly #timeline: Timeline
  readonly #began: number
  #hasStopped = false

  constructor(timeline: Timeline, wrongBy: () => number = () => 0) {
    this.#timeline = timeline
    this.#began = timeline.now
    this.wrongBy = wrongBy
  }

  now(): Instant {
    return this.#timeline.trueTime + this.wrongBy()
  }

  monotonic(): number {
    return this.#timeline.now - this.#began
  }

  sleep(ms: number): Sleep {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => {
      if (!this.#hasStopped) resolve()
    }
    const timer = ms === Number.POSITIVE_INFINITY ? null : this.#timeline.after(ms, wake)
    return {
      done: promise,
      cancel: () => {
        timer?.cancel()
        wake()
      },
    }
  }

  stop(): void {
    this.#hasStopped = true
  }
}
