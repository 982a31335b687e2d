/**
 * The first path once more, in a container: the image is pulled from the server's own registry and
 * run without any right, as a user of its own, on a file system that it cannot write to. The agent
 * in it enrols, is upgraded once inside its volume, and is still the same when the container is
 * made anew.
 */
import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { silentLog } from '../../src/base/log.ts'
import type { Client } from '../../src/client/client.ts'
import { startServer } from '../../src/main/server.ts'
import { needs } from '../needs.ts'
import { built, builtInRelease, download, publish } from './catalogue.ts'
import { endOf, endpointOf, runsVersion, upgrade } from './machine.ts'
import { eventually, freePort, run } from './processes.ts'
import { clientOf } from './server-process.ts'

const VERSION_1 = '1.0.0.1'
const VERSION_2 = '1.0.0.2'
const VERSION_3 = '1.0.0.3'
const STATE = '/var/lib/drydock-agent'
const USER = '10001'

const canRun = needs('podman', 'runc', 'skopeo', 'unshare') && canMount()

let folder: string
let server: Awaited<ReturnType<typeof startServer>>
let client: Client
let login: string
let id: string

describe.skipIf(!canRun)(
  'an agent in a container (needs podman, runc, skopeo, unshare, root)',
  () => {
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'drydock-in-container-'))
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
      await publish(client, base, { version: VERSION_1 })
      const other = base.arch === 'x64' ? 'arm64' : 'x64'
      await publish(client, { ...base, arch: other }, { version: VERSION_1 })
      await publish(client, base, { version: VERSION_2 })
      await publish(client, base, { version: VERSION_3 })
      await orderForContainers()
    })

    afterAll(async () => {
      if (folder === undefined) return
      await podman('rm', '--force', '--all', '--time=0')
      await podman('volume', 'prune', '--force')
      await podman('rmi', '--force', '--all')
      await server?.close()
      await rm(folder, { recursive: true, force: true })
    })

    it('is pulled by podman with the credentials of a distribution, and by nobody else', async () => {
      const image = imageOf(VERSION_1)
      await expect(podman('pull', '--tls-verify=false', image)).rejects.toThrow(/unauthorized/)
      await podman('pull', '--tls-verify=false', `--creds=${login}`, image)
    })

    it('has an image for both processors', async () => {
      for (const arch of ['amd64', 'arm64']) {
        const words = ['--tls-verify=false', `--creds=${login}`, `--override-arch=${arch}`]
        const image = `docker://${imageOf(VERSION_1)}`
        const config = JSON.parse(await run(['skopeo', 'inspect', '--config', ...words, image]))
        expect(config).toMatchObject({ architecture: arch, config: { User: `${USER}:${USER}` } })
        const layers = JSON.parse(await run(['skopeo', 'inspect', ...words, image])).Layers
        expect(layers).toHaveLength(config.rootfs.diff_ids.length)
      }
    })

    it('enrols without any right, and is upgraded in its volume', async () => {
      await startContainer('first', VERSION_1)
      id = await eventually('an enrolled agent', () => endpointIdIn('first'))
      await runsVersion(client, id, VERSION_1)
      const outcome = await endOf(client, await upgrade(client, id, VERSION_2), id)
      expect(outcome).toMatchObject({ status: 'COMPLETED_SUCCESSFULLY', state: 'succeeded' })
      await runsVersion(client, id, VERSION_2)
      expect(await podman('exec', 'first', LAUNCHER, 'uninstall').catch(String)).toMatch(
        /runs from an image/,
      )
    })

    it('is the same endpoint at the same version in a container made anew', async () => {
      // The launcher ends its agent in order, and itself.
      await podman('stop', '--time=60', 'first')
      const ended = await podman('inspect', '--format={{.State.ExitCode}}', 'first')
      expect(ended.trim()).toBe('0')
      await podman('rm', 'first')
      await startContainer('second', VERSION_1)
      const status = await eventually('an agent that answers', () => statusIn('second'))
      expect(status).toMatchObject({ endpoint_id: id, version: VERSION_2 })
      await runsVersion(client, id, VERSION_2)
      expect((await endpointOf(client, id))?.endpoint_status).toBe('CONNECTED')
    })

    it('takes the version of a newer image', async () => {
      await podman('rm', '--force', '--time=60', 'second')
      await podman('pull', '--tls-verify=false', `--creds=${login}`, imageOf(VERSION_3))
      await startContainer('third', VERSION_3)
      await runsVersion(client, id, VERSION_3)
    })

    it('goes with its container', async () => {
      await podman('stop', '--time=60', 'third')
      await podman('rm', '--volumes', 'third')
      expect((await podman('ps', '--all', '--quiet')).trim()).toBe('')
    })
  },
)

/** As making a container does, which not every root may. */
function canMount(): boolean {
  return process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0
}

const LAUNCHER = '/opt/drydock-agent/drydock-agent'

function imageOf(version: string): string {
  return `${new URL(server.url).host}/drydock/agent:${version}`
}

/** With storage of its own, and without what it would take from the machine. */
async function podman(...words: readonly string[]): Promise<string> {
  const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run')]
  return await run(['podman', ...storage, '--runtime=runc', ...words])
}

async function startContainer(name: string, version: string): Promise<void> {
  await podman(
    ...['run', '--detach', `--name=${name}`, '--network=host'],
    ...['--read-only', '--read-only-tmpfs=false', '--cap-drop=all'],
    ...['--security-opt=no-new-privileges', `--user=${USER}:${USER}`],
    // Where the caller may not raise its own limits.
    ...['--ulimit=nofile=1024:1024', '--ulimit=nproc=4096:4096'],
    `--volume=state:${STATE}`,
    `--volume=${join(folder, 'enrolment.json')}:/opt/drydock-agent/enrolment.json:ro`,
    imageOf(version),
  )
}

async function endpointIdIn(name: string): Promise<string | null> {
  return (await statusIn(name))?.endpoint_id ?? null
}

/** What the agent says of itself; null: it does not yet. */
async function statusIn(
  name: string,
): Promise<{ readonly endpoint_id: string; readonly version: string } | null> {
  try {
    const status = JSON.parse(await podman('exec', name, LAUNCHER, 'status', '--json'))
    return status.running === true && status.endpoint_id !== null ? status : null
  } catch {
    // Best effort: it is asked again.
    return null
  }
}

/** What a cluster would be given: who may pull, and who enrols with which token. */
async function orderForContainers(): Promise<void> {
  const { distribution_id } = await client.distributions.create({
    name: 'in containers',
    platform: 'linux',
    package_type: 'kubernetes',
    agent_version: VERSION_1,
  })
  await built(client, distribution_id)
  const yaml = await download(client, distribution_id, { type: 'yaml', folder })
  const documents = parseAllDocuments(await readFile(yaml, 'utf8'))
  const secrets = new Map<string, string>()
  for (const document of documents) {
    const { kind, data } = (document.toJS() ?? {}) as KubernetesObject
    if (kind !== 'Secret') continue
    for (const [name, value] of Object.entries(data)) {
      secrets.set(name, Buffer.from(value, 'base64').toString())
    }
  }
  const { auths } = JSON.parse(secrets.get('.dockerconfigjson') ?? '') as DockerConfig
  const { username, password } = auths[new URL(server.url).host] ?? {}
  login = `${username}:${password}`
  const file = join(folder, 'enrolment.json')
  await writeFile(file, secrets.get('enrolment.json') ?? '')
  await chmod(file, 0o444)
}

type KubernetesObject = { readonly kind?: string; readonly data: Readonly<Record<string, string>> }
type DockerConfig = {
  readonly auths: Readonly<Record<string, { readonly username: string; readonly password: string }>>
}
