import { array, assert, integer, property } from 'fast-check'
import { expect, it } from 'vitest'
import { ProcessClock, Timeline } from './virtual-clock.ts'

it('timers fire in the order of their time, and of their making where that is the same', () => {
  assert(
    property(array(integer({ min: 0, max: 20 }), { maxLength: 40 }), (delays) => {
      const timeline = new Timeline(0)
      const fired: { readonly at: number; readonly order: number }[] = []
      delays.forEach((ms, order) => {
        const timer = timeline.after(ms, () => fired.push({ at: timeline.now, order }))
        if (order % 5 === 4) timer.cancel()
      })
      while (timeline.step(1000));
      const expected = delays
        .map((at, order) => ({ at, order }))
        .filter(({ order }) => order % 5 !== 4)
        .sort((left, right) => left.at - right.at || left.order - right.order)
      expect(fired).toEqual(expected)
      expect(timeline.now).toBe(1000)
    }),
  )
})

it('time stops where it is told to, with what is due then', () => {
  const timeline = new Timeline(0)
  const fired: string[] = []
  timeline.after(10, () => fired.push('at ten'))
  timeline.after(11, () => fired.push('at eleven'))
  while (timeline.step(10));
  expect(fired).toEqual(['at ten'])
  expect(timeline.now).toBe(10)
})

it('a clock may be wrong about the day, and never about durations', () => {
  const timeline = new Timeline(1_000_000)
  let wrongBy = 0
  timeline.after(5, () => {})
  while (timeline.step(5));
  const clock = new ProcessClock(timeline, () => wrongBy)
  wrongBy = -400_000
  while (timeline.step(25));
  expect(clock.now()).toBe(600_025)
  expect(clock.monotonic()).toBe(20)
})

it('no sleep ends once its process has, whoever cancels it', async () => {
  const timeline = new Timeline(0)
  const clock = new ProcessClock(timeline)
  let ended = 0
  const sleeps = [clock.sleep(10), clock.sleep(20), clock.sleep(Number.POSITIVE_INFINITY)]
  for (const { done } of sleeps) void done.then(() => (ended += 1))
  while (timeline.step(15));
  await Promise.resolve()
  expect(ended).toBe(1)
  clock.stop()
  while (timeline.step(30));
  for (const { cancel } of sleeps) cancel()
  await Promise.resolve()
  expect(ended).toBe(1)
})
