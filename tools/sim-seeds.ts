/** Seeds of the simulator one after the other, and what they came to. */
import type { VersionKind } from '../src/sim/bad-versions.ts'
import type { SeedOutcome } from '../src/sim/fleet/run-seed.ts'
import { replayOf, runSeedAlone } from '../src/sim/testing/one-seed.ts'

/** How many failed: none or one. */
export async function runOne(seed: string, kind?: VersionKind): Promise<number> {
  const { transcript, steps, violation, options } = await runSeedAlone(seed, kind)
  process.stdout.write(`${transcript.join('\n')}\n\n${JSON.stringify(options)}\n${steps} steps\n`)
  process.stdout.write(violation === null ? 'everything held\n' : `DID NOT HOLD: ${violation}\n`)
  return violation === null ? 0 : 1
}

export type Range = {
  readonly first: number
  readonly last: number
  readonly kind?: VersionKind
  readonly stopsAtFailure: boolean
}

/** What seeds came to, in numbers: those of two processes can be added. */
export type Tally = {
  readonly seeds: number
  readonly failed: number
  readonly upgrades: number
  readonly steps: number
  readonly faults: Readonly<Record<string, number>>
}

export const NOTHING: Tally = { seeds: 0, failed: 0, upgrades: 0, steps: 0, faults: {} }

export async function runSeeds(range: Range): Promise<Tally> {
  let tally = NOTHING
  for (let seed = range.first; seed <= range.last; seed += 1) {
    const outcome = await runSeedAlone(String(seed), range.kind)
    tally = sumOf(tally, tallyOf(outcome))
    if (outcome.violation === null) continue
    process.stdout.write(`seed ${seed}: ${outcome.violation}\n  ${replayOf(String(seed))}\n`)
    if (range.stopsAtFailure) break
  }
  return tally
}

function tallyOf({ violation, upgrades, steps, faults }: SeedOutcome): Tally {
  const failed = violation === null ? 0 : 1
  return { seeds: 1, failed, upgrades, steps, faults: Object.fromEntries(faults) }
}

export function sumOf(left: Tally, right: Tally): Tally {
  const faults = { ...left.faults }
  for (const [name, count] of Object.entries(right.faults)) {
    faults[name] = (faults[name] ?? 0) + count
  }
  return {
    seeds: left.seeds + right.seeds,
    failed: left.failed + right.failed,
    upgrades: left.upgrades + right.upgrades,
    steps: left.steps + right.steps,
    faults,
  }
}

export function tell({ seeds, failed, upgrades, steps, faults }: Tally, seconds: number): void {
  process.stdout.write(`${seeds} seeds, ${failed} failed, ${upgrades} upgrades\n`)
  const rate = Math.round(steps / seconds)
  process.stdout.write(`${steps} steps in ${seconds.toFixed(1)} s: ${rate} steps/s\n`)
  for (const [name, count] of Object.entries(faults).sort(([, one], [, other]) => other - one)) {
    process.stdout.write(`  ${String(count).padStart(7)}  ${name}\n`)
  }
}
