/** Many seeds one after the other, and what they came to. */
import { runSeed } from '../src/sim/fleet/run-seed.ts'
import { createTestDatabase } from '../src/store/testing/database.ts'

/** How many seeds failed. */
export async function runSeeds(first: number, last: number): Promise<number> {
  const began = performance.now()
  const faults = new Map<string, number>()
  let steps = 0
  let upgrades = 0
  let failed = 0
  for (let seed = first; seed <= last; seed += 1) {
    await using empty = await createTestDatabase('template_drydock')
    const ran = await runSeed(String(seed), empty.connection)
    steps += ran.steps
    upgrades += ran.upgrades
    for (const [name, count] of ran.faults) faults.set(name, (faults.get(name) ?? 0) + count)
    if (ran.violation === null) continue
    failed += 1
    process.stdout.write(`seed ${seed}: ${ran.violation}\n  npm run sim -- --seed ${seed}\n`)
  }
  const seconds = (performance.now() - began) / 1000
  const seeds = last - first + 1
  process.stdout.write(`${seeds} seeds, ${failed} failed, ${upgrades} upgrades\n`)
  process.stdout.write(`${steps} steps in ${seconds.toFixed(1)} s: ${Math.round(steps / seconds)}/s\n`)
  for (const [name, count] of [...faults].sort((left, right) => right[1] - left[1])) {
    process.stdout.write(`  ${String(count).padStart(7)}  ${name}\n`)
  }
  return failed
}
