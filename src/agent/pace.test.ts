import { describe, expect, it } from 'vitest'
import type { Random } from '../base/random.ts'
import { pauseAfterFailure, pauseAfterForbidden, pauseAfterSuccess, retryAfterMs } from './pace.ts'

const chance = (fraction: number): Random => ({
  bytes: (length) => new Uint8Array(length),
  fraction: () => fraction,
})

describe('pace', () => {
  it.each([
    [0, 60_000],
    [0.5, 59_700],
    [0.999_999, 59_400],
  ])(
    'an interval is never longer than told, and a hundredth shorter at most: chance %d',
    (fraction, dueMs) => {
      const pause = pauseAfterSuccess(chance(fraction), 60, 'as-due')
      expect(pause.dueMs).toBeCloseTo(dueMs, -1)
      expect(pause.notBeforeMs).toBe(1_000)
    },
  )

  it('what is to come at once comes after a second', () => {
    expect(pauseAfterSuccess(chance(0), 60, 'at-once')).toEqual({ dueMs: 0, notBeforeMs: 1_000 })
  })

  it('the last hundredth of a fleet is told within 2 % of the time that it takes', () => {
    // Everybody between two check-ins somewhere, the gap between those as chance has it.
    const waits = Array.from({ length: 100_000 }, (_, at) => {
      const gap = pauseAfterSuccess(chance((at * 0.618_034) % 1), 60, 'as-due').dueMs
      return gap * (at / 100_000)
    }).sort((left, right) => left - right)
    const [last = 0, mostly = 0] = [waits.at(-1), waits[99_000]]
    expect(last).toBeLessThanOrEqual(60_000)
    expect((last - mostly) / last).toBeLessThan(0.016)
  })

  it.each([
    [1, null, 1_000],
    [2, null, 2_000],
    [5, null, 16_000],
    [9, null, 256_000],
    [10, null, 300_000],
    [1_000_000, null, 300_000],
    [5, 60, 16_000],
    [7, 60, 60_000],
    [1_000_000, 60, 60_000],
    [1_000_000, 5, 60_000],
    [1_000_000, 120, 120_000],
    [1_000_000, 86_400, 300_000],
  ])('failure %i of an interval of %s s waits at most %i ms', (failures, intervalS, most) => {
    const trouble = { failures, retryAfterMs: null, intervalS }
    expect(pauseAfterFailure(chance(1), trouble).dueMs).toBe(most)
    expect(pauseAfterFailure(chance(0), trouble).dueMs).toBe(500)
  })

  it('news does not break a back-off', () => {
    const trouble = { failures: 5, retryAfterMs: null, intervalS: 60 }
    const pause = pauseAfterFailure(chance(1), trouble)
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
        const trouble = { failures, retryAfterMs: asked, intervalS: 60 }
        const pause = pauseAfterFailure(chance(luck), trouble)
        expect(pause.dueMs).toBeCloseTo(ms, 3)
        expect(pause.notBeforeMs).toBe(pause.dueMs)
      }
    },
  )

  it('told to come at once, it takes its own pause', () => {
    const trouble = { failures: 10, retryAfterMs: 0, intervalS: null }
    expect(pauseAfterFailure(chance(0), trouble).dueMs).toBe(500)
    expect(pauseAfterFailure(chance(1), trouble).dueMs).toBe(300_000)
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
