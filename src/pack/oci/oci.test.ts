import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../base/bytes.ts'
import { type Digest, digestOf } from '../../base/digest.ts'
import { Fault } from '../../base/fault.ts'
import type { Target } from '../../base/platform.ts'
import { readTarGz } from '../archive/read-tar.suite.ts'
import { TIMESTAMP_MAX } from '../check-spec.ts'
import { expectGolden } from '../golden.suite.ts'
import type { PackageSpec } from '../package-spec.ts'
import { SAMPLE_TIMESTAMP, type SampleStore, sampleNeeds, sampleRelease } from '../sample.suite.ts'
import { lengthOf } from '../writer.ts'
import { supports, type WrittenImage, writeImage } from './image.ts'
import { sampleBases } from './sample-base.suite.ts'

const X64: Target = { platform: 'linux', arch: 'x64', libc: 'glibc' }
const ARM64: Target = { platform: 'linux', arch: 'arm64', libc: 'glibc' }

type Descriptor = { readonly digest: string; readonly size: number; readonly mediaType: string }
type Json = Readonly<Record<string, unknown>>

/** An image and everything in it, looked up by digest as a client does. */
class Pulled {
  readonly #image: WrittenImage
  readonly #store: SampleStore

  constructor(image: WrittenImage, store: SampleStore) {
    this.#image = image
    this.#store = store
  }

  bytesOf(descriptor: Pick<Descriptor, 'digest'>): Uint8Array {
    const blob = this.#image.blobs.find(({ digest }) => `sha256:${digest}` === descriptor.digest)
    if (blob === undefined) throw new Error(`${descriptor.digest} is missing`)
    const bytes = this.#store.assemble(blob.segments)
    expect(`sha256:${digestOf(bytes)}`).toBe(descriptor.digest)
    return bytes
  }

  jsonOf(descriptor: Descriptor): Json {
    const bytes = this.bytesOf(descriptor)
    expect(bytes.length).toBe(descriptor.size)
    return JSON.parse(fromUtf8(bytes)) as Json // Tests look at what they name.
  }

  index(): Json {
    const digest = `sha256:${this.#image.digest}`
    return JSON.parse(fromUtf8(this.bytesOf({ digest }))) as Json
  }

  manifest(index: number): Json {
    return this.jsonOf((this.index().manifests as readonly Descriptor[])[index] as Descriptor)
  }
}

async function imageOf(change: Partial<PackageSpec> = {}) {
  const { spec, store } = sampleRelease({ spec: change })
  const arm64 = { ...spec, target: ARM64, timestamp: spec.timestamp + 60 }
  const image = await writeImage([spec, arm64], await sampleBases(), sampleNeeds(store))
  return { image, spec, store, pulled: new Pulled(image, store) }
}

describe('an image', () => {
  it('is an index of a manifest for each processor', async () => {
    const { pulled } = await imageOf()
    const index = pulled.index()
    expect(index).toMatchObject({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      annotations: { 'org.opencontainers.image.version': '1.2.3.4' },
    })
    const listed = index.manifests as readonly Json[]
    expect(listed.map(({ platform }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
    ])
  })

  it.each([
    ['amd64', 0, 'x64', '2025-10-09T08:53:20Z'],
    ['arm64', 1, 'arm64', '2025-10-09T08:54:20Z'],
  ] as const)('for %s runs the launcher as a user of its own', async (name, at, arch, created) => {
    const { pulled } = await imageOf()
    const manifest = pulled.manifest(at)
    const config = pulled.jsonOf(manifest.config as Descriptor)
    expect(config).toMatchObject({ architecture: name, os: 'linux', created })
    expect(config.config).toMatchObject({
      User: '10001:10001',
      Entrypoint: ['/opt/drydock-agent/drydock-agent', 'run'],
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'],
      StopSignal: 'SIGTERM',
    })
    const layers = manifest.layers as readonly Descriptor[]
    const diffIds = layers.map((layer) => {
      const bytes = pulled.bytesOf(layer)
      expect(bytes.length).toBe(layer.size)
      return `sha256:${createHash('sha256').update(gunzipSync(bytes)).digest('hex')}`
    })
    expect(config.rootfs).toEqual({ type: 'layers', diff_ids: diffIds })
    expect(config.history).toHaveLength(layers.length)
    const [base] = await Promise.all(layers.map((layer) => readTarGz(pulled.bytesOf(layer))))
    expect(base?.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual([
      `the base for ${arch}\n`,
    ])
  })

  it('carries the release as it lies on a machine, and nothing of any distribution', async () => {
    const { pulled, spec, store } = await imageOf()
    const [, layer] = pulled.manifest(0).layers as readonly Descriptor[]
    const entries = await readTarGz(pulled.bytesOf(layer as Descriptor))
    const files = new Map(entries.map((entry) => [entry.path, entry]))
    const program = 'opt/drydock-agent'
    const expected = new Map<string, readonly [number, Uint8Array]>([
      [`${program}/installed-by`, [0o644, utf8('oci\n')]],
      [`${program}/drydock-agent`, [0o755, store.contentOf(spec.launcher)]],
      [`${program}/seed/manifest.json`, [0o644, spec.manifest]],
      ...spec.files.map(({ path, executable, artifact }) => {
        const content = store.contentOf(artifact)
        return [`${program}/seed/${path}`, [executable ? 0o755 : 0o644, content]] as const
      }),
    ])
    const found = entries.filter(({ type }) => type === 'file').map(({ path }) => path)
    expect(found.sort()).toEqual([...expected.keys()].sort())
    for (const [path, [mode, bytes]] of expected) {
      expect([path, files.get(path)?.mode]).toEqual([path, mode])
      expect(Buffer.compare(files.get(path)?.bytes ?? new Uint8Array(), bytes), path).toBe(0)
    }
    const state = { type: 'directory', mode: 0o700, owner: 10_001 }
    expect(files.get('var/lib/drydock-agent')).toMatchObject(state)
    expect(entries.filter(({ owner }) => owner !== 0)).toHaveLength(1)
    expect(new Set(entries.map(({ modified }) => modified))).toEqual(new Set([SAMPLE_TIMESTAMP]))
  })

  it('is configured and laid out as was reviewed', async () => {
    const { pulled } = await imageOf()
    const manifest = pulled.manifest(0)
    const config = pulled.jsonOf(manifest.config as Descriptor)
    const golden = join(import.meta.dirname, '_golden')
    expectGolden(join(golden, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
    const [, layer] = manifest.layers as readonly Descriptor[]
    const entries = await readTarGz(pulled.bytesOf(layer as Descriptor))
    const lines = entries.map(({ mode, owner, type, path }) => {
      return `${mode.toString(8).padStart(4, '0')} ${owner} ${type} ${path}\n`
    })
    expectGolden(join(golden, 'agent-layer'), lines.join(''))
  })

  it('is the same for the same builds, and another when one of them changes', async () => {
    const { image } = await imageOf()
    expect((await imageOf()).image).toEqual(image)
    expect((await imageOf({ manifest: utf8('{}') })).image.digest).not.toBe(image.digest)
  })

  it('names every artifact once for each processor, and costs few bytes of its own', async () => {
    const { image, spec } = await imageOf()
    const segments = image.blobs.flatMap((blob) => blob.segments)
    const named = segments.flatMap((one) => (one.kind === 'artifact' ? [one.digest] : []))
    const times = (digest: Digest) => named.filter((each) => each === digest).length
    for (const artifact of [spec.launcher, ...spec.files.map((file) => file.artifact)]) {
      expect(times(artifact.gzipDigest)).toBe(2)
    }
    expect(lengthOf(segments.filter(({ kind }) => kind === 'bytes'))).toBeLessThan(64 * 1024)
  })
})

describe('refused is', () => {
  it('what is not Linux with glibc', async () => {
    expect(supports(X64)).toBe(true)
    const target = { ...X64, libc: 'musl' } as const
    expect(await refusalOf({ target })).toMatch(/linux-x64-musl is not supported/)
    expect(await refusalOf({ target: { ...X64, platform: 'windows', libc: 'none' } })).toMatch(
      /windows-x64 is not supported/,
    )
  })

  it.each<readonly [string, Partial<PackageSpec>]>([
    ['a time beyond a tar header', { timestamp: TIMESTAMP_MAX + 1 }],
    ['a path that climbs out', { files: escaping() }],
  ])('%s', async (_, change) => {
    expect(await refusalOf(change)).toMatch(/package-refused: writing oci/)
  })

  it('a base layer that is not what its name says', async () => {
    const { spec, store } = sampleRelease()
    const bases = await sampleBases()
    const damaged = { ...bases.x64, read: async () => utf8('something else') }
    await expect(
      writeImage([spec], { ...bases, x64: damaged }, sampleNeeds(store)),
    ).rejects.toThrow(/image-base-damaged/)
  })
})

function escaping() {
  const [first] = sampleRelease().spec.files
  if (first === undefined) throw new Error('a sample has files')
  return [{ ...first, path: '../../etc/passwd' }]
}

async function refusalOf(change: Partial<PackageSpec>): Promise<string> {
  try {
    await imageOf(change)
  } catch (error) {
    if (error instanceof Fault && error.retry === 'never') return error.message
    throw error
  }
  return 'nothing was refused'
}
