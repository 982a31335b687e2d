/**
 * A reader of packages for tests: the streams, the tables and the files as Windows Installer sees
 * them. It shares nothing with the writer.
 */
import { strict as assert } from 'node:assert'
import { type ReadCabinetFile, readCabinet } from '../archive/read-cab.suite.ts'
import { readCompound } from '../archive/read-cfb.suite.ts'
import type { ReadFile } from '../writer.suite.ts'

export type ReadRow = Readonly<Record<string, string | number | null>>

export type ReadMsi = {
  /** By their names as they are written, and as they are meant. */
  readonly raw: ReadonlyMap<string, Buffer>
  readonly streams: ReadonlyMap<string, Buffer>
  readonly tables: ReadonlyMap<string, readonly ReadRow[]>
  readonly files: ReadonlyMap<string, ReadFile>
  readonly summary: ReadonlyMap<number, string | number | bigint>
  readonly classId: string
}

const PACKED = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._'

export function readMsi(bytes: Uint8Array): ReadMsi {
  const { streams: raw, classId } = readCompound(bytes)
  const streams = new Map([...raw].map(([name, content]) => [meantName(name), content]))
  const tables = readTables(streams)
  const summary = readSummary(streams.get('\u0005SummaryInformation') ?? Buffer.alloc(0))
  return { raw, streams, tables, summary, classId, files: readFiles(streams, tables) }
}

/** Tables get a `!` in front, as other tools show them. */
function meantName(packed: string): string {
  return [...packed]
    .map((unit) => {
      const code = unit.charCodeAt(0)
      if (code === 0x4840) return '!'
      if (code >= 0x4800 && code < 0x4840) return PACKED[code - 0x4800]
      if (code < 0x3800 || code >= 0x4800) return unit
      return `${PACKED[(code - 0x3800) & 63]}${PACKED[(code - 0x3800) >> 6]}`
    })
    .join('')
}

type Column = { readonly name: string; readonly type: number }

function readTables(streams: ReadonlyMap<string, Buffer>): Map<string, readonly ReadRow[]> {
  const strings = readStrings(streams)
  const rowsOf = (name: string, columns: readonly Column[]) =>
    readRows(streams.get(`!${name}`) ?? Buffer.alloc(0), columns, strings)
  const text = 0xd40
  const catalogue = rowsOf('_Columns', [
    { name: 'Table', type: text },
    { name: 'Number', type: 0x502 },
    { name: 'Name', type: text },
    { name: 'Type', type: 0x502 },
  ])
  const names = rowsOf('_Tables', [{ name: 'Name', type: text }]).map(({ Name }) => String(Name))
  return new Map(
    names.map((name) => {
      const columns = catalogue
        .filter(({ Table }) => Table === name)
        .toSorted((left, right) => Number(left.Number) - Number(right.Number))
        .map(({ Name, Type }) => ({ name: String(Name), type: Number(Type) }))
      return [name, rowsOf(name, columns)]
    }),
  )
}

/** Every string is used as often as the pool says, which the rows are not asked here. */
function readStrings(streams: ReadonlyMap<string, Buffer>): readonly (string | null)[] {
  const pool = streams.get('!_StringPool') ?? Buffer.alloc(4)
  const data = streams.get('!_StringData') ?? Buffer.alloc(0)
  assert.equal(pool.readUInt32LE(0), 65_001)
  const strings: (string | null)[] = [null]
  let at = 0
  for (let entry = 4; entry < pool.length; entry += 4) {
    const length = pool.readUInt16LE(entry)
    assert.ok(pool.readUInt16LE(entry + 2) > 0, 'a string is used')
    strings.push(data.toString('utf8', at, at + length))
    at += length
  }
  assert.equal(at, data.length, 'the strings fill their stream')
  return strings
}

function readRows(
  bytes: Buffer,
  columns: readonly Column[],
  strings: readonly (string | null)[],
): readonly ReadRow[] {
  const widths = columns.map(({ type }) => (isText(type) || (type & 0xff) === 2 ? 2 : 4))
  const rowLength = widths.reduce((sum, width) => sum + (width ?? 0), 0)
  const count = bytes.length / rowLength
  assert.ok(Number.isInteger(count), 'rows are whole')
  const rows = Array.from({ length: count }, (): Record<string, string | number | null> => ({}))
  let at = 0
  for (const [index, { name, type }] of columns.entries()) {
    const width = widths[index] ?? 2
    for (const row of rows) {
      row[name] = cellOf(bytes.readUIntLE(at, width), { type, width }, strings)
      at += width
    }
  }
  return rows
}

/** Text and streams, which the type marks as it does text of no length. */
function isText(type: number): boolean {
  return (type & 0x800) !== 0
}

function cellOf(
  value: number,
  { type, width }: { readonly type: number; readonly width: number },
  strings: readonly (string | null)[],
): string | number | null {
  if ((type & 0xf00) === 0x900) return value === 0 ? null : '(stream)'
  if (isText(type)) {
    const text = strings[value]
    assert.ok(text !== undefined, 'a string is in the pool')
    return text
  }
  if (value === 0) return null
  return value - (width === 2 ? 0x8000 : 0x8000_0000)
}

function readFiles(
  streams: ReadonlyMap<string, Buffer>,
  tables: ReadonlyMap<string, readonly ReadRow[]>,
): ReadonlyMap<string, ReadFile> {
  const cabinets = new Map<string, ReadCabinetFile>()
  for (const { Cabinet } of tables.get('Media') ?? []) {
    const bytes = streams.get(String(Cabinet).slice(1))
    assert.ok(bytes !== undefined, `there is a stream ${Cabinet}`)
    for (const [key, file] of readCabinet(bytes)) cabinets.set(key, file)
  }
  const folders = new Map((tables.get('Directory') ?? []).map((row) => [row.Directory, row]))
  const components = new Map((tables.get('Component') ?? []).map((row) => [row.Component, row]))
  const pathOf = (id: unknown): string => {
    if (id === 'ProgramFiles64Folder') return 'Program Files'
    const folder = folders.get(id as string)
    return `${pathOf(folder?.Directory_Parent)}/${longName(folder?.DefaultDir)}`
  }
  const files = new Map<string, ReadFile>()
  for (const { File, Component_, FileName, FileSize } of tables.get('File') ?? []) {
    const file = cabinets.get(String(File))
    assert.ok(file !== undefined, `${FileName} is in a cabinet`)
    assert.equal(file.bytes.length, FileSize, `${FileName} has its size`)
    const path = `${pathOf(components.get(Component_ ?? '')?.Directory_)}/${longName(FileName)}`
    assert.ok(!files.has(path), `${path} is there once`)
    files.set(path, { mode: 0, ...file })
  }
  return files
}

function longName(name: unknown): string {
  return String(name).split('|').at(-1) ?? ''
}

function readSummary(bytes: Buffer): ReadonlyMap<number, string | number | bigint> {
  const start = bytes.readUInt32LE(44)
  const values = new Map<number, string | number | bigint>()
  for (let index = 0; index < bytes.readUInt32LE(start + 4); index += 1) {
    const id = bytes.readUInt32LE(start + 8 + 8 * index)
    const at = start + bytes.readUInt32LE(start + 12 + 8 * index)
    const type = bytes.readUInt32LE(at)
    if (type === 2) values.set(id, bytes.readUInt16LE(at + 4))
    else if (type === 3) values.set(id, bytes.readUInt32LE(at + 4))
    else if (type === 64) values.set(id, bytes.readBigUInt64LE(at + 4))
    else values.set(id, bytes.toString('utf8', at + 8, at + 7 + bytes.readUInt32LE(at + 4)))
  }
  return values
}
