/** The request to switch that this process has made of its launcher, and how it stands. */
import type { Clock } from '../../base/clock.ts'
import type { SlotsMessage } from '../launcher/control.ts'
import type { UpdateFacts } from './next-step.ts'

/** It reads the whole version before it answers, on a disk that may be slow. */
const ANSWERED_WITHIN_MS = 15 * 60_000

export class LauncherRequest {
  readonly #clock: Clock
  #askedAt: number | null = null
  /** The launcher said that it cannot yet: it can when its slots say so. */
  #isPutOff = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  make(): void {
    this.#askedAt = this.#clock.monotonic()
    this.#isPutOff = false
  }

  putOff(): void {
    this.#isPutOff = true
  }

  hearSlots(slots: SlotsMessage): void {
    if (this.#isPutOff && slots.probation === null) this.forget()
  }

  forget(): void {
    this.#askedAt = null
    this.#isPutOff = false
  }

  state(): UpdateFacts['switchRequest'] {
    if (this.#askedAt === null) return 'none'
    return this.#patience(this.#askedAt) > 0 ? 'waiting' : 'unanswered'
  }

  /** How long an answer may still take; for ever when none is waited for. */
  waitMs(): number {
    const patience = this.#askedAt === null ? 0 : this.#patience(this.#askedAt)
    return patience > 0 ? patience : Number.POSITIVE_INFINITY
  }

  #patience(askedAt: number): number {
    return askedAt + ANSWERED_WITHIN_MS - this.#clock.monotonic()
  }
}
