/**
 * The first path once more, by rpm: the real rpm checks and installs the package in a machine of
 * its own, whose scriptlets it runs there; the agent in it is upgraded once, then the package is
 * replaced by a newer one, and removed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import type { Client } from '../../src/client/client.ts'
import { startServer } from '../../src/main/server.ts'
import { canChroot, Machine } from '../../src/pack/linux/chroot.suite.ts'
import { needs } from '../needs.ts'
import { builtInRelease, download, order, publish } from './catalogue.ts'
import { endOf, endpointOf, enrolledId, runsVersion, startAgent, upgrade } from './machine.ts'
import { freePort, type Running, run } from './processes.ts'
import { clientOf } from './server-process.ts'

const VERSION_1 = '1.0.0.1'
const VERSION_2 = '1.0.0.2'
const VERSION_3 = '1.0.0.3'
const CONFIG = 'etc/drydock-agent/agent.json'
const ADMINISTRATORS = '{"endpoint_tags":["by-hand"]}\n'

const canRun = needs('rpm', 'rpmkeys') && canChroot()

let folder: string
let machine: Machine
let server: Awaited<ReturnType<typeof startServer>>
let client: Client
let agent: Running
let id: string

describe.skipIf(!canRun)(
  'an agent brought by rpm (needs rpm, rpmkeys, root, busybox-static)',
  () => {
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'drydock-by-rpm-'))
      machine = new Machine('none')
      const dataDir = join(folder, 'data')
      server = await startServer({
        dataDir,
        listen: `127.0.0.1:${await freePort()}`,
        log: silentLog,
        checkInIntervalS: 1,
        probationS: 10,
        publishBuiltIn: true,
      })
      client = await clientOf(server.url, dataDir)
      const base = await builtInRelease(client)
      const payload = {
        payload: { 'bin/idle': '#!/bin/sh\nexec sleep 1000000\n' },
        run: ['bin/idle'],
      }
      for (const version of [VERSION_1, VERSION_2, VERSION_3]) {
        await publish(client, base, { version, ...payload })
      }
    }, 180_000)

    afterAll(async () => {
      await agent?.end('SIGTERM')
      await server?.close()
      machine?.[Symbol.dispose]()
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    })

    it('is signed by a key that a machine can import, installs, enrols, and is upgraded', async () => {
      const file = await packageOf(VERSION_1)
      const key = join(folder, 'drydock.asc')
      await writeFile(key, (await client.trust.getPackageKey({ format: 'rpm' })).public_key)
      await run(['rpmkeys', ...database(), '--import', key])
      await run(['rpmkeys', ...database(), '--checksig', '--define', '_pkgverify_level all', file])
      await rpm('--install', file)
      expect(machine.read('opt/drydock-agent/installed-by')).toBe('rpm\n')
      agent = startAgent(machine.root)
      id = await enrolledId(machine.root)
      await runsVersion(client, id, VERSION_1)
      const outcome = await endOf(client, await upgrade(client, id, VERSION_2), id)
      expect(outcome).toMatchObject({ status: 'COMPLETED_SUCCESSFULLY', state: 'succeeded' })
      await runsVersion(client, id, VERSION_2)
    })

    it('a newer rpm over the older one keeps identity and configuration', async () => {
      await agent.end('SIGTERM')
      machine.write(CONFIG, ADMINISTRATORS)
      await rpm('--upgrade', await packageOf(VERSION_3))
      expect(machine.read(CONFIG)).toBe(ADMINISTRATORS)
      agent = startAgent(machine.root)
      await runsVersion(client, id, VERSION_3)
      expect(await enrolledId(machine.root)).toBe(id)
      expect((await endpointOf(client, id))?.endpoint_status).toBe('CONNECTED')
    })

    it('removing the rpm keeps identity and configuration', async () => {
      await agent.end('SIGTERM')
      await rpm('--erase', 'drydock-agent')
      expect(machine.has('opt/drydock-agent')).toBe(false)
      expect(await enrolledId(machine.root)).toBe(id)
      expect(machine.read(CONFIG)).toBe(ADMINISTRATORS)
    })
  },
)

async function packageOf(version: string): Promise<string> {
  const distribution = await order(client, `by rpm ${version}`, version)
  const type = process.arch === 'arm64' ? 'aarch64_rpm' : 'rpm'
  return await download(client, distribution, { type, folder })
}

/** Debian's rpm would use one in the caller's home. */
function database(): readonly string[] {
  return ['--root', machine.root, '--dbpath', '/var/lib/rpm']
}

/** Nothing else is installed in the machine, so no dependency could be satisfied there. */
async function rpm(...words: readonly string[]): Promise<void> {
  await run(['rpm', ...database(), '--nodeps', ...words])
}
