import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import type { EndpointId } from '../../base/ids.ts'
import { createProgressPace, PROGRESS_EVERY_MS, PROGRESS_PER_S_MAX } from './progress-pace.ts'

const id = (number: number) => String(number) as EndpointId
const MOST = (PROGRESS_PER_S_MAX * PROGRESS_EVERY_MS) / 1000

describe('progress is told', () => {
  it('of an endpoint every ten seconds, however often it reports', () => {
    const clock = new ManualClock(0)
    const pace = createProgressPace(clock)
    const told = Array.from({ length: 31 }, () => {
      const tells = pace.tells(id(1))
      clock.advance(1_000)
      return tells
    })
    expect(told.flatMap((tells, second) => (tells ? [second] : []))).toEqual([0, 10, 20, 30])
  })

  it('of no more than so many a second, of whomever', () => {
    const clock = new ManualClock(0)
    const pace = createProgressPace(clock)
    let told = 0
    for (let second = 0; second < 60; second += 1) {
      for (let number = 0; number < 1_000; number += 1) {
        if (pace.tells(id(second * 1_000 + number))) told += 1
      }
      clock.advance(1_000)
    }
    expect(told).toBe(6 * MOST)
  })
})
