import { describe, expect, it } from 'vitest'
import { runSeedAlone } from '../src/sim/testing/one-seed.ts'
import { holdsForSeeds } from './simulated-seeds.ts'

describe('the simulator', () => {
  it('does the same again, step by step, for the same seed, whatever ran between', async () => {
    const once = await runSeedAlone('busy 4')
    await runSeedAlone('busy 5')
    const again = await runSeedAlone('busy 4')
    expect(again).toEqual(once)
    expect(once.faults.size).toBeGreaterThan(3)
    expect(once.upgrades).toBeGreaterThan(5)
  })

  holdsForSeeds(1, 100)
})
