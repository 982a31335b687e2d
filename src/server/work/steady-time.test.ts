import { expect, it } from 'vitest'
import { CLOCK_ERROR_MS_MAX } from '../../base/clock.ts'
import { ManualClock } from '../../base/clock-manual.ts'
import { createSteadyTime } from './steady-time.ts'

it('counts while the clock goes on evenly, and from anew after a jump in either direction', () => {
  const clock = new ManualClock(1_000_000_000)
  const steady = createSteadyTime(clock)
  clock.advance(5_000)
  expect(steady.steadyMs()).toBe(5_000)
  clock.jumpTo(clock.now() + CLOCK_ERROR_MS_MAX)
  expect(steady.steadyMs()).toBe(5_000)
  clock.jumpTo(clock.now() + 1)
  expect(steady.steadyMs()).toBe(0)
  clock.advance(7_000)
  clock.jumpTo(clock.now() - CLOCK_ERROR_MS_MAX - 1)
  expect(steady.steadyMs()).toBe(0)
})
