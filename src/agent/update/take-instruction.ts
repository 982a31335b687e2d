/**
 * What an instruction of the server does to the journal. Instructions are levels: the same one
 * comes with every reply until the server has heard what became of it, so taking one twice must be
 * the same as taking it once.
 */
import type { Instruction } from '../../contract/agent/check-in.ts'
import { type Attempt, attemptOf, permissionsOf } from './journal.ts'
import type { UpdateFacts } from './next-step.ts'

/** How it stands with the launcher. */
type Launcher = Pick<UpdateFacts, 'slots' | 'switchRequest'>

/** Undefined: the journal stays as it is. */
export function takeInstruction(
  attempt: Attempt | null,
  launcher: Launcher,
  instruction: Instruction,
): Attempt | undefined {
  const { slots } = launcher
  if (instruction.kind === 'cancel') return cancelled(attempt, launcher, instruction.attempt_id)
  if (instruction.kind !== 'upgrade') return undefined
  if (attempt?.attempt_id === instruction.attempt_id) return undefined
  // The launcher's outcome of this attempt is on its way up; the offer is older than that.
  if (slots.outcome?.attempt_id === instruction.attempt_id) return undefined
  // What has begun to switch is left to end; a probation is not disturbed. The offer comes again.
  if (slots.probation !== null) return undefined
  if (attempt !== null && attempt.phase === 'switching' && attempt.ended === null) return undefined
  return attemptOf(instruction)
}

/** The attempt, after the server has spoken of it again; the same one when that changes nothing. */
export function toldAgain(attempt: Attempt, instruction: Instruction): Attempt {
  if (instruction.kind !== 'upgrade' || instruction.attempt_id !== attempt.attempt_id) {
    return attempt
  }
  const now = permissionsOf(instruction)
  const isSame =
    now.asks_to_switch === attempt.asks_to_switch && now.strict_end === attempt.strict_end
  return isSame ? attempt : { ...attempt, ...now }
}

function cancelled(
  attempt: Attempt | null,
  launcher: Launcher,
  attemptId: string,
): Attempt | undefined {
  if (attempt?.attempt_id !== attemptId || attempt.ended !== null) return undefined
  if (isSwitching(attempt, launcher)) return undefined
  const message = 'it was cancelled before the switch'
  return { ...attempt, ended: { phase: 'failed', reason: 'cancelled', message } }
}

/**
 * The launcher is at it, or may be. A journal that says so alone is no sign of that: this process
 * began after it was written and has asked for nothing, and what the launcher had to say of the
 * attempt was told before, while the journal could not be read or written.
 */
function isSwitching(attempt: Attempt, { slots, switchRequest }: Launcher): boolean {
  if (slots.probation?.attempt_id === attempt.attempt_id) return true
  if (attempt.phase !== 'switching') return false
  const isActive = slots.active.manifest_digest === attempt.manifest_digest
  return isActive || switchRequest !== 'none'
}
