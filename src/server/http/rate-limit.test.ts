import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import { createRateLimit } from './rate-limit.ts'

describe('the rate limit', () => {
  it('is so many at once, and so many a second after that', () => {
    const clock = new ManualClock(0)
    const limit = createRateLimit({ perS: 2, burst: 3 }, clock)
    const asked = () => [1, 2, 3, 4].map(() => limit.take(7))
    expect(asked()).toEqual([null, null, null, 1])
    clock.advance(500)
    expect(asked()).toEqual([null, 1, 1, 1])
    clock.advance(60_000)
    expect(asked()).toEqual([null, null, null, 1])
  })

  it('is of each key', () => {
    const limit = createRateLimit({ perS: 1, burst: 1 }, new ManualClock(0))
    expect([limit.take(1), limit.take(2), limit.take(1)]).toEqual([null, null, 1])
  })

  it('says how long to wait where a second is not enough', () => {
    const limit = createRateLimit({ perS: 0.25, burst: 1 }, new ManualClock(0))
    expect([limit.take(1), limit.take(1)]).toEqual([null, 4])
  })

  it('forgets keys that rest, and none that does not', () => {
    const clock = new ManualClock(0)
    const limit = createRateLimit({ perS: 1, burst: 1 }, clock)
    for (let key = 0; key < 20_000; key++) limit.take(key)
    clock.advance(1000)
    limit.take(3)
    limit.take(20_001)
    expect([limit.take(3), limit.take(20_001), limit.take(4)]).toEqual([1, 1, null])
  })
})
