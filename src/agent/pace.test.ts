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

  it.each([
    [30_000, 0, 30_000],
    [30_000, 1, 33_000],
    [90_000, 0.5, 94_500],
    [10 ** 12, 0, 3_600_000],
    [10 ** 12, 1, 3_960_000],
  ])(
    'told to come in %i ms: no earlier, at most a tenth later, up to an hour',
    (asked, luck, ms) => {
      for (const failures of [1, 10, 1_000_000]) {
        const pause = pauseAfterFailure(chance(luck), failures, asked)
        expect(pause.dueMs).toBeCloseTo(ms, 3)
        expect(pause.notBeforeMs).toBe(pause.dueMs)
      }
    },
  )

  it('told to come at once, it takes its own pause', () => {
    expect(pauseAfterFailure(chance(0), 1, 0).dueMs).toBe(500)
    expect(pauseAfterFailure(chance(1), 10, 0).dueMs).toBe(300_000)
  })

  it.each([
    [0, 0],
    [0.5, 30_000],
    [0.999_999, 60_000],
  ])('back after trouble, it comes anywhere in the interval: chance %d', (fraction, dueMs) => {
    const pause = pauseAfterSuccess(chance(fraction), 60, 'anywhere')
    expect(pause.dueMs).toBeCloseTo(dueMs, -1)
    expect(pause.notBeforeMs).toBe(1_000)
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
