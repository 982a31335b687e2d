import type { Instant } from '../../base/clock.ts'
import { type Hours, type Openness, openness } from './window.ts'

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
