/**
 * When upgrades may start: weekdays and a semi-open interval [start, end) of the day, in UTC. A
 * window whose start is later than its end crosses midnight and belongs to the day it starts on;
 * equal times, whichever, mean the whole day from midnight to midnight. Only the server evaluates
 * windows; agents are told for how long an offer stands.
 */
import type { Instant } from '../../base/clock.ts'

/** ISO order: 1 is Monday, 7 is Sunday. */
export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const
export type Weekday = (typeof WEEKDAYS)[number]

export type Window = {
  /** Sorted, at least one. */
  readonly days: readonly Weekday[]
  /** Minutes since midnight, 0 to 1439. */
  readonly startMinute: number
  readonly endMinute: number
}

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
// 1970-01-01 was a Thursday, the fourth day.
const EPOCH_WEEKDAY = 4

/** Where each of the window's intervals starts in its day, and for how long it is open. */
function interval(window: Window): { readonly startMs: number; readonly lengthMs: number } {
  const minutes = window.endMinute - window.startMinute
  if (minutes === 0) return { startMs: 0, lengthMs: DAY_MS }
  const lengthMs = (minutes > 0 ? minutes : minutes + 1440) * MINUTE_MS
  return { startMs: window.startMinute * MINUTE_MS, lengthMs }
}

function weekdayOf(dayNumber: number): Weekday {
  const index = (((dayNumber + EPOCH_WEEKDAY - 1) % 7) + 7) % 7
  return WEEKDAYS[index] ?? 1
}

/**
 * The instant at which the interval that starts on this day (counted from 1970) opens; null: it
 * does not.
 */
function openingOn(window: Window, dayNumber: number): Instant | null {
  if (!window.days.includes(weekdayOf(dayNumber))) return null
  return dayNumber * DAY_MS + interval(window).startMs
}

/** The end of the one interval that holds `now`; null when the window is closed. */
function intervalEnd(window: Window, now: Instant): Instant | null {
  const today = Math.floor(now / DAY_MS)
  for (const dayNumber of [today, today - 1]) {
    const opening = openingOn(window, dayNumber)
    if (opening === null) continue
    const end = opening + interval(window).lengthMs
    if (opening <= now && now < end) return end
  }
  return null
}

export function isOpen(window: Window | null, now: Instant): boolean {
  return window === null || intervalEnd(window, now) !== null
}

/**
 * When an open window closes: intervals that touch count as one. Null when it is closed now, or
 * never closes (no window, or every day round the clock).
 */
export function closesAt(window: Window | null, now: Instant): Instant | null {
  if (window === null) return null
  let end = intervalEnd(window, now)
  // Seven intervals make a week; an eighth that still touches means that it never closes.
  for (let intervals = 0; end !== null && intervals < 8; intervals += 1) {
    const next = intervalEnd(window, end)
    if (next === null) return end
    end = next
  }
  return null
}

/** When a closed window opens next; null when it is open now. */
export function opensAt(window: Window | null, now: Instant): Instant | null {
  if (window === null || isOpen(window, now)) return null
  const today = Math.floor(now / DAY_MS)
  for (let ahead = 0; ahead <= 7; ahead += 1) {
    const opening = openingOn(window, today + ahead)
    if (opening !== null && opening > now) return opening
  }
  return null
}
