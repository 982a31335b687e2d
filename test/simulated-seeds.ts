/** Seeds of the simulator as tests: what runs in each suite, and how a failure is told. */
import { expect, it } from 'vitest'
import { replayOf, runSeedAlone } from '../src/sim/testing/one-seed.ts'

/** Of the transcript of a seed that failed: how it ended is what is looked at first. */
const LINES_TOLD = 40

export function holdsForSeeds(first: number, last: number): void {
  const seeds = Array.from({ length: last - first + 1 }, (_, index) => String(first + index))
  it.each(seeds)('everything holds in the simulated fleet of seed %s', async (seed) => {
    const { violation, transcript } = await runSeedAlone(seed)
    const told = [...transcript.slice(-LINES_TOLD), replayOf(seed)].join('\n')
    expect(violation, told).toBeNull()
  })
}
