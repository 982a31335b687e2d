/**
 * When the next request is due. A server in trouble must not be trampled: failures back off with
 * full jitter, the first success behind them is followed by a check-in anywhere in the interval,
 * and early check-ins are held to one a second. And an order must reach everybody within the
 * interval that the server told: nobody comes later than that by itself.
 */
import { jittered, type Random } from '../base/random.ts'

export type Pause = {
  /** When the next request is due by itself. */
  readonly dueMs: number
  /** Not even news may send one before this. */
  readonly notBeforeMs: number
}

/**
 * How much of an interval is left to chance, all of it before the end. What keeps a fleet apart is
 * not this: its server's gate (`Retry-After`) and the first pause after trouble spread a herd at
 * once. This only lets those drift apart that met by accident. Of an order to a whole fleet the
 * last hundredth is told within 1.5 % of the interval then; with twice as much it would be 2 %.
 */
const INTERVAL_JITTER = 0.01
const RETRY_AFTER_JITTER = 0.1
/** News that comes together is told together. */
const EARLY_MS = 1_000
const BACK_OFF_FIRST_MS = 1_000
const BACK_OFF_MAX_MS = 5 * 60_000
/**
 * A back-off is cut at the interval, so that everybody is back one interval after an outage, as
 * after none; but not below this. With full jitter a fleet at its limit asks twice as often as one
 * that has no trouble, and where that is too much, `Retry-After` says so.
 */
const BACK_OFF_LIMIT_LEAST_MS = 60_000
/** Even with the luck of full jitter. */
const BACK_OFF_LEAST_MS = 500
const FORBIDDEN_JITTER = 0.1
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
  return pause(intervalS * 1000 * (1 - INTERVAL_JITTER * random.fraction()))
}

export type Trouble = {
  /** In a row, this one counted. */
  readonly failures: number
  /** What the server asked for; null: it did not. */
  readonly retryAfterMs: number | null
  /** The last interval that the server told; null: it has told none. */
  readonly intervalS: number | null
}

/**
 * What the server asks for is its own plan for the fleet, each endpoint another time: nobody comes
 * earlier, and at most a tenth later.
 */
export function pauseAfterFailure(random: Random, trouble: Trouble): Pause {
  const { failures, retryAfterMs, intervalS } = trouble
  const doubled = BACK_OFF_FIRST_MS * 2 ** Math.min(failures - 1, 20)
  const limit = Math.min(doubled, backOffLimit(intervalS))
  const backOff = Math.max(BACK_OFF_LEAST_MS, limit * random.fraction())
  if (retryAfterMs === null || retryAfterMs === 0) {
    return { dueMs: backOff, notBeforeMs: backOff }
  }
  const asked = Math.min(RETRY_AFTER_MAX_MS, retryAfterMs)
  const pause = asked * (1 + RETRY_AFTER_JITTER * random.fraction())
  return { dueMs: pause, notBeforeMs: pause }
}

function backOffLimit(intervalS: number | null): number {
  if (intervalS === null) return BACK_OFF_MAX_MS
  return Math.min(BACK_OFF_MAX_MS, Math.max(BACK_OFF_LIMIT_LEAST_MS, intervalS * 1000))
}

export function pauseAfterForbidden(random: Random): Pause {
  const pause = jittered(random, FORBIDDEN_MS, FORBIDDEN_JITTER)
  return { dueMs: pause, notBeforeMs: pause }
}

/**
 * Retry-After in seconds (RFC 9110, 10.2.3); its other form, a date, would trust two clocks and is
 * passed over.
 */
export function retryAfterMs(header: string | null): number | null {
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) * 1000 : null
}
