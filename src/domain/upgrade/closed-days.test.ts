import { describe, expect, it } from 'vitest'
import { type ClosedDays, dayNumberOf, dayRanges, rangeFrom } from './closed-days.ts'

const day = (date: string): number => Date.parse(date) / 86_400_000
const range = (from: string, to: string): ClosedDays => ({ from, to })

describe('the number of a day', () => {
  it.each([
    ['1970-01-01', 0],
    ['1969-12-31', -1],
    ['2028-02-29', day('2028-02-29')],
  ])('of %s is %i', (date, number) => {
    expect(dayNumberOf(date)).toBe(number)
  })

  it.each(['', '2026-02-29', '2026-13-01', '2026-1-1', '2026-01-01T00:00', 'tomorrow'])(
    '%j is no day',
    (date) => {
      expect(dayNumberOf(date)).toBeNull()
    },
  )
})

describe('the ranges of closed days', () => {
  it('are in order, and those that overlap or touch are one', () => {
    const given = [
      range('2026-12-31', '2027-01-01'),
      range('2026-05-01', '2026-05-01'),
      range('2026-12-24', '2026-12-30'),
      range('2026-12-25', '2026-12-26'),
    ]
    expect(dayRanges(given)).toEqual([
      { first: day('2026-05-01'), last: day('2026-05-01') },
      { first: day('2026-12-24'), last: day('2027-01-01') },
    ])
  })

  it('leave out what is no range of days', () => {
    expect(dayRanges([range('2026-05-02', '2026-05-01'), range('2026-02-30', 'x')])).toEqual([])
  })
})

describe('the range from a day on', () => {
  const ranges = [2, 10, 20].map((first) => ({ first, last: first + 1 }))

  it.each([
    [0, 2],
    [2, 2],
    [3, 2],
    [4, 10],
    [11, 10],
    [12, 20],
    [21, 20],
  ])('%i holds it or comes next: %i', (asked, first) => {
    expect(rangeFrom(ranges, asked)?.first).toBe(first)
  })

  it('is none after the last', () => {
    expect(rangeFrom(ranges, 22)).toBeNull()
    expect(rangeFrom([], 0)).toBeNull()
  })
})
