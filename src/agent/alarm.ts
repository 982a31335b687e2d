import type { Clock, Sleep } from '../base/clock.ts'

/** Longer waits are cut, because timers hold 31 bits of milliseconds. */
const WAIT_MAX_MS = 3_600_000

/**
 * A wait that can be cut short. A ring between two waits is not lost: it ends the next one at once.
 */
export class Alarm {
  readonly #clock: Clock
  #rung = false
  #sleep: Sleep | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(): void {
    this.#rung = true
    this.#sleep?.cancel()
  }

  async wait(ms: number): Promise<void> {
    if (!this.#rung && ms > 0) {
      this.#sleep = this.#clock.sleep(Math.min(ms, WAIT_MAX_MS))
      await this.#sleep.done
      this.#sleep = null
    }
    this.#rung = false
  }
}
