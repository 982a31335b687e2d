/**
 * `npm run sim:long`: ten thousand seeds (`-- 500`: the first so many; `-- 501 1000`: from one to
 * another), in a process for each core, and what they came to: steps a second, and how often each
 * fault came to pass. It takes an hour and more: what was found so far is told after each part.
 */
import { type ForkOptions, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { NOTHING, runSeeds, sumOf, type Tally, tell } from './sim-seeds.ts'

const SEEDS = 10_000
const SEEDS_A_PART = 200

type Part = { readonly first: number; readonly last: number }

const numbers = process.argv.slice(2).map(Number)
const last = numbers[1] ?? numbers[0] ?? SEEDS
const all = { first: numbers[1] === undefined ? 1 : (numbers[0] ?? 1), last }
if (process.send === undefined) await runAll(all)
else {
  const tally = await runSeeds({ ...all, stopsAtFailure: false })
  // The database of the tests ends with the process, and its pipe holds the process.
  process.send(tally, () => process.exit(0))
}

async function runAll({ first, last }: Part): Promise<void> {
  const began = performance.now()
  const seeds = last - first + 1
  const parts = Array.from({ length: Math.ceil(seeds / SEEDS_A_PART) }, (_, index): Part => {
    const from = first + index * SEEDS_A_PART
    return { first: from, last: Math.min(last, from + SEEDS_A_PART - 1) }
  }).values()
  let tally = NOTHING
  const work = async (core: number) => {
    for (const part of parts) {
      const found = await runPart(part, core)
      tally = sumOf(tally, found)
      const { seeds: done, failed, steps } = tally
      process.stdout.write(`${done} of ${seeds} seeds, ${failed} failed, ${steps} steps\n`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, (_, core) => work(core)))
  tell(tally, (performance.now() - began) / 1000)
  process.exitCode = tally.failed === 0 && tally.seeds === seeds ? 0 : 1
}

/** In a process of its own; of one that ends without a word, that is told and no seed counted. */
async function runPart({ first, last }: Part, core: number): Promise<Tally> {
  const child = fork(import.meta.filename, [String(first), String(last)], onCore(core))
  let tally: Tally | null = null
  child.on('message', (told) => {
    tally = told as Tally // Sent above.
  })
  await once(child, 'exit')
  if (tally === null) process.stdout.write(`seeds ${first} to ${last}: the process ended early\n`)
  return tally ?? NOTHING
}

/**
 * A process and its database take turns: on one core neither waits for another core to wake up,
 * which took a sixth to a third of the time on a busy machine. Without `taskset` they run where
 * they are put.
 */
function onCore(core: number): ForkOptions {
  const pin = ['-c', String(core)]
  // Also where this process may not use that core.
  if (spawnSync('taskset', [...pin, 'true']).status !== 0) return {}
  return { execPath: 'taskset', execArgv: [...pin, process.execPath] }
}
