/**
 * The pods of a manifest that was ordered, on a node of podman's: pulled with the manifest's pull
 * secret, the state folder given to the agent by the first container, the agent without any right,
 * ready as the kubelet asks, and the next pod waiting beside it for its turn.
 */
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { silentLog } from '../../src/base/log.ts'
import type { Client } from '../../src/client/client.ts'
import { startServer } from '../../src/main/server.ts'
import { needs } from '../needs.ts'
import { built, builtInRelease, download } from './catalogue.ts'
import { endpointOf } from './machine.ts'
import { type ManifestObject, type Node, Pod } from './pod.ts'
import { eventually, freePort, run } from './processes.ts'
import { clientOf } from './server-process.ts'

const canRun = needs('podman', 'runc', 'unshare') && canMount()
const LAUNCHER = '/opt/drydock-agent/drydock-agent'
const MACHINE_ID = '0123456789abcdef0123456789abcdef'

let folder: string
let server: Awaited<ReturnType<typeof startServer>>
let client: Client
let standard: readonly ManifestObject[]
let node: Node
let id: string

describe.skipIf(!canRun)('a pod of the manifest (needs podman, runc, unshare, root)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-pods-'))
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
    await builtInRelease(client)
    standard = await manifestOf('standard')
    node = await newNode('node-1')
  })

  afterAll(async () => {
    if (folder === undefined) return
    await podman('rm', '--force', '--all', '--time=0')
    await podman('rmi', '--force', '--all')
    await server?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('pulls its image with the pull secret', async () => {
    await pull(standard)
  })

  it('has a first container that gives the folder of the node away, and again does no harm', async () => {
    for (const _start of ['first', 'again']) await prepare(standard, node)
    const { uid, mode } = await stat(join(node.root, 'var/lib/drydock-agent'))
    expect([uid, mode & 0o777]).toEqual([10_001, 0o700])
  })

  it('gives nothing away in which something lies, and so does not start', async () => {
    const other = await newNode('node-2')
    const state = join(other.root, 'var/lib/drydock-agent')
    await mkdir(state, { recursive: true })
    await writeFile(join(state, 'identity.json'), '{}')
    await expect(prepare(standard, other)).rejects.toThrow(/folder-in-use/)
    expect((await stat(state)).uid).toBe(0)
  })

  it('enrols as its node, with what the manifest says, and gets ready', async () => {
    await startAgent('first', standard, node)
    id = await eventually('an enrolled agent', () => endpointIdIn('first'))
    await eventually('a ready pod', () => isReady('first', standard))
    const endpoint = await eventually('a connected endpoint', async () => {
      const found = await endpointOf(client, id)
      return found?.endpoint_status === 'CONNECTED' ? found : null
    })
    expect(endpoint.endpoint_name).toBe('node-1')
    expect(JSON.stringify(endpoint)).toContain('from-the-manifest')
  })

  it('leaves its place to the next one, which was ready beside it, as the same endpoint', async () => {
    await startAgent('second', standard, node)
    await eventually('a pod that waits', async () =>
      (await probe('second', standard)).includes('waiting') ? true : null,
    )
    await podman('stop', '--time=60', 'first')
    expect(await eventually('the next agent', () => endpointIdIn('second'))).toBe(id)
    await eventually('a ready pod', () => isReady('second', standard))
    await podman('rm', '--force', '--time=60', 'first', 'second')
  })

  it('on GKE Autopilot needs nothing of the node', async () => {
    const autopilot = await manifestOf('gke_autopilot')
    const bare = { name: 'node-3', root: join(folder, 'not there') }
    await startAgent('third', autopilot, bare)
    await eventually('an enrolled agent', () => endpointIdIn('third'))
    await eventually('a ready pod', () => isReady('third', autopilot))
  })
})

/** As making a container does, which not every root may. */
function canMount(): boolean {
  return process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0
}

async function newNode(name: string): Promise<Node> {
  const root = join(folder, name)
  await mkdir(join(root, 'etc'), { recursive: true })
  // Each node's own; only the first four digits tell them apart.
  const id = `${name.replaceAll(/\D/g, '').padStart(4, '0')}${MACHINE_ID.slice(4)}`
  await writeFile(join(root, 'etc/machine-id'), `${id}\n`)
  return { name, root }
}

async function manifestOf(flavour: 'standard' | 'gke_autopilot') {
  const { distribution_id } = await client.distributions.create({
    name: `pods ${flavour}`.replaceAll('_', ' '),
    package_type: 'kubernetes',
    deployment_platform: flavour,
    cluster_name: 'podman',
    endpoint_tags: ['from-the-manifest'],
  })
  await built(client, distribution_id)
  const yaml = await download(client, distribution_id, {
    type: 'yaml',
    folder: join(folder, flavour),
  })
  const documents = parseAllDocuments(await readFile(yaml, 'utf8'))
  const objects = documents.map((document) => document.toJS() as ManifestObject | null)
  return objects.filter((object) => object !== null)
}

/** With storage of its own, and without what it would take from the machine. */
async function podman(...words: readonly string[]): Promise<string> {
  const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run')]
  return await run(['podman', ...storage, '--runtime=runc', ...words])
}

const FROM_THE_CALLER = [
  '--network=host',
  // Where the caller may not raise its own limits.
  ...['--ulimit=nofile=1024:1024', '--ulimit=nproc=4096:4096'],
]

async function pull(objects: readonly ManifestObject[]): Promise<void> {
  const secret = objects.find(({ metadata }) => metadata.name === 'drydock-agent-pull')
  const file = join(folder, 'pull.json')
  await writeFile(file, Buffer.from(secret?.data?.['.dockerconfigjson'] ?? '', 'base64'))
  const [container] = podOf(objects, node, 'pull').spec.containers
  await podman('pull', '--tls-verify=false', `--authfile=${file}`, container?.image ?? '')
}

function podOf(objects: readonly ManifestObject[], of: Node, name: string): Pod {
  return new Pod(objects, of, join(folder, 'pods', name))
}

/** The containers that end before the agent's starts. */
async function prepare(objects: readonly ManifestObject[], of: Node): Promise<void> {
  const pod = podOf(objects, of, 'prepared')
  for (const container of pod.spec.initContainers ?? []) {
    const words = await pod.wordsFor(container)
    await podman('run', '--rm', ...FROM_THE_CALLER, ...words)
  }
}

async function startAgent(
  name: string,
  objects: readonly ManifestObject[],
  of: Node,
): Promise<void> {
  await prepare(objects, of)
  const pod = podOf(objects, of, name)
  for (const container of pod.spec.containers) {
    const words = await pod.wordsFor(container)
    await podman('run', '--detach', `--name=${name}`, ...FROM_THE_CALLER, ...words)
  }
}

/** What the readiness probe says; empty: the container does not run. */
async function probe(name: string, objects: readonly ManifestObject[]): Promise<string> {
  const [container] = podOf(objects, node, name).spec.containers
  const command = container?.readinessProbe?.exec.command ?? []
  try {
    return await podman('exec', name, ...command)
  } catch {
    // Best effort: not ready is an answer, and it is asked again.
    return ''
  }
}

async function isReady(name: string, objects: readonly ManifestObject[]): Promise<true | null> {
  return (await probe(name, objects)).startsWith('ready: running') ? true : null
}

async function endpointIdIn(name: string): Promise<string | null> {
  try {
    const status = JSON.parse(await podman('exec', name, LAUNCHER, 'status', '--json'))
    return status.running === true ? status.endpoint_id : null
  } catch {
    // Best effort: it is asked again.
    return null
  }
}
