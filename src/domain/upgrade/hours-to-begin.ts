import type { Instant } from '../../base/clock.ts'
import { type Hours, type Openness, openMinutes, openness, type Window } from './window.ts'

/**
 * Whether an upgrade may begin now. A window with a strict end is closed already when what begins
 * could not prove itself before it closes: its last minutes are for what has begun.
 */
export function hoursToBegin(hours: Hours, probationS: number, now: Instant): Openness {
  const open = openness(hours, now)
  if (open.kind === 'closed' || hours.window === null || !hours.window.strictEnd) return open
  const { closesAt } = open
  if (closesAt === null) return open
  const lastBeginning = closesAt - probationS * 1000
  if (now < lastBeginning) return { kind: 'open', closesAt: lastBeginning }
  const behind = openness(hours, closesAt)
  return behind.kind === 'closed'
    ? behind
    : { kind: 'closed', reason: 'outside-window', opensAt: closesAt }
}

export type StrictWindowTooShort = {
  readonly code: 'strict-window-too-short'
  readonly windowMinutes: number
  readonly probationMinutes: number
}

/** A window in which nothing could ever begin; null: it is not one. */
export function neverToBegin(
  window: Window | null,
  probationS: number,
): StrictWindowTooShort | null {
  if (window === null || !window.strictEnd) return null
  const windowMinutes = openMinutes(window)
  const probationMinutes = Math.ceil(probationS / 60)
  if (windowMinutes * 60 > probationS) return null
  return { code: 'strict-window-too-short', windowMinutes, probationMinutes }
}
