import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ClosedDays,
  describeOpening,
  HORIZON_MS,
  type Hours,
  type Openness,
  openness,
  WEEKDAYS,
  type Weekday,
  type Window,
  zoneOf,
} from './window.ts'

const at = (text: string): number => Date.parse(`${text}Z`)
const open = (closesAt: string | null): Openness => ({
  kind: 'open',
  closesAt: closesAt === null ? null : at(closesAt),
})
const closed = (
  opensAt: string | null,
  reason: 'outside-window' | 'closed-day' = 'outside-window',
) => ({ kind: 'closed', reason, opensAt: opensAt === null ? null : at(opensAt) }) as const
/** `Mon,Fri 02:00-06:00`, or `daily 02:00-06:00`. */
function window(text: string): Window {
  const [names = '', start = '', end = ''] = text.split(/[ -]/)
  const minute = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
  const all = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
  const days = WEEKDAYS.filter((day) => names.includes(all[day - 1] ?? '') || names === 'daily')
  return { days, startMinute: minute(start), endMinute: minute(end), zone: '', strictEnd: false }
}
const hours = (zone: string, text: string | null, ...closedDays: ClosedDays[]): Hours => ({
  ...{ zone, closedDays, window: text === null ? null : window(text) },
})

describe('a window goes by the clock on the wall', () => {
  const rows: readonly [string, Hours, string, Openness][] = [
    [
      'in winter and in summer at the same time of day',
      hours('Europe/Berlin', 'Mon 02:00-06:00'),
      '2026-07-06T00:00',
      open('2026-07-06T04:00'),
    ],
    [
      'where the clock jumps over its start, it opens as the clock has jumped into it',
      hours('Europe/Berlin', 'Sun 02:30-06:00'),
      '2026-03-29T00:59:59.999',
      closed('2026-03-29T01:00'),
    ],
    [
      'where the clock jumps over all of it, it does not open that day',
      hours('Europe/Berlin', 'Sun 02:10-02:50'),
      '2026-03-28T23:00',
      closed('2026-04-05T00:10'),
    ],
    [
      'where the clock jumps over its end, it closes as the clock has jumped',
      hours('Europe/Berlin', 'Sun 01:00-02:30'),
      '2026-03-29T00:30',
      open('2026-03-29T01:00'),
    ],
    [
      'where the clock shows all of it twice, it is open twice',
      hours('Europe/Berlin', 'Sun 02:10-02:50'),
      '2026-10-25T00:50',
      closed('2026-10-25T01:10'),
    ],
    [
      'where the clock goes back over its start, it closes and opens again',
      hours('Europe/Berlin', 'Sun 02:30-06:00'),
      '2026-10-25T00:30',
      open('2026-10-25T01:00'),
    ],
    [
      'where the clock goes back within it, it stays open an hour longer',
      hours('Europe/Berlin', 'Sun 01:00-06:00'),
      '2026-10-24T23:00',
      open('2026-10-25T05:00'),
    ],
    [
      'a summer time of half an hour counts as half an hour',
      hours('Australia/Lord_Howe', 'Sun 01:45-03:00'),
      '2026-04-04T14:45',
      open('2026-04-04T15:00'),
    ],
    [
      'a day that begins at one o’clock is open from then on',
      hours('America/Havana', 'Sun 00:00-00:00'),
      '2026-03-08T04:59',
      closed('2026-03-08T05:00'),
    ],
    [
      'after midnight it is of the day before by the calendar, even of one that a zone left out',
      hours('Pacific/Apia', 'Fri 22:00-04:00'),
      '2011-12-30T10:00',
      open('2011-12-30T14:00'),
    ],
    [
      'on a day that a zone left out it never opens',
      hours('Pacific/Apia', 'Fri 10:00-12:00'),
      '2011-12-29T00:00',
      closed('2012-01-05T20:00'),
    ],
    [
      'east of everybody a day begins while it is still yesterday elsewhere',
      hours('Pacific/Kiritimati', 'Mon 00:00-00:00'),
      '2026-11-22T10:00',
      open('2026-11-23T10:00'),
    ],
  ]

  it.each(rows)('%s', (_name, given, now, expected) => {
    expect(openness(given, at(now))).toEqual(expected)
  })

  it.each(['', '+02:00', 'Europe/Nowhere'])(
    'in the zone %j nobody can tell: it is closed',
    (zone) => {
      const unknown = { kind: 'closed', reason: 'zone-unknown', opensAt: null }
      expect(openness(hours(zone, 'daily 00:00-00:00'), at('2026-01-01T00:00'))).toEqual(unknown)
      const christmas = { from: '2026-12-24', to: '2026-12-26' }
      expect(openness(hours(zone, null, christmas), at('2026-01-01T00:00'))).toEqual(unknown)
    },
  )

  it('the zone does not matter where nothing depends on it', () => {
    expect(openness(hours('', null), at('2026-01-01T00:00'))).toEqual(open(null))
  })
})

describe('closed days', () => {
  const CHRISTMAS = { from: '2026-12-24', to: '2026-12-26' }
  const YEAR = { from: '2026-01-01', to: '2026-12-31' }
  const rows: readonly [string, Hours, string, Openness][] = [
    [
      'close what has no window, by the calendar of its zone',
      hours('Asia/Tokyo', null, CHRISTMAS),
      '2026-12-23T15:00',
      closed('2026-12-26T15:00', 'closed-day'),
    ],
    [
      'close what is open when they begin',
      hours('Asia/Tokyo', null, CHRISTMAS),
      '2026-12-01T00:00',
      open('2026-12-23T15:00'),
    ],
    [
      'cut a window at midnight',
      hours('UTC', 'Wed 22:00-04:00', CHRISTMAS),
      '2026-12-23T22:00',
      open('2026-12-24T00:00'),
    ],
    [
      'leave the rest of a window that began on them',
      hours('UTC', 'Sat 22:00-04:00', CHRISTMAS),
      '2026-12-26T23:00',
      closed('2026-12-27T00:00', 'closed-day'),
    ],
    [
      'put off a window to its next day',
      hours('UTC', 'Fri 22:00-23:00', CHRISTMAS),
      '2026-12-24T12:00',
      closed('2027-01-01T22:00', 'closed-day'),
    ],
    [
      'are the reason on their own days only',
      hours('UTC', 'Thu 10:00-11:00', CHRISTMAS),
      '2026-12-23T12:00',
      closed('2026-12-31T10:00'),
    ],
    [
      'of a whole year are seen to their end',
      hours('UTC', 'Thu 10:00-11:00', YEAR),
      '2026-01-01T00:00',
      closed('2027-01-07T10:00', 'closed-day'),
    ],
    [
      'that go on for longer than anybody looks open at no time that is known',
      hours('UTC', null, YEAR, { from: '2027-01-01', to: '2027-12-31' }),
      '2026-01-01T00:00',
      closed(null, 'closed-day'),
    ],
    [
      'that are further away than anybody looks close at no time that is known',
      hours('UTC', null, { from: '2028-01-01', to: '2028-01-01' }),
      '2026-01-01T00:00',
      open(null),
    ],
  ]

  it.each(rows)('%s', (_name, given, now, expected) => {
    expect(openness(given, at(now))).toEqual(expected)
  })
})

describe('the zone that counts', () => {
  const zones = { endpoint: 'Asia/Tokyo', default: 'Europe/Berlin' }
  const inZone = (zone: string): Window => ({ ...window('daily 01:00-02:00'), zone })

  it.each([
    ["the window's own", inZone('UTC'), zones, 'UTC'],
    ["the endpoint's where the window says so", inZone('endpoint'), zones, 'Asia/Tokyo'],
    ["the instance's without a window", null, zones, 'Europe/Berlin'],
    [
      "the endpoint's where the instance says so",
      null,
      { ...zones, default: 'endpoint' },
      'Asia/Tokyo',
    ],
    ['none of an endpoint that told none', inZone('endpoint'), { ...zones, endpoint: '' }, ''],
  ])('is %s', (_name, given, of, zone) => {
    expect(zoneOf(given, of)).toBe(zone)
  })
})

describe('an opening in words', () => {
  const MONDAY = at('2026-11-23T01:00')

  it.each([
    ['Europe/Berlin', '2026-11-22T01:00', 'Monday 02:00 Europe/Berlin'],
    ['america/new_york', '2026-11-22T01:00', 'Sunday 20:00 America/New_York'],
    ['', '2026-11-22T01:00', 'Monday 01:00 UTC'],
    ['Europe/Berlin', '2026-11-16T01:00', 'Monday 2026-11-23 02:00 Europe/Berlin'],
  ])('in %j, said on %s', (zone, now, text) => {
    expect(describeOpening(MONDAY, zone, at(now))).toBe(text)
  })
})

describe('for any hours and any time', () => {
  const anyTime = fc.integer({ min: at('2000-01-01T00:00'), max: at('2038-01-01T00:00') })
  const minute = fc.integer({ min: 0, max: 1439 })
  const anyWindow: fc.Arbitrary<Window> = fc.record({
    days: fc.subarray<Weekday>([...WEEKDAYS], { minLength: 1 }),
    startMinute: minute,
    endMinute: minute,
    zone: fc.constant('endpoint'),
    strictEnd: fc.boolean(),
  })
  const anyDate = anyTime.map((time) => new Date(time).toISOString().slice(0, 10))
  const anyDays = fc.record({ from: anyDate, to: anyDate })
  const anyHours: fc.Arbitrary<Hours> = fc.record({
    window: fc.option(anyWindow),
    zone: fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
    closedDays: fc.array(anyDays, { maxLength: 3 }),
  })

  it('what changes has not changed the millisecond before, and has at the instant told', () => {
    fc.assert(
      fc.property(anyHours, anyTime, (given, now) => {
        const said = openness(given, now)
        const change = said.kind === 'open' ? said.closesAt : said.opensAt
        if (change === null) return
        expect(change).toBeGreaterThan(now)
        expect(change - now).toBeLessThanOrEqual(HORIZON_MS)
        expect(openness(given, change - 1).kind).toBe(said.kind)
        expect(openness(given, change).kind).not.toBe(said.kind)
      }),
      { numRuns: 2000 },
    )
  })

  it('between now and the change that was told there is no other', () => {
    fc.assert(
      fc.property(
        anyHours,
        anyTime,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, now, part) => {
          const said = openness(given, now)
          const change = (said.kind === 'open' ? said.closesAt : said.opensAt) ?? now + HORIZON_MS
          const between = now + Math.floor((change - 1 - now) * part)
          expect(openness(given, between).kind).toBe(said.kind)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
