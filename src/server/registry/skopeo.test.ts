import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { systemClock } from '../../base/clock.ts'
import { silentLog } from '../../base/log.ts'
import { listen } from '../http/listen.ts'
import { nothingThere } from '../http/nothing-there.ts'
import { TEST_CERTIFICATE } from '../testing/certificate.ts'
import { imageFor } from './image-for.ts'
import { type Registry, startRegistry, VERSION } from './registry.suite.ts'

const runProgram = promisify(execFile)
/** Nobody knows the certificate of a test. */
const FROM = ['--src-tls-verify=false', '--override-arch=amd64']

let registry: Registry
let folder: string

describe.skipIf(!needs('skopeo'))('an image in the hands of skopeo (needs skopeo)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-skopeo-'))
    registry = await startRegistry()
    await registry.server.publish(VERSION, { arch: 'arm64' })
    await imageFor(registry.server.assembled.needs, VERSION)
  })
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]()
    if (folder !== undefined) await rm(folder, { recursive: true })
  })

  it.each(['amd64', 'arm64'])('is read for %s', async (arch) => {
    const told = JSON.parse(
      await skopeo('inspect', '--tls-verify=false', '--override-arch', arch, ...login(), tagged()),
    )
    expect(told).toMatchObject({
      RepoTags: [VERSION],
      Architecture: arch,
      Os: 'linux',
      Labels: { 'org.opencontainers.image.version': VERSION },
    })
    expect(told.Layers).toHaveLength(2)
  })

  it('is copied whole, for every processor, and checked by its digests', async () => {
    const layout = join(folder, 'layout')
    await skopeo(
      'copy',
      '--all',
      '--src-tls-verify=false',
      ...sourceLogin(),
      tagged(),
      `oci:${layout}`,
    )
    const tag = await registry.ask(`manifests/${VERSION}`, { method: 'HEAD' })
    const kept = await readdir(join(layout, 'blobs/sha256'))
    expect(kept).toContain(tag.headers.get('docker-content-digest')?.slice('sha256:'.length))
    // An index, and for each processor a manifest, a configuration and two layers.
    expect(kept).toHaveLength(1 + 2 * 4)
    expect(JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'))).toMatchObject({
      manifests: [{ mediaType: 'application/vnd.oci.image.index.v1+json' }],
    })
  })

  it('is copied over TLS', async () => {
    const listener = await listen({
      host: '127.0.0.1',
      port: 0,
      tls: TEST_CERTIFICATE,
      routes: registry.server.assembled.routes,
      clock: systemClock,
      log: silentLog,
      elsewhere: nothingThere,
      onAnswered: () => {},
    })
    const image = `docker://127.0.0.1:${listener.port}/drydock/agent:${VERSION}`
    await skopeo('copy', ...FROM, ...sourceLogin(), image, `dir:${join(folder, 'over-tls')}`)
    await listener.close(0)
    const kept = await readdir(join(folder, 'over-tls'))
    // A manifest, a configuration, two layers, and the version of the folder's form.
    expect(kept).toHaveLength(5)
  })

  it('is not given to a stranger', async () => {
    await expect(skopeo('inspect', '--tls-verify=false', '--no-creds', tagged())).rejects.toThrow(
      /unauthorized|authentication required/,
    )
  })

  it('is refused when a byte of a layer is another', async () => {
    const artifacts = join(registry.server.folder, 'artifacts')
    const files = await readdir(artifacts, { recursive: true, withFileTypes: true })
    const stored = files.filter((file) => file.isFile())
    for (const { parentPath, name } of stored) {
      const path = join(parentPath, name)
      const bytes = await readFile(path)
      bytes[20] = (bytes[20] ?? 0) ^ 1
      await writeFile(path, bytes)
    }
    const copied = `dir:${join(folder, 'tampered')}`
    await expect(
      skopeo('copy', '--src-tls-verify=false', ...sourceLogin(), tagged(), copied),
    ).rejects.toThrow(/digest/i)
  })
})

function tagged(): string {
  return `docker://${new URL(registry.server.url).host}/drydock/agent:${VERSION}`
}

function login(): readonly string[] {
  return ['--creds', `${registry.credentials.username}:${registry.credentials.password}`]
}

function sourceLogin(): readonly string[] {
  const [, credentials = ''] = login()
  return ['--src-creds', credentials]
}

/** What it says on its standard output; a failure's message holds its standard error. */
async function skopeo(...words: readonly string[]): Promise<string> {
  return (await runProgram('skopeo', words)).stdout
}
