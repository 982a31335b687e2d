import { describe, expect, it } from 'vitest'
import { compareDryRuns } from '../src/sim/light/compare-dry-run.ts'

describe('what a dry run foretells', () => {
  it('comes to pass in a calm fleet; npm run sim:dry-run looks at more', async () => {
    const { misses, endpoints, matching } = await compareDryRuns({
      seed: 'in every suite',
      endpoints: 25,
      orders: 3,
    })
    expect(misses).toEqual([])
    expect(matching).toBe(endpoints)
  }, 120_000)
})
