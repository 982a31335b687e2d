/** Seeds of the simulator one after the other, and what they came to. */
import type { VersionKind } from '../src/sim/bad-versions.ts'
import { runSeed, type SeedOutcome } from '../src/sim/fleet/run-seed.ts'
import { createTestDatabase, TEMPLATE } from '../src/store/testing/database.ts'

type Kind = { readonly kind?: VersionKind }

/** How many failed: none or one. */
export async function runOne(seed: string, kind: Kind): Promise<number> {
  const { transcript, steps, violation, options } = await run(seed, kind)
  process.stdout.write(`${transcript.join('\n')}\n\n${JSON.stringify(options)}\n${steps} steps\n`)
  process.stdout.write(violation === null ? 'everything held\n' : `DID NOT HOLD: ${violation}\n`)
  return violation === null ? 0 : 1
}

export type Range = Kind & {
  readonly first: number
  readonly last: number
  readonly stopsAtFailure: boolean
}

/** How many failed. */
export async function runSeeds({ first, last, stopsAtFailure, ...kind }: Range): Promise<number> {
  const began = performance.now()
  const ran: SeedOutcome[] = []
  for (let seed = first; seed <= last; seed += 1) {
    const outcome = await run(String(seed), kind)
    ran.push(outcome)
    if (outcome.violation === null) continue
    process.stdout.write(`seed ${seed}: ${outcome.violation}\n  npm run sim -- --seed ${seed}\n`)
    if (stopsAtFailure) break
  }
  tell(ran, (performance.now() - began) / 1000)
  return ran.filter(({ violation }) => violation !== null).length
}

async function run(seed: string, kind: Kind): Promise<SeedOutcome> {
  await using empty = await createTestDatabase(TEMPLATE)
  return await runSeed(seed, { connection: empty.connection, ...kind })
}

function tell(ran: readonly SeedOutcome[], seconds: number): void {
  const sum = (of: (outcome: SeedOutcome) => number) =>
    ran.reduce((total, outcome) => total + of(outcome), 0)
  const failed = sum(({ violation }) => (violation === null ? 0 : 1))
  const steps = sum((outcome) => outcome.steps)
  const upgrades = sum((outcome) => outcome.upgrades)
  process.stdout.write(`${ran.length} seeds, ${failed} failed, ${upgrades} upgrades\n`)
  const rate = Math.round(steps / seconds)
  process.stdout.write(`${steps} steps in ${seconds.toFixed(1)} s: ${rate} steps/s\n`)
  const faults = new Map<string, number>()
  for (const outcome of ran) {
    for (const [name, count] of outcome.faults) faults.set(name, (faults.get(name) ?? 0) + count)
  }
  for (const [name, count] of [...faults].sort((left, right) => right[1] - left[1])) {
    process.stdout.write(`  ${String(count).padStart(7)}  ${name}\n`)
  }
}
