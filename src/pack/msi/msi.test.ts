import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import { Fault } from '../../base/fault.ts'
import type { Arch, Target } from '../../base/platform.ts'
import { expectGolden } from '../golden.suite.ts'
import type { PackageSpec } from '../package-spec.ts'
import {
  type SampleOptions,
  type SampleStore,
  sampleNeeds,
  sampleRelease,
} from '../sample.suite.ts'
import { describeWriter } from '../writer.suite.ts'
import { lengthOf, type PackageWriter, type Segment } from '../writer.ts'
import { msiUpgradeWriter, msiWriter } from './msi.ts'
import { sampleProgram } from './program.suite.ts'
import { type ReadMsi, type ReadRow, readMsi } from './read-msi.suite.ts'

const windowsOn = (arch: Arch): Target => ({ platform: 'windows', arch, libc: 'none' })
const target = windowsOn('x64')

describeWriter({
  writer: msiWriter,
  supported: [windowsOn('x64'), windowsOn('arm64')],
  archNames: { x64: 'x64', arm64: 'Arm64' },
  scripts: ['Purge'],
  read: async (bytes) => {
    const { tables, summary, files } = readMsi(bytes)
    const actions = tables.get('CustomAction') ?? []
    return {
      version: propertiesOf(tables).get('ProductVersion') ?? '',
      arch: String(summary.get(7)).split(';')[0] ?? '',
      files,
      configFiles: [],
      // Those that run something; the others set properties.
      scripts: actions
        .filter(({ Type }) => (Number(Type) & 63) !== 51)
        .map((row) => String(row.Action)),
    }
  },
  places: { program: 'Program Files/Drydock Agent', launcher: 'drydock-agent.exe', config: null },
  lacks: ['modes', 'gzip-members'],
})

type Sample = { readonly spec: PackageSpec; readonly store: SampleStore }

function sample(options: SampleOptions = {}): Sample {
  return sampleRelease({ ...options, spec: { target, ...options.spec } })
}

async function segmentsOf(writer: PackageWriter, { spec, store }: Sample) {
  return await writer.write(spec, sampleNeeds(store))
}

async function read(writer: PackageWriter, from: Sample = sample()): Promise<ReadMsi> {
  return readMsi(from.store.assemble(await segmentsOf(writer, from)))
}

function propertiesOf(tables: ReadMsi['tables']): ReadonlyMap<string, string> {
  const rows = tables.get('Property') ?? []
  return new Map(rows.map(({ Property, Value }) => [String(Property), String(Value)]))
}

function textOf(tables: ReadMsi['tables'], isShown: (table: string) => boolean): string {
  const lines = [...tables].filter(([name]) => isShown(name)).toSorted()
  return lines
    .map(([name, rows]) => `[${name}]\n${rows.map(lineOf).toSorted().join('')}`)
    .join('\n')
}

function lineOf(row: ReadRow): string {
  return `${Object.values(row)
    .map((cell) => cell ?? '')
    .join(' | ')}\n`
}

/** What a tool that edits packages would say of a cell. */
function flawOfCell(rule: ReadRow, cell: string | number | null, tables: ReadMsi['tables']) {
  const { Nullable, MinValue, MaxValue, KeyTable, Set: set } = rule
  if (cell === null) return Nullable === 'Y' ? null : 'is null'
  if (MinValue !== null && Number(cell) < Number(MinValue)) return `${cell} is too small`
  if (MaxValue !== null && Number(cell) > Number(MaxValue)) return `${cell} is too large`
  if (set !== null && !String(set).split(';').includes(String(cell))) return `${cell} is another`
  const keys = (tables.get(String(KeyTable)) ?? []).map((row) => Object.values(row)[0])
  return KeyTable === null || keys.includes(cell) ? null : `${cell} is not in ${KeyTable}`
}

describe('the msi writers', () => {
  it.each([msiWriter, msiUpgradeWriter])(
    'write the tables as they were reviewed',
    async (writer) => {
      const { tables } = await read(writer)
      const text = textOf(tables, (name) => name !== '_Validation')
      expectGolden(join(import.meta.dirname, '_golden', writer.format), text)
    },
  )

  it('say of every column what it may hold, and keep to it', async () => {
    const { tables } = await read(msiWriter)
    expectGolden(
      join(import.meta.dirname, '_golden', 'validation'),
      textOf(tables, (name) => name === '_Validation'),
    )
    for (const rule of tables.get('_Validation') ?? []) {
      for (const row of tables.get(String(rule.Table)) ?? []) {
        expect([rule, flawOfCell(rule, row[String(rule.Column)] ?? null, tables)]).toEqual([
          rule,
          null,
        ])
      }
    }
  })

  it('say what Explorer and msiexec ask first', async () => {
    const { summary, classId } = await read(msiWriter)
    expect(classId).toBe('84100c0000000000c000000000000046')
    expect([1, 7, 14, 15, 19].map((id) => summary.get(id))).toEqual([65_001, 'x64;1033', 500, 2, 2])
    expect(summary.get(9)).toMatch(/^\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}$/)
  })

  it('give every package its own codes, and the same one the same', async () => {
    const codesOf = async (writer: PackageWriter, change: Partial<PackageSpec> = {}) => {
      const { tables, summary } = await read(writer, sample({ spec: change }))
      return [String(summary.get(9)), propertiesOf(tables).get('ProductCode')]
    }
    const enrolment = utf8('{"another":"distribution"}')
    const all = [
      await codesOf(msiWriter),
      await codesOf(msiUpgradeWriter),
      await codesOf(msiWriter, { enrolment }),
      await codesOf(msiWriter, { target: windowsOn('arm64') }),
      await codesOf(msiWriter, { manifest: utf8('{"another":"release"}') }),
    ].flat()
    expect(new Set(all).size).toBe(all.length)
    expect(await codesOf(msiWriter)).toEqual(all.slice(0, 2))
  })

  it('declare the version that a program says of itself, and the hash of what says none', async () => {
    const { spec, store } = sample()
    const launcher = store.add(sampleProgram([1, 4, 5, 0]))
    const { tables } = await read(msiWriter, { spec: { ...spec, launcher }, store })
    const files = tables.get('File') ?? []
    expect(files.find(({ File }) => File === 'Launcher')).toMatchObject({
      Version: '1.4.5.0',
      Language: '1033',
    })
    const hashes = new Map((tables.get('MsiFileHash') ?? []).map((row) => [row.File_, row]))
    expect(hashes.has('Launcher')).toBe(false)
    expect(hashes.size).toBe(files.length - 1)
    const md5 = Buffer.alloc(16)
    const parts = Object.values(hashes.get('InstalledBy') ?? {}).slice(2)
    for (const [index, part] of parts.entries()) md5.writeInt32LE(Number(part), 4 * index)
    expect(md5.toString('hex')).toBe(createHash('md5').update('msi\n').digest('hex'))
  })
})

describe('what a further package costs', () => {
  const count = 10_000
  const names = Array.from({ length: count - 4 }, (_, index) => `payload/d${index % 700}/f${index}`)
  const large = sample({ extraPaths: names })
  const own = (segments: readonly Segment[]) =>
    lengthOf(segments.filter(({ kind }) => kind === 'bytes'))

  it('is less than 64 KiB, with ten thousand files, too', async () => {
    const segments = await segmentsOf(msiWriter, large)
    expect(own(segments)).toBeLessThan(32 * 1024)
    const { files, tables } = readMsi(large.store.assemble(segments))
    expect(files.size).toBe(count + 5)
    expect(tables.get('Feature')).toHaveLength(11)
    const path = `Program Files/Drydock Agent/seed/${names.at(-1)}`
    expect(files.get(path)?.bytes.toString()).toBe(`content of ${names.at(-1)}\n`)
  }, 60_000)

  it('shares all long parts with other distributions, and the cabinet with the other kind', async () => {
    const { spec, store } = sample()
    const other = { spec: { ...spec, enrolment: utf8('{"of":"another"}') }, store }
    const sharedBy = async (writer: PackageWriter, from: Sample) =>
      (await segmentsOf(writer, from)).flatMap((one) =>
        one.kind === 'artifact' ? [one.digest] : [],
      )
    const [cabinet, , tables] = await sharedBy(msiWriter, { spec, store })
    expect(new Set(await sharedBy(msiWriter, other))).toEqual(new Set([cabinet, tables]))
    expect(await sharedBy(msiUpgradeWriter, other)).toContain(cabinet)
  })

  it('makes the cabinet ahead, once for both kinds', async () => {
    const { spec, store } = sample()
    const [ahead, ...others] = msiWriter.partsAhead(spec)
    expect([others, msiUpgradeWriter.partsAhead(spec)]).toEqual([[], []])
    const asked: string[] = []
    const needs = {
      ...sampleNeeds(store),
      derive: async (part: Parameters<SampleStore['derive']>[0]) => {
        asked.push(JSON.stringify([part.recipe, part.parameters]))
        return await store.derive(part)
      },
    }
    await msiWriter.write(spec, needs)
    await msiUpgradeWriter.write(spec, needs)
    const key = JSON.stringify([ahead?.recipe, ahead?.parameters])
    expect(asked.filter((each) => each === key)).toHaveLength(2)
  })
})

/** Without what fills its stream. */
function cabinetIn(streams: ReadMsi['streams']): Buffer {
  const stream = streams.get('0Cabinet') ?? Buffer.alloc(12)
  return stream.subarray(0, stream.readUInt32LE(8))
}

describe('a signature', () => {
  it('is over the streams in the order of their names, the large cabinet first', async () => {
    const from = sample()
    const asked: string[] = []
    const needs = sampleNeeds(from.store)
    let hashed: readonly Segment[] = []
    const signature = Buffer.alloc(5000, 7)
    const segments = await msiWriter.write(from.spec, {
      ...needs,
      digestOf: (given) => {
        hashed = given
        return needs.digestOf(given)
      },
      signAuthenticode: async ({ digest }) => {
        asked.push(digest)
        return signature
      },
    })
    const { raw, streams } = readMsi(from.store.assemble(segments))
    expect(raw.get('\u0005DigitalSignature')?.equals(signature)).toBe(true)
    const signed = [...raw].filter(([name]) => name !== '\u0005DigitalSignature')
    const key = ([name]: (typeof signed)[number]) => Buffer.from(name, 'utf16le')
    signed.sort((left, right) => Buffer.compare(key(left), key(right)))
    const classId = Buffer.from('84100c0000000000c000000000000046', 'hex')
    const content = Buffer.concat([...signed.map(([, bytes]) => bytes), classId])
    expect(asked).toEqual([digestOf(content)])
    // What is read once and remembered is the large cabinet; all that differs is behind it.
    const last = hashed.findLastIndex(({ kind }) => kind === 'artifact')
    const { length } = cabinetIn(streams)
    expect(lengthOf(hashed.slice(0, last + 1))).toBe(length)
  })
})

describe('what Windows would not take', () => {
  async function refusal(
    change: Partial<PackageSpec>,
    options: SampleOptions = {},
  ): Promise<string> {
    const { spec, store } = sample(options)
    try {
      await msiWriter.write({ ...spec, ...change }, sampleNeeds(store))
    } catch (error) {
      if (error instanceof Fault && error.retry === 'never') return error.message
      throw error
    }
    return 'nothing was refused'
  }

  it.each([
    ['payload/a<b', /character that Windows forbids/],
    ['payload/what?', /character that Windows forbids/],
    ['payload/dot.', /ends with a dot/],
    ['payload/space /x', /ends with a dot or a space/],
    ['payload/CON', /name of a device/],
    ['payload/nul.txt', /name of a device/],
    ['payload/lpt¹.log', /name of a device/],
    ['Manifest.json', /reserved/],
    ['payload/EMPTY', /are one on Windows/],
    ['Payload/x', /are one on Windows/],
  ])('is refused: the path %s', async (path, words) => {
    expect(await refusal({}, { extraPaths: [path] })).toMatch(words)
  })

  it.each(['256.0.0.0', '0.256.0.0', '0.0.65536.0'])(
    'is refused: the version %s',
    async (version) => {
      expect(await refusal({}, { version })).toMatch(/255\.255\.65535/)
    },
  )

  it('is refused: more than a package holds, with the number', async () => {
    const { launcher } = sample().spec
    const size = 2_000_000_000
    expect(await refusal({ launcher: { ...launcher, size } })).toMatch(/holds 2000000000/)
  })

  it('is not refused: the last number of a version, which only we look at', async () => {
    const { tables } = await read(msiWriter, sample({ version: '255.255.65535.999999999' }))
    const conditions = (tables.get('LaunchCondition') ?? []).map(({ Condition }) => Condition)
    expect(conditions).toEqual([
      'Installed OR NOT (WAS_VERSION > "v000000255.000000255.000065535.999999999")',
    ])
  })

  it('has short names that are there once, and long ones that stay', async () => {
    const extraPaths = ['x', 'F~1.TXT', 'long name.txt', 'long name 2.txt', '.hidden', 'a.b.c', 'ä']
    const paths = extraPaths.map((name) => `payload/names/${name}`)
    const { tables, files } = await read(msiWriter, sample({ extraPaths: paths }))
    const names = (tables.get('File') ?? []).map(({ FileName }) => String(FileName))
    const shorts = names.map((name) => name.split('|')[0]?.toUpperCase() ?? '')
    expect(shorts.every((name) => /^[^. ]{1,8}(\.[^. ]{1,3})?$/.test(name))).toBe(true)
    const inFolder = names.filter((name) => extraPaths.includes(name.split('|').at(-1) ?? ''))
    expect(new Set(inFolder.map((name) => name.split('|')[0]?.toUpperCase())).size).toBe(7)
    for (const path of paths)
      expect([...files.keys()]).toContain(`Program Files/Drydock Agent/seed/${path}`)
  })
})
