/**
 * What the server last said of the attempt that is worked on, and for how long it counts. Pure.
 *
 * Every time is counted from when the request was sent that the server answers: however long the
 * answer was on its way, nothing is begun later than the server meant. It is kept in memory only:
 * after a restart the server is asked again.
 *
 * The permission to switch is the newest answer's alone, and only where the check-in that it
 * answers had told that this attempt is staged: so whoever switches is known to the server, and
 * what it has halted switches nowhere.
 */
import type {
  AttemptReport,
  Instruction,
  UpgradeInstruction,
} from '../../contract/agent/check-in.ts'
import type { Moment } from '../moment.ts'

/** An instruction, with the check-in that it answers. */
export type Answer = {
  readonly instruction: Instruction
  /** What the check-in told of an attempt. */
  readonly reported: AttemptReport | null
  readonly sentAt: Moment
}

export type Word = {
  readonly attemptId: string
  readonly sentAt: Moment
  readonly startWithinMs: number
  /** Null: no limit. */
  readonly switchWithinMs: number | null
  /** Bytes a second; null: as fast as it goes. */
  readonly rateMax: number | null
  readonly maySwitch: boolean
}

/** The word that counts after this answer, for the attempt of that id. */
export function heardWord(before: Word | null, answer: Answer, attemptId: string): Word | null {
  const { instruction, reported, sentAt } = answer
  if (instruction.kind === 'upgrade' && instruction.attempt_id === attemptId) {
    const { start_within_s, switch_within_s, download_rate_max, may_switch } = instruction
    return {
      attemptId,
      sentAt,
      startWithinMs: start_within_s * 1000,
      switchWithinMs: switch_within_s === null ? null : switch_within_s * 1000,
      rateMax: download_rate_max,
      maySwitch: may_switch === true && isStaged(reported, attemptId),
    }
  }
  return before?.attemptId === attemptId ? withoutPermission(before) : null
}

/** A permission is for one request to the launcher. */
export function withoutPermission(word: Word): Word {
  return word.maySwitch ? { ...word, maySwitch: false } : word
}

function isStaged(reported: AttemptReport | null, attemptId: string): boolean {
  return reported?.attempt_id === attemptId && reported.phase === 'staged'
}

/** Whether a download may still begin that this offers. */
export function isInTime(offer: UpgradeInstruction, elapsed: number): boolean {
  return elapsed < offer.start_within_s * 1000
}

/** What the word comes to, so long after its request was sent; null: nothing was said. */
export function whatCounts(word: Word | null, elapsed: number) {
  if (word === null) return { isTold: false, mayStart: false, isClosed: false, maySwitch: false }
  const { startWithinMs, switchWithinMs } = word
  const isClosed = switchWithinMs !== null && elapsed >= switchWithinMs
  const mayStart = elapsed < startWithinMs
  return { isTold: true, mayStart, isClosed, maySwitch: word.maySwitch && !isClosed }
}
