/** The commands that steer a rollout, against a whole server: what they say is what it does. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../src/base/clock.ts'
import { systemRandom } from '../src/base/random.ts'
import { keyFileText } from '../src/cli/key-file.ts'
import { run } from '../src/cli/run.ts'
import { Screen } from '../src/cli/testing/terminal.ts'
import { type AssembledServer, startAssembledServer } from '../src/server/testing/assembled.ts'
import { advanceRollouts } from '../src/server/work/advance-rollouts.ts'
import { enrolEndpoint } from './small-fleet.ts'

let server: AssembledServer
let keyFile: string
const ids: string[] = []
beforeAll(async () => {
  server = await startAssembledServer()
  await server.publish('8.6.0.1')
  await server.publish('8.6.0.2')
  for (const name of ['web-1', 'web-2', 'web-3']) {
    ids.push(await enrolEndpoint(server, name, 'linux'))
  }
  keyFile = join(server.folder, 'key.json')
  await writeFile(keyFile, keyFileText({ ...server.key, mode: 'standard' }))
})
afterAll(() => server[Symbol.asyncDispose]())

async function drydock(...words: readonly string[]) {
  const [stdout, stderr] = [new Screen(null), new Screen(null)]
  const settings = { server: server.url, keyFile }
  const io = { stdout, stderr, clock: systemClock, random: systemRandom, fetch, settings }
  const never = () => Promise.reject(new Error('this is no API call'))
  const own = { server: { serve: never, backup: never, restore: never }, version: '1.2.3' }
  const code = await run(words, io, own)
  return { code, stdout: stdout.text, stderr: stderr.text }
}

it('plans, orders, explains, pauses, resumes, skips, cancels, and is watched to the end', async () => {
  const order = ['--to', '8.6.0.2', '--all', '--canary', '1', '--soak', '1h', '--budget', '1']
  const plan = await drydock('upgrade', 'plan', ...order)
  expect(plan).toMatchObject({ code: 0, stderr: '' })
  expect(plan.stdout).toMatch(/^canary +1 +1 +at once$/m)
  expect(plan.stdout).toMatch(/^rest +2 +1 +\d{4}-\d\d-\d\d \d\d:\d\d UTC$/m)
  const ordered = await drydock('upgrade', ...order)
  expect(ordered).toMatchObject({ code: 0, stderr: '' })
  const [, id = ''] = /^Action (\d+):/.exec(ordered.stdout) ?? []
  const explained = await drydock('upgrade', 'explain', ...ids)
  expect(explained.stdout.match(/^web-\d: waiting: for wave canary: 0 of 1 done$/gm)).toHaveLength(
    2,
  )
  const paused = await drydock('upgrade', 'pause', id, '--reason', 'lunch')
  expect(paused.stdout).toContain(
    `Action ${id}: paused (paused-by-operator: lunch), at wave canary.`,
  )
  expect((await drydock('upgrade', 'show', id)).stdout).toContain('queued: rollout-paused')
  expect((await drydock('upgrade', 'resume', id)).code).toBe(0)
  const skipped = await drydock('upgrade', 'skip-wave', id)
  expect(skipped.stdout).toContain('at wave rest')
  const again = await drydock('upgrade', 'skip-wave', id)
  expect(again).toMatchObject({ code: 5, stderr: expect.stringContaining('its last wave') })
  const watched = drydock('upgrade', 'watch', id)
  expect((await drydock('upgrade', 'cancel', id)).stdout).toContain('3 endpoints cancelled.')
  await advanceRollouts(server.assembled.needs)
  const seen = await watched
  expect(seen.code).toBe(1)
  expect(seen.stdout).toContain('cancelled (cancelled-by-operator), at wave rest')
  const retried = await drydock('upgrade', 'retry', id)
  expect(retried).toMatchObject({ code: 5, stderr: expect.stringContaining('nothing') })
})
