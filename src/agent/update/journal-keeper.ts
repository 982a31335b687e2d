/** The journal in memory and on disk: the attempt at work, and what an earlier one left. */
import type { Instant } from '../../base/clock.ts'
import { causeChain } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import {
  type Attempt,
  attemptToContinue,
  EMPTY_JOURNAL,
  type Ended,
  type Left,
  readJournal,
  saveJournal,
} from './journal.ts'
import { isStale, leftAfter } from './left.ts'

export class JournalKeeper {
  readonly #path: string
  readonly #log: Log
  #attempt: Attempt | null
  #left: Left | null
  #isWritten: boolean

  constructor(path: string, log: Log) {
    const read = readJournal(path)
    const journal = read.ok ? read.value : EMPTY_JOURNAL
    // What cannot be read now may be read another time.
    this.#isWritten = read.ok || read.refusal.code === 'no-such-file'
    this.#path = path
    this.#log = log
    this.#attempt = attemptToContinue(journal)
    this.#left = journal.left
  }

  get attempt(): Attempt | null {
    return this.#attempt
  }

  /** The manifest digest of the version that something was left of. */
  get left(): string | null {
    return this.#left?.manifest_digest ?? null
  }

  /** The attempt is still the one that is worked on. */
  isAtWork(attempt: Attempt | null): boolean {
    if (attempt === null || this.#attempt === null || this.#attempt.ended !== null) return false
    return this.#attempt.attempt_id === attempt.attempt_id
  }

  /** Written before the step it announces; when it cannot be written, the step is not taken. */
  note(attempt: Attempt): void {
    saveJournal(this.#path, { schema: 1, attempt, left: this.#left })
    this.#isWritten = true
    this.#attempt = attempt
  }

  /** What is not written is found again: the attempt is offered, tried and ended once more. */
  keep(attempt: Attempt | null): void {
    if (attempt === this.#attempt) return
    this.#attempt = attempt
    this.#save()
  }

  end(attempt: Attempt, ended: Ended, now: Instant): void {
    this.#left = leftAfter(this.#left, attempt, ended, now)
    this.keep({ ...attempt, ended })
  }

  dropLeft(): void {
    this.#left = null
    this.#save()
  }

  /** Whether there was something to drop. */
  dropStale(now: Instant): boolean {
    if (this.#left === null || !isStale(this.#left, now)) return false
    this.dropLeft()
    return true
  }

  /**
   * What could not be written is written as soon as it can be: the next start reads what is there.
   */
  catchUp(): void {
    if (!this.#isWritten) this.#save()
  }

  #save(): void {
    this.#isWritten = false
    try {
      saveJournal(this.#path, { schema: 1, attempt: this.#attempt, left: this.#left })
      this.#isWritten = true
    } catch (error) {
      // Best effort: see `keep`.
      this.#log.error({ chain: causeChain(error) }, 'the journal could not be written')
    }
  }
}
