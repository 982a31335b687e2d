/**
 * `npm run sim -- --seed 42` replays one seed and prints what happened; `--seeds 1..200` runs many
 * and counts. A seed that fails prints the command that replays it.
 */
import { parseArgs } from 'node:util'
import { runSeed } from '../src/sim/fleet/run-seed.ts'
import { createTestDatabase } from '../src/store/testing/database.ts'
import { runSeeds } from './sim-seeds.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, seeds: { type: 'string', default: '1..20' } },
})

process.exitCode = await (values.seed === undefined ? many(values.seeds) : one(values.seed))
// The database of the tests ends with the process, and its pipe holds the process.
process.exit()

async function one(seed: string): Promise<number> {
  await using empty = await createTestDatabase('template_drydock')
  const { transcript, steps, violation, options } = await runSeed(seed, empty.connection)
  process.stdout.write(`${transcript.join('\n')}\n\n${JSON.stringify(options)}\n${steps} steps\n`)
  process.stdout.write(violation === null ? 'everything held\n' : `DID NOT HOLD: ${violation}\n`)
  return violation === null ? 0 : 1
}

async function many(range: string): Promise<number> {
  const [first = 1, last = first] = range.split('..').map(Number)
  return await runSeeds(first, last)
}
