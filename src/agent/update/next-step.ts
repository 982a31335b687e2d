/**
 * What the update does next, given what was last written and what is true: on disk, and in the
 * launcher's slots. Pure and total; the updater's loop is: read the facts, ask here, write the
 * journal, perform the step, ask again. A crash at any point changes nothing but the time it takes.
 *
 * The order: the manifest, then for each file that the store does not hold, download and verify;
 * then stage the version directory, then, when the server allows it, ask the launcher to switch.
 * From there the launcher decides, and its outcome ends the attempt.
 */
import type { ManifestFile } from '../../contract/manifest.ts'
import type { SlotsMessage } from '../launcher/control.ts'
import type { Misfit } from './check-manifest.ts'
import type { Attempt, Ended } from './journal.ts'

export type MissingFile = {
  readonly file: ManifestFile
  /** All its compressed bytes are here, not yet verified. */
  readonly isFetched: boolean
}

/** What is on disk. */
export type DiskFacts = {
  /** The attempt's manifest is here and verified. */
  readonly hasManifest: boolean
  /** Why the manifest does not fit the offer or this machine. */
  readonly misfit: Misfit | null
  /** Files that the store does not hold, each once, in the manifest's order. */
  readonly missing: readonly MissingFile[]
  /** The version directory bears its final name. */
  readonly isStaged: boolean
}

export type UpdateFacts = DiskFacts & {
  readonly slots: SlotsMessage
  /** What this process has asked of the launcher; unanswered: it should have answered by now. */
  readonly switchRequest: 'none' | 'waiting' | 'unanswered'
  /** The server has spoken of this attempt since this process began. */
  readonly isTold: boolean
  /** The time within which the server wants it switched is over. */
  readonly isClosed: boolean
  /** The server's permission to switch is here, and counts. */
  readonly maySwitch: boolean
}

export type Step =
  | { readonly kind: 'idle' }
  | { readonly kind: 'fetch-manifest' }
  | { readonly kind: 'download'; readonly file: ManifestFile }
  | { readonly kind: 'verify'; readonly file: ManifestFile }
  | { readonly kind: 'stage' }
  | { readonly kind: 'note-staged' }
  | { readonly kind: 'switch' }
  | { readonly kind: 'end'; readonly ended: Ended }

const IDLE: Step = { kind: 'idle' }
const NOTE_STAGED: Step = { kind: 'note-staged' }
const CLOSED = 'the time for it was over before all of it was here'
const SILENT = 'the launcher did not answer when it was asked to switch'

export function nextStep(attempt: Attempt | null, facts: UpdateFacts): Step {
  if (attempt === null || attempt.ended !== null) return IDLE
  return (
    stepOfOutcome(attempt, facts.slots) ??
    stepOfLauncher(facts.slots) ??
    stepOfPreparation(attempt, facts)
  )
}

/** The launcher has already said, or shows, how this attempt ended. */
function stepOfOutcome(attempt: Attempt, slots: SlotsMessage): Step | null {
  const { outcome } = slots
  if (outcome?.attempt_id === attempt.attempt_id) {
    const { result: phase, reason, message } = outcome
    return { kind: 'end', ended: { phase, reason, message } }
  }
  if (slots.probation?.attempt_id === attempt.attempt_id) return IDLE
  if (slots.active.manifest_digest === attempt.manifest_digest) {
    // An outcome that was lost, or an offer of what runs here already.
    return slots.probation === null
      ? { kind: 'end', ended: { phase: 'succeeded', reason: null, message: null } }
      : IDLE
  }
  const skip = slots.skip.find((each) => each.manifest_digest === attempt.manifest_digest)
  if (skip === undefined || attempt.retry_skipped) return null
  const { reason, message } = skip
  return attempt.phase === 'switching'
    ? { kind: 'end', ended: { phase: 'rolled-back', reason, message } }
    : { kind: 'end', ended: failedBefore(skip) }
}

/** Another version is being tried: this attempt waits for the end of that. */
function stepOfLauncher(slots: SlotsMessage): Step | null {
  return slots.probation === null ? null : IDLE
}

function stepOfPreparation(attempt: Attempt, facts: UpdateFacts): Step {
  if (facts.misfit !== null) return { kind: 'end', ended: { phase: 'failed', ...facts.misfit } }
  const isBefore = attempt.phase === 'accepted' || attempt.phase === 'downloading'
  if (facts.isStaged) return isBefore ? NOTE_STAGED : stepOfSwitch(attempt, facts)
  if (facts.isClosed) return isBefore ? failed('window-closed', CLOSED) : IDLE
  if (attempt.strict_end && !facts.isTold) return IDLE
  if (!facts.hasManifest) return { kind: 'fetch-manifest' }
  const [missing] = facts.missing
  if (missing === undefined) return { kind: 'stage' }
  return { kind: missing.isFetched ? 'verify' : 'download', file: missing.file }
}

/** Staged, and noted so. */
function stepOfSwitch(attempt: Attempt, { switchRequest, maySwitch }: UpdateFacts): Step {
  if (switchRequest === 'waiting') return IDLE
  if (switchRequest === 'unanswered') return failed('launcher-silent', SILENT)
  if (!attempt.asks_to_switch || maySwitch) return { kind: 'switch' }
  // Killed between the permission and the launcher's answer: the server is asked again.
  return attempt.phase === 'staged' ? IDLE : NOTE_STAGED
}

function failed(reason: string, message: string): Step {
  return { kind: 'end', ended: { phase: 'failed', reason, message } }
}

export function failedBefore(skip: { readonly reason: string; readonly message: string }): Ended {
  const message = `it failed here before (${skip.reason}): ${skip.message}`.slice(0, 1000)
  return { phase: 'failed', reason: 'failed-before', message }
}
