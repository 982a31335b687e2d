/**
 * Agents of a cluster, upgraded by `endpoints/upgrade`: a real server, the real launcher and agent
 * in each pod, and an imitation of the cluster's API, for which the pods are told ready by the very
 * command that the manifest names.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import type { Client } from '../../src/client/client.ts'
import { startServer } from '../../src/main/server.ts'
import { describeNeeds } from '../needs.ts'
import { builtInRelease, download, order, publish } from './catalogue.ts'
import { ClusterNodes } from './cluster-nodes.ts'
import { endpointOf, outcomeOf } from './machine.ts'
import { eventually, freePort } from './processes.ts'
import { clientOf } from './server-process.ts'

const [VERSION_1, VERSION_2, VERSION_3] = ['1.0.0.1', '1.0.0.2', '1.0.0.3'] as const
const IMAGE_1 = `registry.test/drydock/agent@sha256:${'1'.repeat(64)}`
const IMAGE_3 = `registry.test/drydock/agent@sha256:${'3'.repeat(64)}`
/** A rollout is called ready when all pods were for 45 s. */
const PATIENCE_MS = 120_000
const NODES = ['node-a', 'node-b']

let folder: string
let server: Awaited<ReturnType<typeof startServer>>
let client: Client
let nodes: ClusterNodes
const debs = new Map<string, string>()

describeNeeds(['dpkg'], 'an upgrade of a cluster', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-cluster-'))
    const dataDir = join(folder, 'data')
    server = await startServer({
      dataDir,
      listen: `127.0.0.1:${await freePort()}`,
      log: silentLog,
      checkInIntervalS: 1,
      probationS: 20,
      publishBuiltIn: true,
    })
    client = await clientOf(server.url, dataDir)
    const base = await builtInRelease(client)
    await publish(client, base, { version: VERSION_1 })
    await publish(client, base, { version: VERSION_2 })
    await publish(client, base, { version: VERSION_3, agent: 'throw new Error("broken")' })
    for (const version of [VERSION_1, VERSION_2, VERSION_3]) {
      const id = await order(client, `cluster ${version}`, version)
      debs.set(version, await download(client, id, { type: 'deb', folder: join(folder, version) }))
    }
    nodes = await ClusterNodes.start(folder, NODES, { name: IMAGE_1, deb: debOf(VERSION_1) })
  }, 180_000)

  afterAll(async () => {
    await nodes?.[Symbol.asyncDispose]()
    await server?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  it('begins with agents that are known by their nodes, and say that they may be upgraded', async () => {
    await untilAll(VERSION_1)
    const known = await endpoints()
    expect(known.map((each) => each.endpoint_name).sort()).toEqual(NODES)
  }, 60_000)

  it('moves the image once, replaces every pod, survives a crash of the leader, and ends', async () => {
    const [first] = await endpoints()
    if (first === undefined) throw new Error('nobody enrolled')
    const asked = { endpoint_ids: [first.endpoint_id], target_versions: { linux: VERSION_2 } }
    const ordered = await client.endpoints.upgrade(asked)
    expect(ordered.endpoints_count).toBe(2)
    expect(ordered.details.join('\n')).toContain('moves along')
    await eventually('a moved image', async () => (nodes.cluster.attempt === null ? null : true))
    expect(nodes.cluster.attempt).toMatchObject({ version: VERSION_2, previous_image: IMAGE_1 })
    const leader = await leaderNode()
    await nodes.bring(nodes.cluster.images.agent, debOf(VERSION_2))
    await nodes.crash(leader)
    await untilAll(VERSION_2)
    for (const { endpoint_id } of await endpoints()) {
      const outcome = await turning('the end of the upgrade', async () => {
        const told = await outcomeOf(client, ordered.group_action_id, endpoint_id)
        return told.state === 'succeeded' ? told : null
      })
      expect(outcome).toMatchObject({ status: 'COMPLETED_SUCCESSFULLY', reason: 'upgraded' })
    }
    expect(nodes.cluster.attempt).toMatchObject({ phase: 'succeeded' })
    expect(nodes.cluster.seen.filter((each) => each === 'PATCH 200 succeeded')).toHaveLength(1)
    expect(nodes.cluster.pods).toHaveLength(2)
  }, 240_000)

  it('an image that fails runs the version before it, says not ready, and can be taken back', async () => {
    const good = nodes.cluster.images.agent
    await nodes.bring(IMAGE_3, debOf(VERSION_3))
    nodes.cluster.setImage(IMAGE_3)
    const [pod] = await turning('a pod that is not ready', async () => {
      const alone = nodes.cluster.pods.filter((each) => each.image === IMAGE_3)
      const said = alone[0] && (await nodes.readinessOf(alone[0]))
      return said?.includes(`runs ${VERSION_2}, and the image brought ${VERSION_3}`) ? alone : null
    })
    expect(pod).toBeDefined()
    nodes.cluster.setImage(good)
    await turning('ready pods of the image before', async () => {
      const { pods } = nodes.cluster
      const isBack = pods.length === 2 && pods.every((each) => each.image === good)
      return isBack && pods.every((each) => nodes.cluster.isReady(each)) ? true : null
    })
    await untilAll(VERSION_2)
  }, 120_000)
})

function debOf(version: string): string {
  return debs.get(version) ?? ''
}

async function endpoints() {
  return (await client.endpoints.getEndpoint({})).endpoints
}

/** Asks again, and lets the cluster's controller and kubelets have their turn meanwhile. */
async function turning<Value>(what: string, ask: () => Promise<Value | null>): Promise<Value> {
  const look = async () => {
    await nodes.turn()
    return await ask()
  }
  return await eventually(what, look, PATIENCE_MS)
}

async function untilAll(version: string): Promise<void> {
  await turning(`all at ${version}`, async () => {
    const known = await endpoints()
    const isThere = known.length === 2 && known.every((each) => each.endpoint_version === version)
    return isThere ? true : null
  })
}

async function leaderNode(): Promise<string> {
  const holder = String(nodes.cluster.attempt?.holder)
  const endpoint = await endpointOf(client, holder)
  return endpoint?.endpoint_name ?? ''
}
