/**
 * Upgrade packages: an agent that runs is moved to a version by a file, with no order of a server;
 * what does not prove itself is left again, and an agent of another server is taken over.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import type { Client } from '../../src/client/client.ts'
import { startServer } from '../../src/main/server.ts'
import { builtInRelease, download, order, publish } from './catalogue.ts'
import { endpointOf, enrolledId, runsVersion, startAgent } from './machine.ts'
import { eventually, freePort, type Running, run } from './processes.ts'
import { clientOf } from './server-process.ts'

const VERSION_1 = '1.0.0.1'
const VERSION_2 = '1.0.0.2'
const BROKEN = '1.0.0.3'
const VERSION_4 = '1.0.0.4'

type OwnServer = {
  readonly url: string
  readonly client: Client
  /** The file of an upgrade distribution. */
  upgradeTo(version: string): Promise<string>
}

let folder: string
let root: string
let ours: OwnServer
let agent: Running
let id: string
const opened = new AsyncDisposableStack()

async function open(name: string, versions: readonly string[]): Promise<OwnServer> {
  const dataDir = join(folder, name)
  const server = await startServer({
    dataDir,
    listen: `127.0.0.1:${await freePort()}`,
    log: silentLog,
    checkInIntervalS: 1,
    probationS: 10,
    publishBuiltIn: true,
  })
  opened.defer(() => server.close())
  const client = await clientOf(server.url, dataDir)
  const base = await builtInRelease(client)
  for (const version of versions) {
    const broken = version === BROKEN ? { agent: 'throw new Error("broken")\n' } : {}
    await publish(client, base, { version, ...broken })
  }
  const upgradeTo = async (version: string) => {
    const order = { name: `upgrade to ${version}`, linux_version: version }
    const ordered = await client.distributions.create({ ...order, package_type: 'upgrade' })
    await eventually('a built upgrade package', async () => {
      const { status, supported_packages } = await client.distributions.getStatus(
        ordered.distribution_id,
      )
      if (status !== 'Completed') return null
      expect(supported_packages).toEqual(['upgrade'])
      return true
    })
    return await download(client, ordered.distribution_id, { type: 'upgrade', folder })
  }
  return { url: server.url, client, upgradeTo }
}

/** As a service manager would, which nobody has below a folder. */
async function restart(): Promise<void> {
  await agent.end('SIGTERM')
  agent = startAgent(root)
}

describe('an agent and upgrade packages', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-in-place-'))
    root = join(folder, 'machine')
    ours = await open('ours', [VERSION_1, VERSION_2, BROKEN])
    const distribution = await order(ours.client, 'first', VERSION_1)
    const file = await download(ours.client, distribution, { type: 'sh', folder })
    await run([file, '--root', root])
    agent = startAgent(root)
    id = await enrolledId(root)
    await runsVersion(ours.client, id, VERSION_1)
  }, 180_000)

  afterAll(async () => {
    await agent?.end('SIGTERM')
    await opened.disposeAsync()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  it('takes the version of a file and stays the endpoint it was', async () => {
    await run([await ours.upgradeTo(VERSION_2), '--root', root])
    await restart()
    await runsVersion(ours.client, id, VERSION_2)
    expect(await enrolledId(root)).toBe(id)
    expect(await endpointOf(ours.client, id)).toMatchObject({
      tags: { endpoint_tags: ['acceptance'] },
    })
  })

  it('leaves a version that does not prove itself again', async () => {
    await run([await ours.upgradeTo(BROKEN), '--root', root])
    await restart()
    await eventually('the broken version given up', async () => {
      const slots = JSON.parse(
        await readFile(join(root, 'var/lib/drydock-agent/slots.json'), 'utf8'),
      ) as { active: { version: string }; skip: { version: string }[] }
      const isBack = slots.active.version === VERSION_2
      return isBack && slots.skip.some(({ version }) => version === BROKEN) ? true : null
    })
    await runsVersion(ours.client, id, VERSION_2)
  })

  it('belongs to another server once that says --rehome, and not before', async () => {
    const theirs = await open('theirs', [VERSION_4])
    const file = await theirs.upgradeTo(VERSION_4)
    await expect(run([file, '--root', root])).rejects.toThrow(/--rehome/)
    await run([file, '--root', root, '--rehome'])
    await restart()
    const { endpoints } = await eventually('the endpoint at the other server', async () => {
      const found = await theirs.client.endpoints.getEndpoint({})
      return found.endpoints[0]?.endpoint_version === VERSION_4 ? found : null
    })
    expect(endpoints).toHaveLength(1)
    const enrolment = await readFile(join(root, 'opt/drydock-agent/enrolment.json'), 'utf8')
    expect(JSON.parse(enrolment)).toMatchObject({ server_url: theirs.url })
  })
})
