import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closesAt, isOpen, opensAt, WEEKDAYS, type Weekday, type Window } from './window.ts'

const at = (text: string): number => Date.parse(`${text}Z`)
const UTC = { zone: 'UTC', strictEnd: false }
const window = (days: readonly Weekday[], start: string, end: string): Window => {
  const minute = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
  return { days, startMinute: minute(start), endMinute: minute(end), ...UTC }
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

  it('opens never when it is open', () => {
    expect(opensAt(NIGHT, at('2026-11-23T03:00'))).toBeNull()
  })

  const anyWindow = fc.record({
    days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
    startMinute: fc.integer({ min: 0, max: 1439 }),
    endMinute: fc.integer({ min: 0, max: 1439 }),
    zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'Africa/Casablanca'),
    strictEnd: fc.boolean(),
  })
  const anyTime = fc.integer({ min: 0, max: 4_000_000_000_000 })

  it('for any window and time: it is open to the millisecond before it closes, and closed then', () => {
    fc.assert(
      fc.property(anyWindow, anyTime, (given, now) => {
        const end = closesAt(given, now)
        if (end === null) return
        expect(isOpen(given, end - 1)).toBe(true)
        expect(isOpen(given, end)).toBe(false)
      }),
    )
  })

  it('for any closed window: it opens at the next opening and not a millisecond before', () => {
    fc.assert(
      fc.property(anyWindow, anyTime, (given, now) => {
        const opening = opensAt(given, now)
        expect(isOpen(given, now)).toBe(opening === null)
        if (opening === null) return
        expect(opening - now).toBeLessThanOrEqual(7 * 86_400_000)
        expect(isOpen(given, opening)).toBe(true)
        expect(isOpen(given, opening - 1)).toBe(false)
      }),
    )
  })
})
