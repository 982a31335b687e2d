/** What every package writer promises. Each format's test runs it with a reader of that format. */
import { describe, expect, it } from 'vitest'
import { Fault } from '../base/fault.ts'
import { ARCHES, type Arch, LIBCS, PLATFORMS, type Target } from '../base/platform.ts'
import type { AgentVersion } from '../base/version.ts'
import { ENROLMENT_SIZE_MAX, TIMESTAMP_MAX } from './check-spec.ts'
import type { ArtifactRef, PackageSpec } from './package-spec.ts'
import {
  LONG_PATHS,
  SAMPLE_TIMESTAMP,
  type SampleOptions,
  type SampleStore,
  sampleNeeds,
  sampleRelease,
} from './sample.suite.ts'
import { lengthOf, type PackageWriter, type Segment, segmentLength } from './writer.ts'

/** A package as its format's reader sees it. */
export type ReadPackage = {
  readonly version: string
  /** In the format's own words. */
  readonly arch: string
  /** Installed files by their path on an endpoint, without the leading slash. */
  readonly files: ReadonlyMap<string, ReadFile>
  /** Paths that an upgrade keeps as the administrator left them. */
  readonly configFiles: readonly string[]
  /** Names of the scripts that installing and removing runs. */
  readonly scripts: readonly string[]
}

export type ReadFile = {
  readonly mode: number
  /** Seconds since 1970. */
  readonly modified: number
  readonly bytes: Uint8Array
}

export type WriterCase = {
  readonly writer: PackageWriter
  readonly supported: readonly Target[]
  readonly archNames: Readonly<Record<Arch, string>>
  readonly scripts: readonly string[]
  readonly read: (bytes: Uint8Array) => Promise<ReadPackage>
  /** Where things lie; absent: as on Linux. */
  readonly places?: Places
  /** What the format cannot hold, or holds in its own way; absent: nothing. */
  readonly lacks?: readonly ('modes' | 'times' | 'gzip-members')[]
  /** What it packages; absent: a launcher and a version directory. */
  readonly sample?: typeof sampleRelease
}

type AppWriterCase = Omit<WriterCase, 'scripts'>

export type Places = {
  readonly program: string
  /** Its file name. */
  readonly launcher: string
  /** The administrator's file. Null: the package brings none. */
  readonly config: string | null
}

const ON_LINUX: Places = {
  program: 'opt/drydock-agent',
  launcher: 'drydock-agent',
  config: 'etc/drydock-agent/agent.json',
}

/** Own bytes of a package: what each further distribution costs on the server's disk. */
const OWN_BYTES_MAX = 64 * 1024

export function describeWriter(subject: WriterCase): void {
  const { writer } = subject
  describe(`the ${writer.format} writer, as every writer,`, () => {
    describeBytes(subject)
    describeContent(subject)
    describeTargets(subject)
    describeLimits(subject)
  })
}

/** For formats that hold no version directory: everything but what is where in it. */
export function describeAppWriter(subject: AppWriterCase): void {
  const { writer } = subject
  describe(`the ${writer.format} writer, as every writer,`, () => {
    describeBytes(subject)
    describeTargets(subject)
    describeLimits(subject)
  })
}

/** For the first target that the format is for. */
function sampleFor(
  { supported, sample = sampleRelease }: Pick<WriterCase, 'supported' | 'sample'>,
  options: SampleOptions = {},
): ReturnType<typeof sampleRelease> {
  const [target] = supported
  if (target === undefined) throw new Error('a format is for some target')
  return sample({ ...options, spec: { target, ...options.spec } })
}

function describeBytes(subject: AppWriterCase): void {
  const { writer, lacks = [] } = subject
  it('gives the same bytes for the same spec', async () => {
    const left = await bytesOf(writer, sampleFor(subject))
    const right = await bytesOf(writer, sampleFor(subject))
    expect(Buffer.compare(left, right)).toBe(0)
  })

  it('leaves the spec as it was', async () => {
    const { spec, store } = sampleFor(subject)
    const before = structuredClone(spec)
    await writer.write(deepFreeze(spec), sampleNeeds(store))
    expect(spec).toEqual(before)
  })

  it('names every artifact once and whole, unless it cannot hold gzip members', async () => {
    if (lacks.includes('gzip-members')) return
    const sample = sampleFor(subject)
    const { spec } = sample
    const named = (await segmentsOf(writer, sample)).filter(({ kind }) => kind === 'artifact')
    const artifacts = [spec.launcher, ...spec.files.map((file) => file.artifact)]
    const whole = (artifact: ArtifactRef) => ({
      kind: 'artifact',
      digest: artifact.gzipDigest,
      offset: 0,
      length: artifact.gzipSize,
    })
    expect(named).toHaveLength(artifacts.length)
    expect(named).toEqual(expect.arrayContaining(artifacts.map(whole)))
  })

  it('costs few bytes of its own', async () => {
    const segments = await segmentsOf(writer, sampleFor(subject))
    const own = segments.filter((segment) => segment.kind === 'bytes')
    expect(lengthOf(own)).toBeLessThan(OWN_BYTES_MAX)
  })
}

function describeContent(subject: WriterCase): void {
  const { writer, read, scripts, places = ON_LINUX, lacks = [] } = subject
  async function readSample() {
    const sample = sampleFor(subject, { extraPaths: LONG_PATHS })
    return { ...sample, seen: await read(await bytesOf(writer, sample)) }
  }

  it('carries launcher, manifest, enrolment and the whole version directory', async () => {
    const { spec, store, seen } = await readSample()
    const { program, launcher } = places
    const expected = new Map<string, readonly [number, Uint8Array]>([
      [`${program}/${launcher}`, [0o755, store.contentOf(spec.launcher)]],
      [`${program}/enrolment.json`, [0o600, spec.enrolment]],
      [`${program}/seed/manifest.json`, [0o644, spec.manifest]],
      ...spec.files.map(
        (file) =>
          [
            `${program}/seed/${file.path}`,
            [file.executable ? 0o755 : 0o644, store.contentOf(file.artifact)],
          ] as const,
      ),
    ])
    for (const [path, [mode, bytes]] of expected) {
      const file = seen.files.get(path)
      expect(file, path).toBeDefined()
      if (!lacks.includes('modes')) expect([path, file?.mode]).toEqual([path, mode])
      expect(Buffer.compare(file?.bytes ?? new Uint8Array(), bytes), path).toBe(0)
    }
  })

  it('says which format brought it', async () => {
    const { seen } = await readSample()
    const file = seen.files.get(`${places.program}/installed-by`)
    expect(Buffer.from(file?.bytes ?? []).toString()).toBe(`${writer.format}\n`)
  })

  it('stamps every file with the time of the spec, where it has times', async () => {
    if (lacks.includes('times')) return
    const { seen } = await readSample()
    expect(new Set([...seen.files.values()].map((file) => file.modified))).toEqual(
      new Set([SAMPLE_TIMESTAMP]),
    )
  })

  it('keeps the file of the administrator', async () => {
    const kept = places.config === null ? [] : [places.config]
    expect((await readSample()).seen.configFiles).toEqual(kept)
  })

  it('has the scripts of its format', async () => {
    expect((await readSample()).seen.scripts).toEqual(scripts)
  })

  it('says its version', async () => {
    const { spec, seen } = await readSample()
    expect(seen.version).toBe(spec.version)
    expect(writer.fileName(spec)).toContain(spec.version)
  })
}

function describeTargets(subject: AppWriterCase): void {
  const { writer, supported, archNames, read } = subject
  it('supports the targets it is for, and no other', async () => {
    const all = PLATFORMS.flatMap((platform) =>
      ARCHES.flatMap((arch) => LIBCS.map((libc): Target => ({ platform, arch, libc }))),
    )
    expect(all.filter((target) => writer.supports(target))).toEqual(supported)
    const other = all.filter((target) => !writer.supports(target))
    for (const target of other) {
      expect(await refusalOf(subject, { target })).toMatch(/is not supported/)
    }
  })

  const arches = ARCHES.filter((arch) => supported.some((target) => target.arch === arch))
  it.each(arches)('maps the processor %s', async (arch) => {
    const target = supported.find((one) => one.arch === arch)
    if (target === undefined) throw new Error(`no supported target has ${arch}`)
    const seen = await read(await bytesOf(writer, sampleFor(subject, { spec: { target } })))
    expect(seen.arch).toBe(archNames[arch])
  })

  it('names a package of each target differently, unless it takes them all', () => {
    if (writer.takesAllTargets) return
    const names = supported.map((target) =>
      writer.fileName(sampleFor(subject, { spec: { target } }).spec),
    )
    expect(new Set(names).size).toBe(supported.length)
    for (const name of names) expect(name).toMatch(/^[a-z0-9._-]+$/)
  })
}

function describeLimits(subject: AppWriterCase): void {
  it.each([
    '../escape',
    'payload/../../escape',
    '/etc/passwd',
    'payload//twice',
    'payload/./dot',
    'payload/',
    '',
    'payload/line\nfeed',
    'payload\\windows',
    'C:/windows',
    'manifest.json',
    `payload/${'p'.repeat(200)}`,
    `payload/${'日'.repeat(81)}`,
    'payload/\ud800',
    `${sampleFor(subject).spec.files[0]?.path}/below-a-file`,
  ])('refuses the path %j', async (path) => {
    const { spec } = sampleFor(subject, { extraPaths: ['payload/victim'] })
    const files = spec.files.map((file) =>
      file.path === 'payload/victim' ? { ...file, path } : file,
    )
    expect(await refusalOf(subject, { files })).toMatch(/path|reserved|folder/)
  })

  const artifact = sampleFor(subject).spec.launcher
  it.each<readonly [string, Partial<PackageSpec>]>([
    ['an artifact beyond 2 GiB', { launcher: { ...artifact, size: 2 * 1024 ** 3 + 1 } }],
    ['an artifact of no size', { launcher: { ...artifact, size: Number.NaN } }],
    ['a compressed size below zero', { launcher: { ...artifact, gzipSize: -1 } }],
    ['an artifact without MD5', { launcher: { ...artifact, md5: '' } }],
    ['a time before 1970', { timestamp: -1 }],
    ['a time beyond a tar header', { timestamp: TIMESTAMP_MAX + 1 }],
    ['an enrolment beyond its limit', { enrolment: new Uint8Array(ENROLMENT_SIZE_MAX + 1) }],
    // Branding: what no parser would let through.
    ['a version that is none', { version: '1.2.3-4; rm -rf /' as AgentVersion }],
  ])('refuses %s', async (_, change) => {
    expect(await refusalOf(subject, change)).toMatch(/package-refused/)
  })

  it('refuses the same path twice', async () => {
    const { files } = sampleFor(subject).spec
    const twice = [...files, ...files.slice(-1)]
    expect(await refusalOf(subject, { files: twice })).toMatch(/there twice/)
  })

  it('takes an artifact of 2 GiB, where it names gzip members', async () => {
    const { writer, lacks = [] } = subject
    if (lacks.includes('gzip-members')) return
    const { spec, store } = sampleFor(subject)
    const large = { ...spec.launcher, size: 2 * 1024 ** 3, gzipSize: 2 * 1024 ** 3 }
    const needs = { ...sampleNeeds(store), digestOf: async () => artifact.digest }
    const named = await writer.write({ ...spec, launcher: large }, needs)
    expect(Math.max(...named.map(segmentLength))).toBe(2 * 1024 ** 3)
  })
}

async function refusalOf(subject: AppWriterCase, change: Partial<PackageSpec>): Promise<string> {
  const { spec, store } = sampleFor(subject)
  try {
    await subject.writer.write({ ...spec, ...change }, sampleNeeds(store))
  } catch (error) {
    if (error instanceof Fault && error.retry === 'never') return error.message
    throw error
  }
  return 'nothing was refused'
}

type Sample = { readonly spec: PackageSpec; readonly store: SampleStore }

function segmentsOf(writer: PackageWriter, sample: Sample): Promise<readonly Segment[]> {
  return writer.write(sample.spec, sampleNeeds(sample.store))
}

async function bytesOf(writer: PackageWriter, sample: Sample): Promise<Uint8Array> {
  return sample.store.assemble(await segmentsOf(writer, sample))
}

function deepFreeze<Value>(value: Value): Value {
  // Bytes cannot be frozen; `toEqual` compares them.
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const part of Object.values(value)) deepFreeze(part)
    Object.freeze(value)
  }
  return value
}
