import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../base/digest.ts'
import { expectGolden } from '../golden.suite.ts'
import { type SampleOptions, sampleNeeds, sampleRelease } from '../sample.suite.ts'
import { describeWriter, type ReadPackage } from '../writer.suite.ts'
import type { Segment } from '../writer.ts'
import { numbersOf, openRpm, pathsOf, type ReadHeader, textsOf } from './read-rpm.suite.ts'
import { rpmWriter } from './rpm.ts'

const SCRIPT_TAGS = { pre: 1023, post: 1024, preun: 1025, postun: 1026, posttrans: 1152 } as const

/** Those that have one value for each file. */
const FILE_TAGS = [
  ...[1028, 1030, 1033, 1034, 1035, 1036, 1037, 1039, 1040, 1045],
  ...[1095, 1096, 1097, 1116, 1117, 1118],
]

describeWriter({
  writer: rpmWriter,
  supported: [
    { platform: 'linux', arch: 'x64', libc: 'glibc' },
    { platform: 'linux', arch: 'arm64', libc: 'glibc' },
  ],
  archNames: { x64: 'x86_64', arm64: 'aarch64' },
  scripts: ['post', 'posttrans', 'postun', 'pre', 'preun'],
  read: async (bytes) => readRpm(bytes),
})

function readRpm(bytes: Uint8Array): ReadPackage {
  const { header, files } = openRpm(bytes)
  const paths = pathsOf(header)
  const flags = numbersOf(header, 1037)
  const configAndNoReplace = 1 | 16
  return {
    version: textsOf(header, 1001)[0] ?? 'missing',
    arch: textsOf(header, 1022)[0] ?? 'missing',
    files: new Map(
      files
        .filter((file) => file.mode >> 12 === 0o10)
        .map(({ path, mode, modified, bytes }) => [path, { mode: mode & 0o7777, modified, bytes }]),
    ),
    configFiles: paths.filter((_, index) => flags[index] === configAndNoReplace),
    scripts: Object.entries(SCRIPT_TAGS)
      .flatMap(([name, tag]) => (header.tags.has(tag) ? [name] : []))
      .sort(),
  }
}

async function rpmOf(options: SampleOptions = {}): Promise<Uint8Array> {
  const { spec, store } = sampleRelease(options)
  return store.assemble(await rpmWriter.write(spec, sampleNeeds(store)))
}

describe('the rpm writer', async () => {
  const { lead, signature, header, payload, files } = openRpm(await rpmOf())

  it.each(Object.entries(SCRIPT_TAGS))('writes %s as it was reviewed', (name, tag) => {
    expectGolden(join(import.meta.dirname, '_golden', name), textsOf(header, tag)[0] ?? '')
  })

  it('says of itself what was reviewed', () => {
    const elsewhere: readonly number[] = [...FILE_TAGS, 5092, ...Object.values(SCRIPT_TAGS)]
    const isReviewed = (tag: number) => !elsewhere.includes(tag)
    const lines = [...header.tags.keys()]
      .filter(isReviewed)
      .map((tag) => `${tag}: ${textsOf(header, tag).join(' | ')}\n`)
    expectGolden(join(import.meta.dirname, '_golden', 'header'), lines.join(''))
  })

  it('lists what it installs as it was reviewed', () => {
    const modes = numbersOf(header, 1030)
    const flags = numbersOf(header, 1037)
    const links = textsOf(header, 1036)
    const lines = pathsOf(header).map((path, index) => {
      const link = links[index] === '' ? '' : ` -> ${links[index]}`
      return `${modes[index]?.toString(8).padStart(6, '0')} ${flags[index]} ${path}${link}\n`
    })
    expectGolden(join(import.meta.dirname, '_golden', 'contents'), lines.join(''))
  })

  it('lists of every file what the payload holds', () => {
    const listed = pathsOf(header).map((path, index) => ({
      path,
      inode: numbersOf(header, 1096)[index],
      mode: numbersOf(header, 1030)[index],
      modified: numbersOf(header, 1034)[index],
      size: numbersOf(header, 1028)[index],
      digest: textsOf(header, 1035)[index],
    }))
    const isFile = (mode: number) => mode >> 12 === 0o10
    const held = files.map(({ path, inode, mode, modified, bytes }) => {
      const digest = isFile(mode) ? digestOf(bytes) : ''
      return { path, inode, mode, modified, size: bytes.length, digest }
    })
    const byPath = (left: { path: string }, right: { path: string }) =>
      Buffer.compare(Buffer.from(left.path), Buffer.from(right.path))
    expect(listed).toEqual(held.toSorted(byPath))
    expect(numbersOf(header, 1009)).toEqual([files.reduce((sum, one) => sum + one.bytes.length, 0)])
  })

  it('has the digests of its header in the signature, and that of its payload in the header', () => {
    const sha1 = createHash('sha1').update(header.bytes).digest('hex')
    expect(textsOf(signature, 269)).toEqual([sha1])
    expect(textsOf(signature, 273)).toEqual([digestOf(header.bytes)])
    expect(textsOf(header, 5092)).toEqual([digestOf(payload)])
  })

  it('has the sizes of header, payload and archive in the signature', () => {
    const archive = files.reduce((sum, { path, bytes }) => {
      const whole = (length: number) => Math.ceil(length / 4) * 4
      return sum + whole(110 + Buffer.byteLength(`./${path}`) + 1) + whole(bytes.length)
    }, 124)
    expect(numbersOf(signature, 1000)).toEqual([header.bytes.length + payload.length])
    expect(numbersOf(signature, 1007)).toEqual([archive])
  })

  it('begins with a lead that says little', () => {
    expect(Buffer.from(lead.subarray(4, 10)).toString('hex')).toBe('030000000001')
    expect(Buffer.from(lead.subarray(10, 40)).toString()).toBe(
      'drydock-agent-1.2.3.4-1\0\0\0\0\0\0\0',
    )
    expect(Buffer.from(lead.subarray(76, 80)).toString('hex')).toBe('00010005')
  })

  it('differs between two distributions of a release only behind the last artifact', async () => {
    const { spec, store } = sampleRelease()
    const seen: string[] = []
    const needs = {
      ...sampleNeeds(store),
      digestOf: async (segments: readonly Segment[]) => {
        const end = segments.findLastIndex(({ kind }) => kind === 'artifact') + 1
        seen.push(JSON.stringify(segments.slice(0, end)))
        return spec.launcher.digest
      },
    }
    await rpmWriter.write(spec, needs)
    await rpmWriter.write({ ...spec, enrolment: Buffer.from('another') }, needs)
    expect(seen[0] === seen[1]).toBe(true)
    expect(files.at(-1)?.path).toBe('opt/drydock-agent/enrolment.json')
  })

  it('keeps a hostile description inside its field', async () => {
    const description = 'one\rRequires: evil\u0000evil\u0085\n \t\nend'
    const hostile = openRpm(await rpmOf({ spec: { description } })).header
    expect(textsOf(hostile, 1004)).toEqual(['one'])
    expect(textsOf(hostile, 1005)).toEqual(['one\nRequires: evil evil\n\nend'])
    expect(withoutText(hostile)).toEqual(withoutText(header))
  })

  it.each([
    ['4 GiB of files', 3, { size: 1.5 * 1024 ** 3 }, /the files would have \d+ bytes/],
    ['a payload of 4 GiB', 3, { gzipSize: 1.5 * 1024 ** 3 }, /the package would have \d+ bytes/],
  ])('refuses %s', async (_, count, change, message) => {
    const { spec, store } = sampleRelease()
    const artifact = { ...spec.launcher, ...change }
    const large = [...Array(count).keys()].map((n) => {
      return { path: `payload/${n}`, executable: false, artifact }
    })
    const needs = { ...sampleNeeds(store), digestOf: async () => artifact.digest }
    const written = rpmWriter.write({ ...spec, files: large }, needs)
    await expect(written).rejects.toThrow(message)
  })

  it('refuses a time beyond 32 bits', async () => {
    await expect(rpmOf({ spec: { timestamp: 2 ** 32 } })).rejects.toThrow(/beyond the year 2106/)
  })
})

/** What must not change with the description. */
function withoutText(header: ReadHeader) {
  return new Map([...header.tags].filter(([tag]) => tag !== 1004 && tag !== 1005))
}
