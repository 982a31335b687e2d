/** Seeds, each in a database that nobody else uses and that holds nothing. */
import { ReusedDatabase } from '../../store/testing/reused-database.ts'
import type { VersionKind } from '../bad-versions.ts'
import { runSeed, type SeedOutcome } from '../fleet/run-seed.ts'
import type { OpenDatabase } from '../fleet/sim-server.ts'
import { playScenario } from '../scenario.ts'

/** What emptying leaves in PostgreSQL's own tables slows it down in the end. */
const RUNS_MAX = 100

let reused: Promise<ReusedDatabase> | null = null
let runs = 0

/** `kind`: of the version that may be bad; absent: the seed says it. */
export function runSeedAlone(seed: string, kind?: VersionKind): Promise<SeedOutcome> {
  return alone((open) => runSeed(seed, { open, ...(kind === undefined ? {} : { kind }) }))
}

export function playScenarioAlone(name: string, script: string): Promise<SeedOutcome> {
  return alone((open) => playScenario(name, script, open))
}

/** What somebody does who wants to see it again. */
export function replayOf(seed: string): string {
  return `npm run sim -- --seed ${seed}`
}

async function alone(run: (open: OpenDatabase) => Promise<SeedOutcome>): Promise<SeedOutcome> {
  reused ??= ReusedDatabase.make()
  const database = await reused
  const outcome = await run((watch) => database.open(watch))
  runs += 1
  if (outcome.violation === null && runs % RUNS_MAX !== 0) {
    await database.empty()
  } else {
    // Who failed may have left something under way.
    reused = null
    await database[Symbol.asyncDispose]()
  }
  return outcome
}
