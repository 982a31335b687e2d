/**
 * What an attempt leaves for the next one at the same version. A download that the end of its
 * window, a halt or the network cut short is taken up where it was: its files stay, of one version
 * at most, and not for ever. What failed for any other reason is of no use to anybody.
 */
import type { Instant } from '../../base/clock.ts'
import type { Attempt, Ended, Left } from './journal.ts'

/** From one weekly window to the next, and a day more. */
const LEFT_FOR_MS = 8 * 24 * 3_600_000
const TO_BE_TAKEN_UP = ['window-closed', 'cancelled', 'download-failed']

/** After the attempt ended like this. */
export function leftAfter(
  before: Left | null,
  attempt: Attempt,
  ended: Ended,
  now: Instant,
): Left | null {
  const { manifest_digest } = attempt
  if (ended.reason !== null && TO_BE_TAKEN_UP.includes(ended.reason)) {
    return { manifest_digest, at: now }
  }
  return before?.manifest_digest === manifest_digest ? null : before
}

/** A clock that was put back makes it stale, too: nothing is kept for longer than was meant. */
export function isStale(left: Left, now: Instant): boolean {
  return now < left.at || now - left.at >= LEFT_FOR_MS
}
