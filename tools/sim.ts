/**
 * The simulator at the command line.
 *
 *   npm run sim -- --seed 42          one seed, with its transcript
 *   npm run sim -- --seeds 1..200     many, and what they came to
 *   npm run sim -- --mutation NAME    with a deliberate bug (tools/sim-mutations.ts)
 */
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MUTATIONS, type Mutation } from './sim-mutations.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1..20' },
    mutation: { type: 'string' },
    'first-failure': { type: 'boolean', default: false },
  },
})

const mutation = MUTATIONS.find(({ name }) => name === values.mutation)
if (mutation !== undefined) mutate(mutation)
const given = mutation?.kind
// Loaded behind the hook.
const { runOne, runSeeds, tell } = await import('./sim-seeds.ts')
const failed = values.seed === undefined ? await runMany() : await runOne(values.seed, given)
// The database of the tests ends with the process, and its pipe holds the process.
process.exit(failed === 0 ? 0 : 1)

async function runMany(): Promise<number> {
  const [first = 1, last = first] = values.seeds.split('..').map(Number)
  const began = performance.now()
  const stopsAtFailure = values['first-failure']
  const tally = await runSeeds({ first, last, stopsAtFailure, ...(given && { kind: given }) })
  tell(tally, (performance.now() - began) / 1000)
  return tally.failed
}

function mutate({ file, find, replace }: Mutation): void {
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.endsWith(`/${file}`)) return nextLoad(url, context)
      const source = readFileSync(fileURLToPath(url), 'utf8')
      if (!source.includes(find)) throw new Error(`${file} does not have: ${find}`)
      const mutated = stripTypeScriptTypes(source.replace(find, replace))
      return { format: 'module', source: mutated, shortCircuit: true }
    },
  })
}
