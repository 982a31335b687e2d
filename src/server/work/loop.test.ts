import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import { silentLog } from '../../base/log.ts'
import { systemRandom } from '../../base/random.ts'
import { startLoop } from './loop.ts'

function setUp(perform: () => Promise<number | null>) {
  const clock = new ManualClock(0)
  const needs = { clock, random: systemRandom, log: silentLog }
  return { clock, loop: startLoop({ name: 'test', everyMs: 60_000, perform }, needs) }
}

describe('a work loop', () => {
  it('takes a turn when it starts, and one for each wake-up', async () => {
    let turns = 0
    const { loop } = setUp(async () => {
      turns += 1
      return null
    })
    await loop.drain()
    const before = turns
    await loop.drain()
    expect(turns).toBe(before + 1)
    await loop.stop()
  })

  it('takes another turn for a wake-up that came in the middle of one', async () => {
    let turns = 0
    const { loop } = setUp(async () => {
      turns += 1
      if (turns === 1) loop.wake()
      return null
    })
    await loop.drain()
    await loop.drain()
    expect(turns).toBeGreaterThanOrEqual(2)
    await loop.stop()
  })

  it('comes back by itself when the next thing is due', async () => {
    const second = Promise.withResolvers<void>()
    let turns = 0
    const { clock, loop } = setUp(async () => {
      turns += 1
      if (turns === 3) second.resolve()
      return 5_000
    })
    await loop.drain()
    // Resting begins after the turn's last step: let that pass before time moves.
    await new Promise(setImmediate)
    clock.advance(6_001)
    await second.promise
    await loop.stop()
  })

  it('rests after a costly turn for twice as long as that took, woken or not', async () => {
    const clock = new ManualClock(0)
    const turns: number[] = []
    const perform = async () => {
      clock.advance(100)
      turns.push(clock.monotonic())
      return null
    }
    const work = { name: 'test', everyMs: 60_000, isCostly: true, perform } as const
    const loop = startLoop(work, { clock, random: systemRandom, log: silentLog })
    await new Promise(setImmediate)
    loop.wake()
    await new Promise(setImmediate)
    expect(turns).toEqual([100])
    clock.advance(199)
    await new Promise(setImmediate)
    expect(turns).toEqual([100])
    clock.advance(1)
    await new Promise(setImmediate)
    expect(turns).toEqual([100, 400])
    // Whoever waits for it is not kept waiting.
    await loop.drain()
    expect(turns).toEqual([100, 400, 500])
    await loop.stop()
  })

  it('survives a turn that fails', async () => {
    let turns = 0
    const { loop } = setUp(async () => {
      turns += 1
      if (turns === 1) throw new Error('the disk is away')
      return null
    })
    await loop.drain()
    await loop.drain()
    expect(turns).toBeGreaterThanOrEqual(2)
    await loop.stop()
  })

  it('stops after the turn that is under way, and leaves nobody waiting', async () => {
    const inside = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    let isDone = false
    const { loop } = setUp(async () => {
      inside.resolve()
      await release.promise
      isDone = true
      return null
    })
    await inside.promise
    const waiting = loop.drain()
    const stopped = loop.stop()
    release.resolve()
    await stopped
    await waiting
    expect(isDone).toBe(true)
  })
})
