import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MUTATIONS } from './sim-mutations.ts'

const ROOT = join(import.meta.dirname, '..')
/** Those that few seeds find; `npm run sim:mutations` tries all of them. */
const QUICK = ['one-berth-too-many', 'agent-asks-nobody', 'window-never-closes']

describe('deliberate bugs', () => {
  it.each(MUTATIONS)('$name is a change of one place that is there', ({ file, find, replace }) => {
    const source = readFileSync(join(ROOT, file), 'utf8')
    expect(source.split(find)).toHaveLength(2)
    expect(replace).not.toBe(find)
  })

  it.each(QUICK)('the simulator finds %s within five seeds', (name) => {
    const options = ['--mutation', name, '--seeds', '1..5', '--first-failure']
    const { stdout, status } = spawnSync(process.execPath, ['tools/sim.ts', ...options], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    expect(stdout).toContain('npm run sim -- --seed')
    expect(status).toBe(1)
  })
})
