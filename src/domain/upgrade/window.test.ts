import { describe, expect, it } from 'vitest'
import { openness, WEEKDAYS, type Weekday, type Window } from './window.ts'

const at = (text: string): number => Date.parse(`${text}Z`)
const UTC = { zone: 'UTC', strictEnd: false }
const window = (days: readonly Weekday[], start: string, end: string): Window => {
  const minute = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
  return { days, startMinute: minute(start), endMinute: minute(end), ...UTC }
}

const inUtc = (given: Window | null, now: number) =>
  openness({ window: given, zone: 'UTC', closedDays: [] }, now)
const isOpen = (given: Window | null, now: number) => inUtc(given, now).kind === 'open'
function closesAt(given: Window | null, now: number): number | null {
  const said = inUtc(given, now)
  return said.kind === 'open' ? said.closesAt : Number.NaN
}
function opensAt(given: Window, now: number): number | null {
  const said = inUtc(given, now)
  return said.kind === 'closed' ? said.opensAt : Number.NaN
}

// 2026-11-23 is a Monday.
const NIGHT = window([1, 3, 5], '02:00', '06:00')
const LATE = window([5], '22:00', '04:00')
const TUESDAY = window([2], '09:30', '09:30')
const ALWAYS = window(WEEKDAYS, '12:00', '12:00')

describe('window: semi-open, in UTC, belongs to the day it starts on', () => {
  const rows: readonly [string, Window | null, string, boolean][] = [
    ['no window: always open', null, '2026-11-23T12:00', true],
    ['opens at its first minute', NIGHT, '2026-11-23T02:00', true],
    ['is closed the millisecond before', NIGHT, '2026-11-23T01:59:59.999', false],
    ['is open in its last millisecond', NIGHT, '2026-11-23T05:59:59.999', true],
    ['is closed at its end', NIGHT, '2026-11-23T06:00', false],
    ['is closed on a day it does not name', NIGHT, '2026-11-24T03:00', false],
    ['start later than end: open before midnight', LATE, '2026-11-27T23:00', true],
    [
      'start later than end: open after midnight, on a day it does not name',
      LATE,
      '2026-11-28T03:59',
      true,
    ],
    [
      'start later than end: not in the small hours of its own day',
      LATE,
      '2026-11-27T03:00',
      false,
    ],
    ['start later than end: closed at its end', LATE, '2026-11-28T04:00', false],
    ['equal times: the whole day, from midnight', TUESDAY, '2026-11-24T00:00', true],
    ['equal times: to midnight', TUESDAY, '2026-11-24T23:59:59.999', true],
    ['equal times: not the day after', TUESDAY, '2026-11-25T00:00', false],
    ['every day round the clock is never closed', ALWAYS, '2026-11-25T11:59', true],
    ['works before 1970, for a clock that was never set', NIGHT, '1969-12-31T03:00', true],
  ]
  it.each(rows)('%s', (_name, given, now, open) => {
    expect(isOpen(given, at(now))).toBe(open)
  })
})

describe('window: when it closes and opens', () => {
  it('closes at its end', () => {
    expect(closesAt(NIGHT, at('2026-11-23T02:00'))).toBe(at('2026-11-23T06:00'))
  })

  it('intervals that touch close together', () => {
    const twoDays = window([2, 3], '00:00', '00:00')
    expect(closesAt(twoDays, at('2026-11-24T10:00'))).toBe(at('2026-11-26T00:00'))
  })

  it('never closes when there is none, or it is open round the clock every day', () => {
    expect(closesAt(null, at('2026-11-24T10:00'))).toBeNull()
    expect(closesAt(ALWAYS, at('2026-11-24T10:00'))).toBeNull()
  })

  it('opens on its next day, within the week', () => {
    expect(opensAt(NIGHT, at('2026-11-23T06:00'))).toBe(at('2026-11-25T02:00'))
    expect(opensAt(NIGHT, at('2026-11-28T00:00'))).toBe(at('2026-11-30T02:00'))
    expect(opensAt(TUESDAY, at('2026-11-25T00:00'))).toBe(at('2026-12-01T00:00'))
  })
})
