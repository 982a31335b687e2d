/**
 * When the next request is due. A fleet must not march in step and a server in trouble must not be
 * trampled: intervals have jitter, failures back off with full jitter, and early check-ins are held
 * to one a second.
 */
import { jittered, type Random } from '../base/random.ts'

export type Pause = {
  /** When the next request is due by itself. */
  readonly dueMs: number
  /** Not even news may send one before this. */
  readonly notBeforeMs: number
}

const INTERVAL_JITTER = 0.1
const RETRY_AFTER_JITTER = 0.1
/** News that comes together is told together. */
const EARLY_MS = 1_000
const BACK_OFF_FIRST_MS = 1_000
const BACK_OFF_MAX_MS = 5 * 60_000
/** Even with the luck of full jitter. */
const BACK_OFF_LEAST_MS = 500
/** A token that was revoked stays so until a person changes something. */
const FORBIDDEN_MS = 3_600_000
/** A server may ask for patience, but not for silence. */
const RETRY_AFTER_MAX_MS = 3_600_000

/**
 * `anywhere` in the interval: after trouble. A fleet that a server's outage drove together would
 * stay together, interval after interval.
 */
export function pauseAfterSuccess(
  random: Random,
  intervalS: number,
  again: 'at-once' | 'as-due' | 'anywhere',
): Pause {
  const pause = (dueMs: number) => ({ dueMs, notBeforeMs: EARLY_MS })
  if (again === 'at-once') return pause(0)
  if (again === 'anywhere') return pause(intervalS * 1000 * random.fraction())
  return pause(jittered(random, intervalS * 1000, INTERVAL_JITTER))
}

/**
 * `failures` counts this one. What the server asks for is its own plan for the fleet, each endpoint
 * another time: nobody comes earlier, and at most a tenth later.
 */
export function pauseAfterFailure(
  random: Random,
  failures: number,
  retryAfterMs: number | null,
): Pause {
  const cap = Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** Math.min(failures - 1, 20))
  const backOff = Math.max(BACK_OFF_LEAST_MS, cap * random.fraction())
  if (retryAfterMs === null || retryAfterMs === 0) {
    return { dueMs: backOff, notBeforeMs: backOff }
  }
  const asked = Math.min(RETRY_AFTER_MAX_MS, retryAfterMs)
  const pause = asked * (1 + RETRY_AFTER_JITTER * random.fraction())
  return { dueMs: pause, notBeforeMs: pause }
}

export function pauseAfterForbidden(random: Random): Pause {
  const pause = jittered(random, FORBIDDEN_MS, INTERVAL_JITTER)
  return { dueMs: pause, notBeforeMs: pause }
}

/**
 * Retry-After in seconds (RFC 9110, 10.2.3); its other form, a date, would trust two clocks and is
 * passed over.
 */
export function retryAfterMs(header: string | null): number | null {
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) * 1000 : null
}
