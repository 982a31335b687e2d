/**
 * When upgrades may begin: weekdays and a semi-open interval [start, end) of the day, by the clock
 * on the wall of a zone. Open is when that clock shows a time of the interval: where it jumps over
 * an hour the window opens as it has jumped into it, and where it shows an hour twice, both count.
 * A window whose start is later than its end crosses midnight and belongs to the day it starts on,
 * by the calendar; equal times, whichever, mean the whole day from midnight to midnight. Only the
 * server evaluates windows; agents are told for how long an offer stands.
 */
import type { Instant } from '../../base/clock.ts'
import { canonicalZone, stretchAt } from '../../base/zone.ts'
import { type ClosedDays, type DayRange, dayRanges, rangeFrom } from './closed-days.ts'

export type { ClosedDays } from './closed-days.ts'

/** ISO order: 1 is Monday, 7 is Sunday. */
export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** As a window's zone: each endpoint's own. */
export const ENDPOINT_ZONE = 'endpoint'

export type Window = {
  /** Sorted, at least one. */
  readonly days: readonly Weekday[]
  /** Minutes since midnight, 0 to 1439. */
  readonly startMinute: number
  readonly endMinute: number
  /** IANA zone, or 'endpoint': each endpoint's own. */
  readonly zone: string
  /** Nothing downloads or switches any more when it closes. */
  readonly strictEnd: boolean
}

/** When one endpoint may begin. */
export type Hours = {
  readonly window: Window | null
  /** The one that counts (`zoneOf`); empty when it is not known. */
  readonly zone: string
  readonly closedDays: readonly ClosedDays[]
}

export type Openness =
  /** `closesAt` null: not within `HORIZON_MS`. */
  | { readonly kind: 'open'; readonly closesAt: Instant | null }
  | {
      readonly kind: 'closed'
      readonly reason: 'outside-window' | 'closed-day' | 'zone-unknown'
      /** Null: not within `HORIZON_MS`, or nobody can tell. */
      readonly opensAt: Instant | null
    }

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
/** How far openings and closings are looked for: closed days of a whole year, and a month. */
export const HORIZON_MS = 400 * DAY_MS
// 1970-01-01 was a Thursday, the fourth day.
const EPOCH_WEEKDAY = 4

/** The zone that counts for an endpoint; without a window the instance's, or again its own. */
export function zoneOf(
  window: Window | null,
  zones: { readonly endpoint: string; readonly default: string },
): string {
  const zone = window === null ? zones.default : window.zone
  return zone === ENDPOINT_ZONE ? zones.endpoint : zone
}

/**
 * Whether an upgrade may begin now, and when that changes. A zone that the runtime does not know is
 * closed: nobody can tell what its clocks show. (It does not matter where nothing depends on it.)
 */
export function openness(hours: Hours, now: Instant): Openness {
  if (hours.window === null && hours.closedDays.length === 0)
    return { kind: 'open', closesAt: null }
  const stretch = stretchAt(hours.zone, now)
  if (stretch === null) return { kind: 'closed', reason: 'zone-unknown', opensAt: null }
  const rules = { window: hours.window, closed: dayRanges(hours.closedDays) }
  const spell = spellAt(rules, now + stretch.offsetMs)
  const changesAt = nextChange(rules, hours.zone, { now, state: spell.state })
  if (spell.state === 'open') return { kind: 'open', closesAt: changesAt }
  return { kind: 'closed', reason: spell.state, opensAt: changesAt }
}

type Rules = { readonly window: Window | null; readonly closed: readonly DayRange[] }
type State = 'open' | 'outside-window' | 'closed-day'

/** What a clock that only goes forward would show no change of before `until`. */
type Spell = { readonly state: State; readonly until: number }

/** When it opens, or closes, next; null: not within the horizon. */
function nextChange(
  rules: Rules,
  zone: string,
  { now, state }: { readonly now: Instant; readonly state: State },
): Instant | null {
  let at = now
  while (at <= now + HORIZON_MS) {
    const stretch = stretchAt(zone, at)
    if (stretch === null) return null
    const spell = spellAt(rules, at + stretch.offsetMs)
    if ((spell.state === 'open') !== (state === 'open')) return at
    at = Math.min(spell.until - stretch.offsetMs, stretch.until)
  }
  return null
}

/** `local` is what the clock on the wall shows, in milliseconds since its 1970-01-01 00:00. */
function spellAt(rules: Rules, local: number): Spell {
  const day = Math.floor(local / DAY_MS)
  const closed = rangeFrom(rules.closed, day)
  if (closed !== null && closed.first <= day) {
    return { state: 'closed-day', until: (closed.last + 1) * DAY_MS }
  }
  const closing = closed === null ? Number.POSITIVE_INFINITY : closed.first * DAY_MS
  if (rules.window === null || isAlways(rules.window)) return { state: 'open', until: closing }
  const { state, untilMinute } = spellOfDay(rules.window, day, (local - day * DAY_MS) / MINUTE_MS)
  return { state, until: day * DAY_MS + untilMinute * MINUTE_MS }
}

function isAlways({ days, startMinute, endMinute }: Window): boolean {
  return days.length === WEEKDAYS.length && startMinute === endMinute
}

/** How long it stays open at a stretch where no clock jumps; infinite where it never closes. */
export function openMinutes(window: Window): number {
  const { days, startMinute, endMinute } = window
  if (startMinute !== endMinute) return (endMinute - startMinute + 1440) % 1440
  if (isAlways(window)) return Number.POSITIVE_INFINITY
  // From each of its days on, as long as the next day is one of them.
  const runs = days.map((day) => {
    const following = WEEKDAYS.map((after) => WEEKDAYS[(day - 1 + after) % WEEKDAYS.length] ?? day)
    return 1 + following.findIndex((each) => !days.includes(each))
  })
  return 1440 * Math.max(...runs)
}

function spellOfDay(
  window: Window,
  day: number,
  minute: number,
): { readonly state: State; readonly untilMinute: number } {
  const { startMinute, endMinute } = window
  const isDay = window.days.includes(weekdayOf(day))
  const open = (untilMinute: number) => ({ state: 'open', untilMinute }) as const
  const closed = (untilMinute: number) => ({ state: 'outside-window', untilMinute }) as const
  if (startMinute === endMinute) return isDay ? open(1440) : closed(1440)
  if (startMinute < endMinute) {
    if (!isDay || minute >= endMinute) return closed(1440)
    return minute < startMinute ? closed(startMinute) : open(endMinute)
  }
  if (minute < endMinute && window.days.includes(weekdayOf(day - 1))) return open(endMinute)
  if (!isDay) return closed(1440)
  return minute < startMinute ? closed(startMinute) : open(1440)
}

function weekdayOf(day: number): Weekday {
  const index = (((day + EPOCH_WEEKDAY - 1) % 7) + 7) % 7
  return WEEKDAYS[index] ?? 1
}

const DAY_NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/**
 * For people: `Monday 02:00 Europe/Berlin`, with the date where the name of a day does not tell
 * which (about a week away, and more). In UTC where the zone is not known.
 */
export function describeOpening(opensAt: Instant, zone: string, now: Instant): string {
  const name = canonicalZone(zone) ?? 'UTC'
  const local = opensAt + (stretchAt(name, opensAt)?.offsetMs ?? 0)
  const [date, time] = new Date(local).toISOString().slice(0, 16).split('T')
  const weekday = DAY_NAMES[weekdayOf(Math.floor(local / DAY_MS)) - 1]
  const isFar = Math.abs(opensAt - now) >= 6 * DAY_MS
  return [weekday, ...(isFar ? [date] : []), time, name].join(' ')
}
