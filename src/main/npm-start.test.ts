/**
 * `npm start` told to stop: npm passes the signal to the one process that it started, so that one
 * must be the server and not a shell around it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { invariant } from '../base/invariant.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

it('SIGTERM to npm start stops the server within ten seconds', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'drydock-npm-start-'))
  const listen = `127.0.0.1:${await freePort()}`
  const npm = spawn('npm', ['start'], {
    cwd: REPOSITORY,
    env: { ...process.env, DRYDOCK_DATA_DIR: dataDir, DRYDOCK_LISTEN: listen },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(npm.stdout, 'end')
  npm.stdout.resume()
  let log = ''
  for await (const part of npm.stderr.iterator({ destroyOnReturn: false })) {
    log += String(part)
    if (log.includes('building the agent')) break
  }
  npm.stderr.on('data', (part) => {
    log += String(part)
  })
  expect((await fetch(`http://${listen}/healthz`)).status).toBe(200)
  const told = performance.now()
  npm.kill('SIGTERM')
  // The pipe ends with the last process that can write to it: npm, shell and server.
  await ended
  expect(performance.now() - told).toBeLessThan(10_000)
  // The built-in agent was being built: that is ended, not complained about.
  expect(log).toContain('"msg":"stopped"')
  expect(log).not.toContain('was not published')
  await expect(fetch(`http://${listen}/healthz`)).rejects.toThrow()
  await rm(dataDir, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  invariant(address !== null && typeof address === 'object', 'a server listens on a port')
  server.close()
  await once(server, 'close')
  return address.port
}
