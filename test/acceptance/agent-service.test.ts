/** The agent where no service manager collects what it says, as on a Mac: run here all the same. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FakeServer } from '../../src/agent/testing/fake-server.ts'
import { installAgent } from '../../src/agent/testing/installed-agent.ts'
import { makeRelease } from '../../src/agent/testing/release.ts'
import { buildHostAgent } from './built-agent.ts'

const folder = mkdtempSync(join(tmpdir(), 'drydock-service-'))
let built: Awaited<ReturnType<typeof buildHostAgent>>
beforeAll(async () => {
  built = await buildHostAgent(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('as a service it checks in, logs to a file of its own, and ends when told', async () => {
  const server = await FakeServer.start()
  const seed = makeRelease({ version: '1.0.0.0', agent: built.bundle })
  const agent = installAgent({ launcher: built.launcher, seed, serverUrl: server.url })
  const { root, log } = agent.layout
  const child = spawn(agent.launcher, ['service', '--root', root], { env: {}, stdio: 'ignore' })
  try {
    await server.untilCheckIn(() => true)
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    const said = readFileSync(log, 'utf8')
    // The launcher's own lines and, through its pipe, the agent's.
    expect(said).toContain('"agent started"')
    expect(said).toContain('"agent is up"')
    expect(statSync(log).mode & 0o777).toBe(0o600)
  } finally {
    child.kill('SIGKILL')
    await agent.remove()
    await server.close()
  }
}, 60_000)
