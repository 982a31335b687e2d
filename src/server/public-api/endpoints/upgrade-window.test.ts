import { describe, expect, it } from 'vitest'
import { parse } from '../../../contract/parse.ts'
import { timeframeWindow } from '../../../contract/public/endpoints.ts'
import { WEEKDAYS } from '../../../domain/upgrade/window.ts'
import { renderWindow, toWindow } from './upgrade-window.ts'

const NIGHT = {
  upgrade_timeframe_days: ['monday' as const],
  upgrade_timeframe_start_time: '22:00',
  upgrade_timeframe_end_time: '04:30',
}

function read(wire: object) {
  const parsed = parse(timeframeWindow.nullable(), wire)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusal))
  return toWindow(parsed.value, 'Asia/Tokyo')
}

describe('a window on its way in', () => {
  const night = { days: [1], startMinute: 1320, endMinute: 270, strictEnd: false }

  it.each([
    ['its own zone, as the tz database spells it', ' europe/BERLIN', 'Europe/Berlin'],
    ['an alias of a zone', 'Asia/Kolkata', 'Asia/Kolkata'],
    ['the zone of each endpoint', 'Endpoint', 'endpoint'],
    ["the instance's zone, where it says none", null, 'Asia/Tokyo'],
  ])('has %s', (_name, upgrade_timeframe_timezone, zone) => {
    expect(read({ ...NIGHT, upgrade_timeframe_timezone })).toEqual({ ...night, zone })
  })

  it('is strict about its end when it says so', () => {
    expect(read({ ...NIGHT, strict_end: true })).toMatchObject({ strictEnd: true })
  })

  it('is none when it says nothing', () => {
    expect(read({ upgrade_timeframe_days: [], strict_end: false })).toBeNull()
  })

  it('is always open when it says a zone and no hours: the calendar of closed days is its', () => {
    const always = { days: WEEKDAYS, startMinute: 0, endMinute: 0, strictEnd: false }
    const zone = 'Europe/Berlin'
    expect(read({ upgrade_timeframe_timezone: zone })).toEqual({ ...always, zone })
  })

  it.each([
    ['Europe/Berln', /did you mean Europe\/Berlin\?/],
    ['+02:00', /such as Europe\/Berlin, or endpoint; there is no \+02:00$/],
    ['', /there is no $/],
  ])('is refused with %j for a zone, and told what would be right', (name, message) => {
    const refused = parse(timeframeWindow, { ...NIGHT, upgrade_timeframe_timezone: name })
    expect(refused).toMatchObject({
      ok: false,
      refusal: [{ loc: ['upgrade_timeframe_timezone'], msg: expect.stringMatching(message) }],
    })
  })
})

it('a window on its way out can be sent again, and means the same', () => {
  const window = read({ ...NIGHT, upgrade_timeframe_timezone: 'endpoint', strict_end: true })
  const told = renderWindow(window)
  expect(told).toEqual({ ...NIGHT, upgrade_timeframe_timezone: 'endpoint', strict_end: true })
  expect(read(told ?? {})).toEqual(window)
})
