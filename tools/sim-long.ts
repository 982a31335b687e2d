/**
 * `npm run sim:long`: ten thousand seeds (`-- 500`: so many), in two processes, and what they came
 * to: steps a second, and how often each fault came to pass.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { NOTHING, runSeeds, sumOf, type Tally, tell } from './sim-seeds.ts'

const SEEDS = 10_000
const PROCESSES = 2

const [first, last] = process.argv.slice(2).map(Number)
if (process.send !== undefined && first !== undefined && last !== undefined) {
  const tally = await runSeeds({ first, last, stopsAtFailure: false })
  // The database of the tests ends with the process, and its pipe holds the process.
  process.send(tally, () => process.exit(0))
} else {
  await runAll(first ?? SEEDS)
}

async function runAll(seeds: number): Promise<void> {
  const began = performance.now()
  const share = Math.ceil(seeds / PROCESSES)
  const tallies = await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) => {
      return runShare(index * share + 1, Math.min(seeds, (index + 1) * share))
    }),
  )
  const tally = tallies.reduce(sumOf, NOTHING)
  tell(tally, (performance.now() - began) / 1000)
  process.exitCode = tally.failed === 0 && tally.seeds === seeds ? 0 : 1
}

async function runShare(from: number, to: number): Promise<Tally> {
  const child = fork(import.meta.filename, [String(from), String(to)])
  let tally = NOTHING
  child.on('message', (told) => {
    tally = told as Tally // Sent above.
  })
  await once(child, 'exit')
  return tally
}
