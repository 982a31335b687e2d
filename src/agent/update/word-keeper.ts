/**
 * Keeps the word of the server that counts, by our clock, and wakes its owner when the time is over
 * within which the server wants the attempt switched.
 */
import type { Clock, Sleep } from '../../base/clock.ts'
import { elapsedMs } from '../moment.ts'
import { type Answer, heardWord, type Word, whatCounts, withoutPermission } from './word.ts'

/** Longer waits are cut, because timers hold 31 bits of milliseconds. */
const WAIT_MAX_MS = 3_600_000

export class WordKeeper {
  readonly #clock: Clock
  readonly #onClosed: () => void
  #word: Word | null = null
  #closing: Sleep | null = null

  constructor(clock: Clock, onClosed: () => void) {
    this.#clock = clock
    this.#onClosed = onClosed
  }

  /** `attemptId` is of the attempt at work; null: there is none, and nothing to keep. */
  hear(answer: Answer, attemptId: string | null): void {
    this.#word = attemptId === null ? null : heardWord(this.#word, answer, attemptId)
    this.#watch()
  }

  counts() {
    const word = this.#word
    return whatCounts(word, word === null ? 0 : elapsedMs(this.#clock, word.sentAt))
  }

  /** `before` counts until the server has spoken. */
  rateMax(before: number | null): number | null {
    return this.#word === null ? before : this.#word.rateMax
  }

  usePermission(): void {
    this.#word = this.#word === null ? null : withoutPermission(this.#word)
  }

  forget(): void {
    this.#word = null
    this.#watch()
  }

  #watch(): void {
    const before = this.#closing
    this.#closing = null
    before?.cancel()
    const word = this.#word
    if (word === null || word.switchWithinMs === null) return
    const left = word.switchWithinMs - elapsedMs(this.#clock, word.sentAt)
    if (left <= 0) {
      this.#onClosed()
      return
    }
    const sleep = this.#clock.sleep(Math.min(left, WAIT_MAX_MS))
    this.#closing = sleep
    void sleep.done.then(() => {
      if (this.#closing === sleep) this.#watch()
    })
  }
}
