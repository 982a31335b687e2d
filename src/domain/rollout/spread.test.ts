import { describe, expect, it } from 'vitest'
import type { EndpointId } from '../../base/ids.ts'
import { spreadOpening } from './spread.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const NOW = 1_000 * HOUR_MS

/** The endpoint at this place of the spread. */
const endpointAt = (place: number) =>
  Math.floor(place * 2 ** 32)
    .toString(16)
    .padStart(8, '0')
    .padEnd(32, '0') as EndpointId
const FIRST = endpointAt(0)
const MIDDLE = endpointAt(0.5)

describe('an endpoint that waits for an opening', () => {
  it.each([
    ['that nobody can tell', { opensAt: null }, HOUR_MS],
    ['far away', { opensAt: NOW + 9 * HOUR_MS }, HOUR_MS],
    ['within its interval', { opensAt: NOW + 30 * MINUTE_MS }, 32.5 * MINUTE_MS],
    ['at its next call', { opensAt: NOW + HOUR_MS }, HOUR_MS],
    ['a little before its next call', { opensAt: NOW + 59 * MINUTE_MS }, HOUR_MS],
    ['that has passed', { opensAt: NOW - MINUTE_MS }, 2.5 * MINUTE_MS],
    [
      'of a short window',
      { opensAt: NOW + 10 * MINUTE_MS, closesAt: NOW + 14 * MINUTE_MS },
      10.5 * MINUTE_MS,
    ],
    ['often enough as it is', { opensAt: NOW + 1, intervalMs: MINUTE_MS }, MINUTE_MS],
    [
      'of a window shorter than its interval',
      { opensAt: NOW, closesAt: NOW + MINUTE_MS, intervalMs: MINUTE_MS },
      7_500,
    ],
  ])('%s', (_name, opening, waitMs) => {
    const whole = { now: NOW, closesAt: null, intervalMs: HOUR_MS, ...opening }
    expect(spreadOpening(MIDDLE, whole)).toBe(waitMs)
  })

  it('comes as it opens if its place is the first, and is told the same again', () => {
    const opensAt = NOW + 10 * MINUTE_MS
    const opening = { opensAt, closesAt: null, intervalMs: HOUR_MS }
    expect(spreadOpening(FIRST, { ...opening, now: NOW })).toBe(10 * MINUTE_MS)
    const early = NOW + 9 * MINUTE_MS
    const first = NOW + spreadOpening(MIDDLE, { ...opening, now: NOW })
    expect(early + spreadOpening(MIDDLE, { ...opening, now: early })).toBe(first)
  })
})

/** How many of a fleet come in each second after the opening, however long their intervals are. */
it.each([60, 600, 3600])('a fleet with an interval of %i s is no herd', (intervalS) => {
  const endpoints = 20_000
  const opensAt = NOW + 24 * HOUR_MS
  const perSecond = new Map<number, number>()
  for (let index = 0; index < endpoints; index += 1) {
    // Their calls are spread over the interval before the opening; ids have nothing to do with it.
    const now = opensAt - ((index * 7919) % endpoints) * ((intervalS * 1000) / endpoints)
    const opening = { now, opensAt, closesAt: null, intervalMs: intervalS * 1000 }
    const at = now + spreadOpening(endpointAt(index / endpoints), opening)
    const second = Math.floor((at - opensAt) / 1000)
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
  }
  const evenly = endpoints / Math.min(intervalS, 300)
  expect(Math.max(...perSecond.values())).toBeLessThan(2.5 * evenly + 1)
  expect(Math.min(...perSecond.keys())).toBeGreaterThanOrEqual(0)
  expect(Math.max(...perSecond.keys())).toBeLessThanOrEqual(300)
})
