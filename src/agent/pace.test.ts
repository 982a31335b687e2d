import { describe, expect, it } from 'vitest'
import type { Random } from '../base/random.ts'
import { pauseAfterFailure, pauseAfterForbidden, pauseAfterSuccess, retryAfterMs } from './pace.ts'

const chance = (fraction: number): Random => ({
  bytes: (length) => new Uint8Array(length),
  fraction: () => fraction,
})

describe('pace', () => {
  it.each([
    [0, 54_000],
    [0.5, 60_000],
    [0.999_999, 66_000],
  ])('an interval has a tenth of jitter: chance %d', (fraction, dueMs) => {
    const pause = pauseAfterSuccess(chance(fraction), 60, 'as-due')
    expect(pause.dueMs).toBeCloseTo(dueMs, -1)
    expect(pause.notBeforeMs).toBe(1_000)
  })

  it('what is to come at once comes after a second', () => {
    expect(pauseAfterSuccess(chance(0), 60, 'at-once')).toEqual({ dueMs: 0, notBeforeMs: 1_000 })
  })

  it.each([
    [1, 1_000],
    [2, 2_000],
    [5, 16_000],
    [9, 256_000],
    [10, 300_000],
    [1_000_000, 300_000],
  ])('failure %i waits at most %i ms', (failures, most) => {
    expect(pauseAfterFailure(chance(1), failures, null).dueMs).toBe(most)
    expect(pauseAfterFailure(chance(0), failures, null).dueMs).toBe(500)
  })

  it('news does not break a back-off', () => {
    const pause = pauseAfterFailure(chance(1), 5, null)
    expect(pause.notBeforeMs).toBe(pause.dueMs)
  })

  it('Retry-After is honoured, up to an hour', () => {
    expect(pauseAfterFailure(chance(0), 1, 30_000).dueMs).toBeGreaterThanOrEqual(30_000)
    expect(pauseAfterFailure(chance(1), 1, 10 ** 12).dueMs).toBeLessThanOrEqual(3_600_100)
  })

  it('a refused token waits about an hour', () => {
    expect(pauseAfterForbidden(chance(0.5)).dueMs).toBe(3_600_000)
  })

  it.each([
    ['120', 120_000],
    ['0', 0],
    [null, null],
    ['-1', null],
    ['1e9', null],
    ['Wed, 21 Oct 2026 07:28:00 GMT', null],
    ['99999999999999', null],
  ])('Retry-After %s', (header, ms) => {
    expect(retryAfterMs(header)).toBe(ms)
  })
})
