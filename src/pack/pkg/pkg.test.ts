import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { describeNeeds, needs } from '../../../test/needs.ts'
import type { Arch, Target } from '../../base/platform.ts'
import { CKSUM_START, cksumOver, endCksum } from '../archive/cksum.ts'
import { readBom } from '../archive/read-bom.suite.ts'
import { expectGolden } from '../golden.suite.ts'
import type { Build, PackageSpec } from '../package-spec.ts'
import { LONG_PATHS, type SampleStore, sampleNeeds, sampleRelease } from '../sample.suite.ts'
import { describeWriter, type ReadPackage } from '../writer.suite.ts'
import { type Derived, type DerivedPart, lengthOf, type Segment } from '../writer.ts'
import { pkgWriter } from './pkg.ts'
import { type ReadComponent, type ReadProduct, readProduct, withFile } from './read-pkg.suite.ts'

const macOf = (arch: Arch): Target => ({ platform: 'macos', arch, libc: 'none' })
const golden = (name: string, text: string) =>
  expectGolden(join(import.meta.dirname, '_golden', name), text)

function readPkg(bytes: Uint8Array): ReadPackage {
  const { distribution, components } = readProduct(bytes)
  const all = [...components.values()]
  return {
    version: /<product id="example.drydock.agent" version="([^"]*)"/.exec(distribution)?.[1] ?? '',
    arch: [...distribution.matchAll(/#agent-(\w+)\.pkg/g)].map(([, arch]) => arch).join(),
    files: new Map(all.flatMap(({ files }) => [...files])),
    configFiles: [],
    scripts: all.flatMap(({ scripts }) => [...scripts.keys()]).sort(),
  }
}

describeNeeds(['bsdtar'], 'with bsdtar (needs bsdtar)', () => {
  describeWriter({
    writer: pkgWriter,
    supported: [macOf('x64'), macOf('arm64')],
    archNames: { x64: 'x64', arm64: 'arm64' },
    scripts: ['postinstall', 'preinstall'],
    read: async (bytes) => readPkg(bytes),
    places: { program: 'opt/drydock-agent', launcher: 'drydock-agent', config: null },
    lacks: ['gzip-members'],
  })
})

type Sample = { readonly spec: PackageSpec; readonly store: SampleStore }

/** Builds for both processors, which differ. */
function sampleOfBoth(paths: readonly string[] = []): Sample {
  const { spec, store } = sampleRelease({ spec: { target: macOf('x64') }, extraPaths: paths })
  const other: Build = {
    target: macOf('arm64'),
    launcher: store.add(Buffer.from('#!/bin/sh\n# for arm64\n')),
    files: spec.files.filter(({ path }) => path === 'agent.mjs'),
    manifest: Buffer.from('{"sample":"manifest for arm64"}\n'),
  }
  return { spec: { ...spec, otherBuilds: [other] }, store }
}

async function segmentsOf({ spec, store }: Sample): Promise<readonly Segment[]> {
  return await pkgWriter.write(spec, sampleNeeds(store))
}

async function productOf(sample: Sample): Promise<ReadProduct> {
  return readProduct(sample.store.assemble(await segmentsOf(sample)))
}

function componentOf(product: ReadProduct, name: string): ReadComponent {
  const component = product.components.get(name)
  if (component === undefined) throw new Error(`there is no ${name}`)
  return component
}

describeNeeds(['bsdtar'], 'the pkg writer (needs bsdtar)', () => {
  const sample = sampleOfBoth(LONG_PATHS)
  let product: ReadProduct = { distribution: '', components: new Map() }
  beforeAll(async () => {
    product = await productOf(sample)
  })

  it('writes what the installer reads first as it was reviewed', () => {
    golden('Distribution', product.distribution)
  })

  it.each(['agent-x64.pkg', 'agent-arm64.pkg', 'config.pkg'])('writes %s as reviewed', (name) => {
    const component = componentOf(product, name)
    golden(`${name}-PackageInfo`, component.packageInfo)
    for (const [script, text] of component.scripts) golden(`${name}-${script}`, text)
    const lines = readBom(component.bom).map(({ path, mode, size, owner, checksum }) => {
      return `${mode.toString(8).padStart(6, '0')} ${owner.join('/')} ${size} ${checksum} ${path}\n`
    })
    golden(`${name}-Bom`, lines.join(''))
  })

  it.each(['opt/drydock-agent/uninstall.sh', 'Library/LaunchDaemons/example.drydock.agent.plist'])(
    'brings %s as reviewed',
    (path) => {
      const { files } = componentOf(product, 'agent-arm64.pkg')
      golden(path.split('/').at(-1) ?? '', Buffer.from(files.get(path)?.bytes ?? []).toString())
    },
  )

  it('lists in each bill of materials what the payload holds', () => {
    for (const { bom, files, folders } of product.components.values()) {
      const listed = readBom(bom).filter(({ path }) => path !== '.')
      const seen = [...files, ...folders].map(([path, { mode, modified, bytes }]) => ({
        path: `./${path}`,
        type: files.has(path) ? 1 : 2,
        mode: mode | (files.has(path) ? 0o100000 : 0o40000),
        owner: [0, 0],
        modified,
        size: bytes.length,
        checksum: files.has(path) ? endCksum(cksumOver(CKSUM_START, bytes)) : 0,
      }))
      const byPath = (left: { path: string }, right: { path: string }) =>
        left.path < right.path ? -1 : 1
      expect(listed.toSorted(byPath)).toEqual(seen.toSorted(byPath))
    }
  })

  it('gives each processor its own build', () => {
    const [x64, arm64] = ['agent-x64.pkg', 'agent-arm64.pkg'].map((name) => {
      const { files } = componentOf(product, name)
      const textAt = (path: string) => Buffer.from(files.get(path)?.bytes ?? []).toString()
      return ['drydock-agent', 'seed/manifest.json'].map((p) => textAt(`opt/drydock-agent/${p}`))
    })
    const [other] = sample.spec.otherBuilds
    const texts = ({ launcher, manifest }: Build) =>
      [sample.store.contentOf(launcher), manifest].map((bytes) => Buffer.from(bytes).toString())
    expect(x64).toEqual(texts(sample.spec))
    expect(arm64).toEqual(other === undefined ? [] : texts(other))
  })

  it('has one gzip member in each payload', () => {
    for (const { payload } of product.components.values()) {
      const archive = gunzipSync(payload)
      expect(archive.subarray(-11).toString('latin1')).toBe('TRAILER!!!\0')
      const size = Buffer.from(payload.subarray(-4)).readUInt32LE()
      expect(size).toBe(archive.length)
    }
  })

  it.skipIf(!needs('7z')).each(['bsdtar', '7z'] as const)(
    'is refused by %s when a byte of its payload is another (needs 7z)',
    async (by) => {
      const segments = await segmentsOf(sample)
      const bytes = sample.store.assemble(segments)
      const payloadAt = lengthOf(segments.slice(0, segments.findIndex(isArtifact)))
      const words = { bsdtar: ['-xOf'], '7z': ['t'] }[by]
      const statuses = [bytes, flipped(bytes, payloadAt + 100)].map((each) =>
        withFile(each, (file) => spawnSync(by, [...words, file]).status),
      )
      expect(statuses).toEqual([0, by === '7z' ? 2 : 1])
    },
  )

  it('refuses two builds for one processor, and a time beyond 32 bits', async () => {
    const { spec, store } = sampleOfBoth()
    const twice = { ...spec, otherBuilds: [spec] }
    await expect(segmentsOf({ spec: twice, store })).rejects.toThrow(/two builds for one/)
    const late = { ...spec, timestamp: 2 ** 32 }
    await expect(segmentsOf({ spec: late, store })).rejects.toThrow(/beyond the year 2106/)
  })

  it('refuses what is wrong in the other build, too', async () => {
    const { spec, store } = sampleOfBoth()
    const [other] = spec.otherBuilds
    if (other === undefined) throw new Error('there is another build')
    const files = other.files.map((file) => ({ ...file, path: '../escape' }))
    const bad = { ...spec, otherBuilds: [{ ...other, files }] }
    await expect(segmentsOf({ spec: bad, store })).rejects.toThrow(/macos-arm64.*not portable/)
  })
})

function isArtifact({ kind }: Segment): boolean {
  return kind === 'artifact'
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
}

describe('the parts of a pkg that are made once', () => {
  const partsOf = async (sample: Sample) => {
    const parts: DerivedPart[] = []
    const derive = (part: DerivedPart): Promise<Derived> => {
      parts.push(part)
      return sample.store.derive(part)
    }
    await pkgWriter.write(sample.spec, { ...sampleNeeds(sample.store), derive })
    return parts.map(({ recipe, parameters, sources }) => ({ recipe, parameters, sources }))
  }

  it('are the same for every distribution, and known ahead', async () => {
    const sample = sampleOfBoth()
    const other = { ...sample, spec: { ...sample.spec, enrolment: Buffer.from('another') } }
    const ahead = pkgWriter.partsAhead(sample.spec).map(({ recipe, parameters, sources }) => {
      return { recipe, parameters, sources }
    })
    expect(ahead).toHaveLength(2)
    expect(await partsOf(sample)).toEqual(ahead)
    expect(await partsOf(other)).toEqual(ahead)
  })

  it.each<readonly [string, (spec: PackageSpec) => Partial<PackageSpec>]>([
    ['version', () => ({ version: '1.2.3.5' as PackageSpec['version'] })],
    ['time', ({ timestamp }) => ({ timestamp: timestamp + 1 })],
    ['manifest', () => ({ manifest: Buffer.from('{}') })],
    ['mode of a file', ({ files }) => ({ files: files.map((f) => ({ ...f, executable: true })) })],
  ])('are others for another %s', async (_, change) => {
    const sample = sampleOfBoth()
    const changed = { ...sample, spec: { ...sample.spec, ...change(sample.spec) } }
    const [before, after] = [await partsOf(sample), await partsOf(changed)]
    expect(after[0]).not.toEqual(before[0])
  })

  it('are not made of an artifact that is not what its release says', async () => {
    const { spec, store } = sampleOfBoth()
    const launcher = { ...spec.launcher, size: spec.launcher.size + 1 }
    const written = segmentsOf({ spec: { ...spec, launcher }, store })
    await expect(written).rejects.toThrow(/artifact-damaged/)
  })
})

describe('the choice of a component', () => {
  /** `value`: what the Mac says of `hw.optional.arm64`; undefined: it does not know the name. */
  const chosenOn = async (target: Target, both: boolean, value: number | undefined) => {
    const sample = both ? sampleOfBoth() : sampleRelease({ spec: { target } })
    const text = await distributionOf(sample)
    const script = /<!\[CDATA\[(.*)\]\]>/s.exec(text)?.[1] ?? ''
    const result: Record<string, unknown> = {}
    const context = { system: { sysctl: () => value }, my: { result } }
    const ask = (words: string) => runInNewContext(`${script}\n${words}`, context)
    const choices = [...text.matchAll(/<choice id="([^"]+)"[^>]* selected="([^"]+)"/g)]
    const chosen = choices.filter(([, , when]) => ask(when ?? '')).map(([, id]) => id)
    return { isAllowed: ask('hasBuild()'), chosen, message: result.message }
  }

  it.each([
    [true, macOf('x64'), undefined, ['x64', 'config']],
    [true, macOf('x64'), 0, ['x64', 'config']],
    [true, macOf('x64'), 1, ['arm64', 'config']],
    [false, macOf('x64'), undefined, ['x64', 'config']],
    [false, macOf('arm64'), 1, ['arm64', 'config']],
  ] as const)('both: %s, %j, on a Mac that says %j, is %j', async (both, target, value, ids) => {
    expect(await chosenOn(target, both, value)).toMatchObject({ isAllowed: true, chosen: ids })
  })

  it.each([
    [macOf('x64'), 1, 'It holds the agent for: Intel.'],
    [macOf('arm64'), undefined, 'It holds the agent for: Apple silicon.'],
  ] as const)('is refused where there is no build: %j on %j', async (target, value, message) => {
    expect(await chosenOn(target, false, value)).toMatchObject({ isAllowed: false, message })
  })
})

/** It is stored as it is. */
async function distributionOf(sample: Sample): Promise<string> {
  const texts = (await segmentsOf(sample)).flatMap((segment) =>
    segment.kind === 'bytes' ? [Buffer.from(segment.bytes).toString('latin1')] : [],
  )
  return texts.find((text) => text.includes('<installer-gui-script')) ?? ''
}
