/**
 * The first whole path, on real parts: a server, a deb that the real dpkg installs below a folder,
 * the real agent. From version 1 to 2 inside an open window and not before it opens; then versions
 * that are bad, each in its own way, and back on 2 each time, with the reason where a person looks.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Client } from '../../src/client/client.ts'
import { startServer } from '../../src/main/server.ts'
import { describeNeeds } from '../needs.ts'
import { builtInRelease, download, order, publish } from './catalogue.ts'
import {
  endOf,
  endpointOf,
  enrolledId,
  installDeb,
  outcomeOf,
  removeDeb,
  runsVersion,
  startAgent,
  upgrade,
} from './machine.ts'
import { eventually, freePort, type Running } from './processes.ts'
import { clientOf } from './server-process.ts'

const IDLE = '#!/bin/sh\nexec sleep 1000000\n'
const HEALTHY = '#!/bin/sh\nexit 0\n'
const UNHEALTHY = '#!/bin/sh\necho "the disk is on fire" >&2\nexit 1\n'
const VERSION_1 = '1.0.0.1'
const VERSION_2 = '1.0.0.2'

const payload = (health: string) => ({
  payload: { 'bin/idle': IDLE, 'bin/health': health },
  run: ['bin/idle'],
  health: ['bin/health'],
})

/** The server's wall clock can be moved on; everything else of it is real. */
let shiftMs = 0
const clock = { ...systemClock, now: () => systemClock.now() + shiftMs }

let folder: string
let root: string
let server: Awaited<ReturnType<typeof startServer>>
let client: Client
let agent: Running
let id: string

describeNeeds(['dpkg'], 'the first upgrade', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-first-upgrade-'))
    root = join(folder, 'machine')
    const dataDir = join(folder, 'data')
    server = await startServer({
      dataDir,
      listen: `127.0.0.1:${await freePort()}`,
      log: silentLog,
      clock,
      checkInIntervalS: 1,
      probationS: 10,
      publishBuiltIn: true,
    })
    client = await clientOf(server.url, dataDir)
    const base = await builtInRelease(client)
    await publish(client, base, { version: VERSION_1, ...payload(HEALTHY) })
    await publish(client, base, { version: VERSION_2, ...payload(HEALTHY) })
    const bad = { payload: { 'bin/idle': IDLE }, run: ['bin/idle'] }
    await publish(client, base, { version: '1.0.0.3', agent: 'throw new Error("broken")', ...bad })
    const exits = 'await new Promise((r) => setTimeout(r, 1000)); process.exit(3)'
    await publish(client, base, { version: '1.0.0.4', agent: exits, ...bad })
    const hangs = 'setInterval(() => {}, 1e6); await new Promise(() => {})'
    await publish(client, base, { version: '1.0.0.5', agent: hangs, ...bad })
    await publish(client, base, { version: '1.0.0.6', ...payload(UNHEALTHY) })
    const hello = `process.stdout.write('{"kind":"hello","protocol":1,"version":"1.0.0.7"}\\n');`
    await publish(client, base, { version: '1.0.0.7', agent: hello + hangs, ...bad })
  }, 180_000)

  afterAll(async () => {
    await agent?.end('SIGTERM')
    await server?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  it('a deb, ordered and downloaded, installs with dpkg and its agent enrols', async () => {
    const distribution = await order(client, 'first upgrade', VERSION_1)
    const deb = await download(client, distribution, { type: 'deb', folder })
    await installDeb(root, deb)
    agent = startAgent(root)
    id = await enrolledId(root)
    await runsVersion(client, id, VERSION_1)
    expect(await endpointOf(client, id)).toMatchObject({
      endpoint_status: 'CONNECTED',
      os_type: 'AGENT_OS_LINUX',
      installation_package: 'first upgrade',
      operational_status: 'PROTECTED',
      tags: { server_tags: [], endpoint_tags: ['acceptance'] },
    })
  })

  it('nothing starts before the window opens; then it goes from version 1 to 2', async () => {
    // A window that opens at the full minute at least ten hours away, on whatever day that is.
    const opening = new Date(Math.ceil((clock.now() + 10 * 3_600_000) / 60_000) * 60_000)
    const time = (date: Date) => date.toISOString().slice(11, 16)
    const { group_action_id } = await client.endpoints.upgrade({
      endpoint_ids: [id],
      target_versions: { linux: VERSION_2 },
      upgrade_timeframe_window: {
        upgrade_timeframe_start_time: time(opening),
        upgrade_timeframe_end_time: time(new Date(opening.getTime() + 3_600_000)),
      },
    })
    const held = { status: 'PENDING', state: 'queued', reason: 'outside-window' }
    expect(await outcomeOf(client, group_action_id, id)).toMatchObject(held)
    shiftMs += opening.getTime() - clock.now() - 5000
    await checkedIn()
    expect(await outcomeOf(client, group_action_id, id)).toMatchObject(held)
    expect(await endpointOf(client, id)).toMatchObject({ endpoint_version: VERSION_1 })
    shiftMs += 5000
    expect(await endOf(client, group_action_id, id)).toMatchObject({
      status: 'COMPLETED_SUCCESSFULLY',
      state: 'succeeded',
    })
    await runsVersion(client, id, VERSION_2)
  })

  it.each([
    ['1.0.0.3', 'does not start', 'does-not-start'],
    ['1.0.0.4', 'exits after a second', 'does-not-start'],
    ['1.0.0.5', 'runs and says nothing', 'silent'],
    ['1.0.0.6', 'has an unhealthy payload', 'payload-unhealthy'],
    ['1.0.0.7', 'is up but never checks in', 'never-checked-in'],
  ])('version %s, which %s, is taken back', async (version, _how, reason) => {
    const actionId = await upgrade(client, id, version)
    const outcome = await endOf(client, actionId, id)
    expect(outcome).toMatchObject({ status: 'FAILED', state: 'rolled-back', reason })
    const endpoint = await eventually('the endpoint back on version 2', async () => {
      const found = await endpointOf(client, id)
      return found?.endpoint_version === VERSION_2 ? found : null
    })
    expect(endpoint.last_upgrade).toMatchObject({ state: 'rolled-back', reason })
    expect(endpoint.operational_status).toBe('PROTECTED')
  })

  it('a version that failed there is not tried again until told', async () => {
    const again = upgrade(client, id, '1.0.0.3')
    await expect(again).rejects.toThrow(/version-failed-here/)
    const order = { endpoint_ids: [id], target_versions: { linux: '1.0.0.3' }, retry_failed: true }
    const { group_action_id } = await client.endpoints.upgrade(order)
    expect(await endOf(client, group_action_id, id)).toMatchObject({ state: 'rolled-back' })
  })

  it('a newer deb over the older one keeps the identity and brings its version', async () => {
    const base = await builtInRelease(client)
    await publish(client, base, { version: '1.0.0.8', ...payload(HEALTHY) })
    const distribution = await order(client, 'newer', '1.0.0.8')
    const deb = await download(client, distribution, { type: 'deb', folder })
    await agent.end('SIGTERM')
    await installDeb(root, deb)
    agent = startAgent(root)
    await runsVersion(client, id, '1.0.0.8')
    expect(await enrolledId(root)).toBe(id)
  })

  it('removing the deb keeps the identity, purging it leaves nothing', async () => {
    await agent.end('SIGTERM')
    await removeDeb(root, '--remove')
    expect(existsSync(join(root, 'opt/drydock-agent'))).toBe(false)
    expect(await enrolledId(root)).toBe(id)
    await removeDeb(root, '--purge')
    for (const path of ['opt', 'etc', 'var/lib']) {
      expect(existsSync(join(root, path, 'drydock-agent'))).toBe(false)
    }
  })
})

/** Waits for a check-in that the server took after its clock was moved. */
async function checkedIn(): Promise<void> {
  const movedAt = clock.now()
  await eventually('a check-in', async () => {
    const found = await endpointOf(client, id)
    return found !== null && found.last_seen >= movedAt ? true : null
  })
}
