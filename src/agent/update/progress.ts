/**
 * What the server is told of an attempt. Pure: from the journal, the launcher's slots and the bytes
 * so far.
 */
import type { AttemptPhase, AttemptReport } from '../../contract/agent/check-in.ts'
import type { SlotsMessage } from '../launcher/control.ts'
import type { Attempt } from './journal.ts'

export function attemptReport(
  attempt: Attempt | null,
  slots: SlotsMessage | null,
  bytesDone: number,
): AttemptReport | null {
  if (attempt === null) return reportOfOutcome(slots)
  const { attempt_id, bytes_total } = attempt
  const outcome = slots?.outcome?.attempt_id === attempt_id ? slots.outcome : null
  if (attempt.ended !== null || outcome !== null) {
    const ended = attempt.ended ?? outcome
    const phase = attempt.ended?.phase ?? outcome?.result ?? 'failed'
    const done = phase === 'failed' ? Math.min(bytesDone, bytes_total) : bytes_total
    const percent = percentOf(done, bytes_total, phase !== 'failed')
    const why = { reason: ended?.reason ?? null, message: ended?.message ?? null }
    return { attempt_id, phase, percent, bytes_done: done, bytes_total, ...why }
  }
  const phase: AttemptPhase =
    slots?.probation?.attempt_id === attempt_id ? 'on-probation' : attempt.phase
  const isDownloading = phase === 'accepted' || phase === 'downloading'
  const done = isDownloading ? Math.min(bytesDone, bytes_total) : bytes_total
  const percent = percentOf(done, bytes_total, !isDownloading)
  return { attempt_id, phase, percent, bytes_done: done, bytes_total, reason: null, message: null }
}

/** The journal was lost, the launcher's outcome was not. */
function reportOfOutcome(slots: SlotsMessage | null): AttemptReport | null {
  const outcome = slots?.outcome ?? null
  if (outcome === null || outcome.attempt_id === null) return null
  const { attempt_id, result: phase, reason, message } = outcome
  return { attempt_id, phase, percent: 100, bytes_done: 0, bytes_total: 0, reason, message }
}

function percentOf(done: number, total: number, whenNothing: boolean): number {
  if (total === 0) return whenNothing ? 100 : 0
  return Math.floor((done / total) * 100)
}
