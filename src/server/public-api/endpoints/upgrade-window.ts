/** Windows between the wire and the house: day names and `HH:MM` there, numbers here. */
import type * as z from 'zod'
import { type timeframeWindow, WEEKDAY_NAMES } from '../../../contract/public/endpoints.ts'
import { WEEKDAYS, type Weekday, type Window } from '../../../domain/upgrade/window.ts'

type WireWindow = z.infer<typeof timeframeWindow>

/**
 * Only days: round the clock on them. Only times: every day. A zone or a strict end alone: always,
 * but for the days that are closed, by that zone's calendar. Nothing: no window at all.
 */
export function toWindow(wire: WireWindow | null, defaultZone: string): Window | null {
  if (wire === null) return null
  const named = wire.upgrade_timeframe_days ?? []
  const start = wire.upgrade_timeframe_start_time ?? null
  const end = wire.upgrade_timeframe_end_time ?? null
  const zone = wire.upgrade_timeframe_timezone ?? null
  const strictEnd = wire.strict_end ?? false
  if (named.length === 0 && start === null && zone === null && !strictEnd) return null
  const days = WEEKDAYS.filter((day) => named.includes(nameOf(day)))
  return {
    days: days.length === 0 ? WEEKDAYS : days,
    startMinute: minuteOf(start ?? '00:00'),
    endMinute: minuteOf(end ?? '00:00'),
    zone: zone ?? defaultZone,
    strictEnd,
  }
}

function nameOf(day: Weekday): (typeof WEEKDAY_NAMES)[number] {
  return WEEKDAY_NAMES[day - 1] ?? 'monday'
}

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number)
  return (hours ?? 0) * 60 + (minutes ?? 0)
}

/** The reverse of `toWindow`: every day by its name, both times, and the zone. */
export function renderWindow(window: Window | null): WireWindow | null {
  if (window === null) return null
  return {
    upgrade_timeframe_days: window.days.map(nameOf),
    upgrade_timeframe_start_time: timeOf(window.startMinute),
    upgrade_timeframe_end_time: timeOf(window.endMinute),
    upgrade_timeframe_timezone: window.zone,
    strict_end: window.strictEnd,
  }
}

function timeOf(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}
