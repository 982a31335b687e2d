/**
 * How long an endpoint that is at work on an upgrade may go without progress. While it downloads
 * nothing is at stake: it waits again and is offered once more. From the permission to switch on it
 * may run something unproven, or nothing: it is given up, and counts as failed until it says
 * otherwise.
 */
import type { Instant } from '../../base/clock.ts'
import type { UpgradeState } from './upgrade.ts'

const MINUTE_MS = 60_000

/** The agent itself ends a download that stands still for an hour. */
export const DOWNLOAD_SILENCE_MS = 2 * 60 * MINUTE_MS
/** It asks for its switch every ten seconds or so. */
export const STAGED_SILENCE_MS = 30 * MINUTE_MS
/** Stopping one version and starting another: slow machines, long services. */
export const SWITCH_SILENCE_MS = 30 * MINUTE_MS
/** What the launcher needs to go back, and the way to the server, behind the probation itself. */
export const PROBATION_GRACE_MS = 30 * MINUTE_MS
/** A probation is never longer; how far ahead a deadline can lie. */
export const PROBATION_MS_MAX = 24 * 60 * MINUTE_MS

/** Null: nobody waits for it. */
export function phaseDeadline(
  state: UpgradeState,
  probationS: number,
  now: Instant,
): Instant | null {
  switch (state) {
    case 'downloading':
      return now + DOWNLOAD_SILENCE_MS
    case 'staged':
      return now + STAGED_SILENCE_MS
    case 'switching':
      return now + SWITCH_SILENCE_MS
    case 'on-probation':
      return now + probationS * 1000 + PROBATION_GRACE_MS
    default:
      return null
  }
}
