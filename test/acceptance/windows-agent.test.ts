/**
 * The agent on Windows, as far as wine is one: a service under its service control manager, against
 * the real server. Published by the command that operators use, enrolled, upgraded, back from a bad
 * version, stopped at once, and killed without leaving anything behind.
 */
import { existsSync, readFileSync } from 'node:fs'
import { copyFile, cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Layout, layoutFor } from '../../src/agent/layout.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Client } from '../../src/client/client.ts'
import { buildAgent, hostRuntime, hostTarget } from '../../src/main/build-agent.ts'
import { startServer } from '../../src/main/server.ts'
import { runtimeFor } from '../../tools/agent-runtime.ts'
import { needs } from '../needs.ts'
import { download, order, publish, upload } from './catalogue.ts'
import { endOf, endpointOf, runsVersion } from './machine.ts'
import { eventually, freePort, run } from './processes.ts'
import { clientOf, DRYDOCK } from './server-process.ts'
import { compileForWindows, hasWine, makeWine, type Wine } from './wine.ts'

const TARGET = { platform: 'windows', arch: 'x64', libc: 'none' } as const
const SERVICE = 'DrydockAgent'
const PROGRAM = 'C:\\Program Files\\Drydock Agent\\drydock-agent.exe'
const VERSION_1 = '1.0.0.1'
const VERSION_2 = '1.0.0.2'
const VERSION_BAD = '1.0.0.3'

let folder: string
let wine: Wine
let layout: Layout
let server: Awaited<ReturnType<typeof startServer>>
let client: Client
let id: string

describe.skipIf(!hasWine || !needs('dpkg-deb'))(
  'the agent on Windows (needs wine, mingw, dpkg-deb)',
  () => {
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'drydock-windows-'))
      const dataDir = join(folder, 'data')
      server = await startServer({
        dataDir,
        listen: `127.0.0.1:${await freePort()}`,
        log: silentLog,
        checkInIntervalS: 1,
        probationS: 20,
        publishBuiltIn: false,
      })
      client = await clientOf(server.url, dataDir)
      wine = await makeWine()
      layout = layoutFor(wine.drive, '', 'windows')
      await publishForWindows(dataDir)
    })

    beforeEach(({ onTestFailed }) => {
      // What the agent said of it: without that a failure tells next to nothing.
      onTestFailed(() => {
        if (existsSync(layout.log)) process.stderr.write(readFileSync(layout.log))
      })
    })

    afterAll(async () => {
      await wine?.[Symbol.asyncDispose]()
      await server?.close()
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    })

    it('runs as a service, enrols, and closes its folder to others', async () => {
      await install()
      await wine.startService(SERVICE)
      id = await enrolled()
      await runsVersion(client, id, VERSION_1)
      expect(await endpointOf(client, id)).toMatchObject({
        endpoint_status: 'CONNECTED',
        os_type: 'AGENT_OS_WINDOWS',
        operational_status: 'PROTECTED',
      })
      for (const path of [layout.state, layout.enrolment]) {
        // Wine makes a mode of who may do what; the group is the one that runs it.
        expect((await stat(path)).mode & 0o007, path).toBe(0)
      }
      const { code, output } = await wine.run(PROGRAM, 'status', '--json')
      expect(code, output).toBe(0)
      expect(JSON.parse(output)).toMatchObject({ running: true, version: VERSION_1 })
    })

    it('is upgraded, and goes back from a version that does not start', async () => {
      expect(await endOf(client, await upgradeTo(VERSION_2), id)).toMatchObject({
        state: 'succeeded',
      })
      await runsVersion(client, id, VERSION_2)
      expect(await endOf(client, await upgradeTo(VERSION_BAD), id)).toMatchObject({
        state: 'rolled-back',
        reason: 'does-not-start',
      })
      await runsVersion(client, id, VERSION_2)
    })

    it('leaves nothing running when its launcher is killed, and starts with the machine', async () => {
      const [launcher] = wine.processes('drydock-agent.exe service')
      expect(wine.processes('idle.exe')).toHaveLength(2)
      process.kill(launcher ?? 0, 'SIGKILL')
      await eventually('the end of agent and payload', async () =>
        ownProcesses().length === 0 ? true : null,
      )
      // Wine's service manager does not see the end of a service; after a boot it starts it.
      await wine.switchOff()
      await wine.serviceIs(SERVICE, 'RUNNING')
      await eventually('two payload processes', async () =>
        wine.processes('idle.exe').length === 2 ? true : null,
      )
      await runsVersion(client, id, VERSION_2)
    })

    it('stops at once when it is told, and says so in its log', async () => {
      const began = systemClock.monotonic()
      await wine.must('sc', 'stop', SERVICE)
      await wine.serviceIs(SERVICE, 'STOPPED')
      expect(systemClock.monotonic() - began).toBeLessThan(10_000)
      expect(await wine.serviceState(SERVICE)).toBe('STOPPED 0 0')
      expect(ownProcesses()).toEqual([])
      const lines = readFileSync(layout.log, 'utf8').trim().split('\n')
      expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ name: 'launcher', level: 'info' })
    })

    it('a second launcher leaves the first alone', async () => {
      await wine.startService(SERVICE)
      const { code } = await wine.run(PROGRAM, 'run')
      expect(code).toBe(3)
      expect(await wine.serviceState(SERVICE)).toBe('RUNNING 0 0')
    })
  },
)

/** As an operator does: one command a version. */
async function publishForWindows(dataDir: string): Promise<void> {
  const compilerPath = hostRuntime(hostTarget(process)) ?? ''
  const agent = join(folder, 'agent')
  await buildAgent({ target: TARGET, runtimePath: runtimeFor(TARGET), outDir: agent, compilerPath })
  const payload = join(folder, 'payload')
  await mkdir(join(payload, 'bin'), { recursive: true })
  await compileForWindows('idle.c', join(payload, 'bin/idle.exe'))
  const target = ['--platform', 'windows', '--arch', 'x64', '--agent', agent]
  const program = ['--payload', payload, '--run', 'bin/idle.exe quit']
  const health = [
    '--health',
    'bin/idle.exe health',
    '--health-interval',
    '1',
    '--stop-timeout',
    '2',
  ]
  for (const version of [VERSION_1, VERSION_2]) {
    const words = ['--version', version, ...target, ...program, ...health]
    await run([DRYDOCK, 'release', 'publish', ...words], {
      env: { DRYDOCK_URL: server.url, DRYDOCK_KEY_FILE: join(dataDir, 'admin-key.json') },
    })
  }
  const { releases } = await client.releases.list({ platform: 'windows' })
  const [base] = releases
  if (base === undefined) throw new Error('nothing was published')
  const broken = 'throw new Error("broken")'
  await publish(client, base, { version: VERSION_BAD, agent: broken })
}

/**
 * What an installer does. The enrolment is that of a package for another platform: a token is for a
 * distribution, and any machine may show it.
 */
async function install(): Promise<void> {
  const launcher = await upload(client, 'never started')
  const files = [{ path: 'agent.mjs', digest: launcher, executable: false }]
  const target = { platform: 'linux', arch: 'x64', libc: 'glibc' } as const
  await client.releases.publish({ version: VERSION_1, ...target, launcher, files, payload: null })
  const distribution = await order(client, 'for windows', VERSION_1)
  const deb = await download(client, distribution, { type: 'deb', folder })
  const unpacked = join(folder, 'deb')
  await run(['dpkg-deb', '--extract', deb, unpacked])
  const enrolment = readFileSync(join(unpacked, 'opt/drydock-agent/enrolment.json'), 'utf8')
  await cp(join(folder, 'payload'), join(layout.seed, 'payload'), { recursive: true })
  await copyFile(join(folder, 'agent/agent.mjs'), join(layout.seed, 'agent.mjs'))
  await copyFile(join(folder, 'agent/drydock-agent.exe'), join(layout.program, 'drydock-agent.exe'))
  await writeFile(join(layout.seed, 'manifest.json'), await signedManifest(JSON.parse(enrolment)))
  await writeFile(layout.enrolment, enrolment, { mode: 0o644 })
  await writeFile(layout.installedBy, 'msi')
  await wine.must('sc', 'create', SERVICE, 'binPath=', `"${PROGRAM}" service`, 'start=', 'auto')
}

/** As packages bring it; asked for as an endpoint, which this one never is again. */
async function signedManifest(enrolment: { distribution_id: string; token: string }) {
  const { releases } = await client.releases.list({ platform: 'windows' })
  const digest = releases.find(({ version }) => version === VERSION_1)?.manifest_digest
  const facts = JSON.parse(await wine.must(PROGRAM, 'facts', '--root', 'C:\\elsewhere'))
  const { distribution_id, token } = enrolment
  const run_id = '0'.repeat(32)
  const enrolled = await fetch(`${server.url}/agent/v1/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ protocol: 1, distribution_id, token, run_id, facts, is_copy: false }),
  })
  const { endpoint_id, credential } = (await enrolled.json()) as Record<string, string>
  const authorization = `Bearer ${endpoint_id}.${credential}`
  const url = `${server.url}/agent/v1/manifests/${digest}`
  return Buffer.from(await (await fetch(url, { headers: { authorization } })).arrayBuffer())
}

async function enrolled(): Promise<string> {
  return await eventually('an enrolled agent', async () => {
    if (!existsSync(layout.identity)) return null
    return JSON.parse(readFileSync(layout.identity, 'utf8')).endpoint_id as string
  })
}

async function upgradeTo(version: string): Promise<number> {
  const order = { endpoint_ids: [id], target_versions: { windows: version } }
  return (await client.endpoints.upgrade(order)).group_action_id
}

/** Launcher, agent and payload. */
function ownProcesses(): readonly number[] {
  return [...wine.processes('drydock-agent.exe'), ...wine.processes('idle.exe')]
}
