/**
 * `npm run sim:mutations`: whether the simulator finds each deliberate bug. Each gets seeds until
 * one fails, in a process of its own.
 */
import { spawnSync } from 'node:child_process'
import { MUTATIONS } from './sim-mutations.ts'

const SEEDS_MAX = 60

let missed = 0
for (const { name, means } of MUTATIONS) {
  const began = performance.now()
  const options = ['--mutation', name, '--seeds', `1..${SEEDS_MAX}`, '--first-failure']
  const { stdout, status } = spawnSync(process.execPath, ['tools/sim.ts', ...options], {
    encoding: 'utf8',
  })
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  const [how = ''] = stdout.split('\n')
  const isCaught = status === 1 && how.startsWith('seed ')
  if (!isCaught) missed += 1
  const verdict = isCaught ? `caught: ${how.slice(0, 160)}` : `MISSED by ${SEEDS_MAX} seeds`
  process.stdout.write(`${name} (${means})\n  ${verdict} (${seconds} s)\n`)
}
process.stdout.write(`${MUTATIONS.length - missed} of ${MUTATIONS.length} caught\n`)
process.exitCode = missed === 0 ? 0 : 1
