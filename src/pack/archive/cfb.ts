/**
 * Compound files ([MS-CFB], version 3: sectors of 512 bytes), as Windows Installer keeps its
 * databases in.
 *
 * A compound file has a table with four bytes for each of its sectors: 0.4 MB for a package of 50
 * MB, which would be the largest thing that differs between two packages if it had to. So the file
 * is laid out in two regions. The front holds streams that are the same, or as long, in many files,
 * and behind them all sectors of the table that speak of the front alone: that much is made once
 * and shared. The tail holds everything else, and the header says where it begins.
 *
 *   header | front streams | front tables | tail: tables, directory, small streams
 */
import { concatBytes } from '../../base/bytes.ts'
import { invariant } from '../../base/invariant.ts'

/** [MS-CFB] 2.2: version 3. The header fills one sector, and sectors are counted behind it. */
export const SECTOR = 512
/** [MS-CFB] 2.2: shorter streams lie in the mini stream, in pieces of 64 bytes. */
export const MINI_CUTOFF = 4096
/** [MS-CFB] 2.6.3: in version 3 no stream may be longer. */
export const STREAM_LENGTH_MAX = 0x8000_0000
/** [MS-CFB] 2.6.1: 32 UTF-16 code units with the zero at the end. */
const NAME_UNITS_MAX = 31
const MINI_SECTOR = 64
const ENTRY_LENGTH = 128

/** [MS-CFB] 2.1: what stands in the table in place of a next sector. */
const FREE = 0xffff_ffff
const END_OF_CHAIN = 0xffff_fffe
const FAT_SECTOR = 0xffff_fffd
const DIFAT_SECTOR = 0xffff_fffc

const NUMBERS_PER_SECTOR = SECTOR / 4
/** [MS-CFB] 2.2: so many sectors of the table are named in the header itself. */
const HEADER_DIFAT = 109
/** [MS-CFB] 2.5: the others in sectors of their own, each with the next one's number at its end. */
const NAMED_PER_DIFAT = NUMBERS_PER_SECTOR - 1

export type Front = {
  /** The first sector of each stream, in their order. */
  readonly starts: readonly number[]
  readonly streamSectors: number
  /** Those of the table, which follow the streams; they speak of the front and nothing else. */
  readonly fatSectors: number
  readonly difatSectors: number
  /** All of it: the number of the tail's first sector. */
  readonly sectors: number
}

/** Where streams of these lengths lie that begin the file, each from a sector's start. */
export function planFront(lengths: readonly number[]): Front {
  const starts: number[] = []
  let streamSectors = 0
  for (const length of lengths) {
    invariant(length >= MINI_CUTOFF, 'a stream of the front is too long for the mini stream')
    starts.push(streamSectors)
    streamSectors += sectorsFor(length)
  }
  for (let fatSectors = 0; ; fatSectors += 1) {
    const difatSectors = Math.floor(Math.max(0, fatSectors - HEADER_DIFAT) / NAMED_PER_DIFAT)
    const sectors = streamSectors + fatSectors + difatSectors
    // One more would speak of the tail, too.
    if (Math.floor(sectors / NUMBERS_PER_SECTOR) <= fatSectors) {
      return { starts, streamSectors, fatSectors, difatSectors, sectors }
    }
  }
}

/** What follows the streams of the front: depends on their lengths alone. */
export function frontTables(front: Front): Uint8Array {
  const { streamSectors, fatSectors, difatSectors, sectors } = front
  const fat = frontNumbers(front, 0, fatSectors * NUMBERS_PER_SECTOR)
  const difat = new Uint32Array(difatSectors * NUMBERS_PER_SECTOR)
  for (let index = 0; index < difatSectors; index += 1) {
    const at = index * NUMBERS_PER_SECTOR
    const first = streamSectors + HEADER_DIFAT + index * NAMED_PER_DIFAT
    for (let each = 0; each < NAMED_PER_DIFAT; each += 1) difat[at + each] = first + each
    const isLast = index === difatSectors - 1
    // A table that needs these sectors always goes on in the tail, whose first sector is its next.
    difat[at + NAMED_PER_DIFAT] = isLast ? sectors : streamSectors + fatSectors + index + 1
  }
  return concatBytes([littleEndian(fat), littleEndian(difat)])
}

/** What the table says of the sectors from `from` to `to`, all of them in the front. */
function frontNumbers(front: Front, from: number, to: number): Uint32Array {
  const { starts, streamSectors, fatSectors } = front
  const lasts = new Set([...starts.slice(1), streamSectors].map((start) => start - 1))
  const numbers = new Uint32Array(to - from)
  for (let sector = from; sector < to; sector += 1) {
    const inStreams = lasts.has(sector) ? END_OF_CHAIN : sector + 1
    const inTables = sector < streamSectors + fatSectors ? FAT_SECTOR : DIFAT_SECTOR
    numbers[sector - from] = sector < streamSectors ? inStreams : inTables
  }
  return numbers
}

export type FrontStream = { readonly name: string; readonly length: number }
export type TailStream = { readonly name: string; readonly bytes: Uint8Array }

export type CompoundFile = {
  readonly front: Front
  /** As they were planned. */
  readonly frontStreams: readonly FrontStream[]
  readonly tailStreams: readonly TailStream[]
  /** Of the root: which program's file this is. */
  readonly classId: Uint8Array
}

/** The header before the front, and everything behind it. */
export function headerAndTail(file: CompoundFile): {
  readonly header: Uint8Array
  readonly tail: Uint8Array
} {
  const { front } = file
  const mini = miniStream(file.tailStreams)
  const large = file.tailStreams.filter(({ bytes }) => bytes.length >= MINI_CUTOFF)
  const entryCount = 1 + file.frontStreams.length + file.tailStreams.length
  const lengths = {
    directory: roundUp(entryCount * ENTRY_LENGTH),
    miniFat: roundUp(mini.numbers.length * 4),
    mini: roundUp(mini.bytes.length),
  }
  const chains = [lengths.directory, lengths.miniFat, lengths.mini]
  const all = [...chains, ...large.map(({ bytes }) => bytes.length)].map(sectorsFor)
  const tables = planTailTables(front, sum(all))
  const starts = startsOf(front.sectors + tables.difatSectors + tables.fatSectors, all)
  const [directoryAt = 0, miniFatAt = 0, miniAt = 0, ...largeAt] = starts
  const startOfLarge = new Map(large.map((stream, index) => [stream, largeAt[index] ?? 0]))
  const entries = [
    ...file.frontStreams.map(({ name, length }, index) => {
      return { name, length, start: front.starts[index] ?? 0 }
    }),
    ...file.tailStreams.map((stream) => {
      const start = startOfLarge.get(stream) ?? mini.starts.get(stream) ?? END_OF_CHAIN
      return { name: stream.name, length: stream.bytes.length, start }
    }),
  ]
  const root = { start: miniAt, length: mini.bytes.length, classId: file.classId }
  const fatPlaces = fatPlacesOf(front, tables)
  const header = headerBytes({
    fatPlaces,
    directoryAt,
    miniFat: { at: miniFatAt, sectors: sectorsFor(lengths.miniFat) },
    difat: {
      at: front.difatSectors > 0 ? front.streamSectors + front.fatSectors : front.sectors,
      sectors: front.difatSectors + tables.difatSectors,
    },
  })
  const tail = concatBytes([
    tailDifat(front, tables, fatPlaces),
    tailFat(front, tables, all),
    padded(directoryBytes(entries, root), lengths.directory, 'directory'),
    padded(littleEndian(mini.numbers), lengths.miniFat, 'numbers'),
    padded(mini.bytes, lengths.mini, 'zeros'),
    ...large.map(({ bytes }) => padded(bytes, roundUp(bytes.length), 'zeros')),
  ])
  return { header, tail }
}

type TailTables = { readonly fatSectors: number; readonly difatSectors: number }

function planTailTables(front: Front, contentSectors: number): TailTables {
  for (let fatSectors = 1; ; fatSectors += 1) {
    const more = Math.max(0, front.fatSectors + fatSectors - HEADER_DIFAT)
    const difatSectors = Math.ceil(more / NAMED_PER_DIFAT) - front.difatSectors
    const total = front.sectors + difatSectors + fatSectors + contentSectors
    if (Math.ceil(total / NUMBERS_PER_SECTOR) <= front.fatSectors + fatSectors) {
      return { fatSectors, difatSectors }
    }
  }
}

/** The sectors of the table in their order: those of the front, then those of the tail. */
function fatPlacesOf(front: Front, tables: TailTables): readonly number[] {
  const tailAt = front.sectors + tables.difatSectors
  return [
    ...Array.from({ length: front.fatSectors }, (_, index) => front.streamSectors + index),
    ...Array.from({ length: tables.fatSectors }, (_, index) => tailAt + index),
  ]
}

function tailDifat(front: Front, tables: TailTables, fatPlaces: readonly number[]): Uint8Array {
  const rest = fatPlaces.slice(HEADER_DIFAT + front.difatSectors * NAMED_PER_DIFAT)
  const numbers = new Uint32Array(tables.difatSectors * NUMBERS_PER_SECTOR).fill(FREE)
  for (const [index, place] of rest.entries()) {
    numbers[index + Math.floor(index / NAMED_PER_DIFAT)] = place
  }
  for (let index = 0; index < tables.difatSectors; index += 1) {
    const isLast = index === tables.difatSectors - 1
    numbers[index * NUMBERS_PER_SECTOR + NAMED_PER_DIFAT] = isLast
      ? END_OF_CHAIN
      : front.sectors + index + 1
  }
  return littleEndian(numbers)
}

/** Begins with what the front's own sectors of the table could not say of its end. */
function tailFat(front: Front, tables: TailTables, chains: readonly number[]): Uint8Array {
  const first = front.fatSectors * NUMBERS_PER_SECTOR
  const numbers = new Uint32Array(tables.fatSectors * NUMBERS_PER_SECTOR).fill(FREE)
  numbers.set(frontNumbers(front, first, front.sectors))
  let sector = front.sectors
  for (let each = 0; each < tables.difatSectors; each += 1) numbers[sector++ - first] = DIFAT_SECTOR
  for (let each = 0; each < tables.fatSectors; each += 1) numbers[sector++ - first] = FAT_SECTOR
  for (const length of chains) {
    for (let each = 1; each <= length; each += 1, sector += 1) {
      numbers[sector - first] = each === length ? END_OF_CHAIN : sector + 1
    }
  }
  return littleEndian(numbers)
}

type MiniStream = {
  readonly bytes: Uint8Array
  readonly numbers: Uint32Array
  readonly starts: ReadonlyMap<TailStream, number>
}

function miniStream(streams: readonly TailStream[]): MiniStream {
  const starts = new Map<TailStream, number>()
  const parts: Uint8Array[] = []
  const numbers: number[] = []
  for (const stream of streams) {
    const { length } = stream.bytes
    if (length === 0 || length >= MINI_CUTOFF) continue
    const count = Math.ceil(length / MINI_SECTOR)
    starts.set(stream, numbers.length)
    parts.push(padded(stream.bytes, count * MINI_SECTOR, 'zeros'))
    for (let each = 1; each < count; each += 1) numbers.push(numbers.length + 1)
    numbers.push(END_OF_CHAIN)
  }
  const bytes = concatBytes(parts)
  return { bytes, numbers: Uint32Array.from(numbers), starts }
}

type Entry = { readonly name: string; readonly start: number; readonly length: number }
type Root = { readonly start: number; readonly length: number; readonly classId: Uint8Array }

/** [MS-CFB] 2.6: the root, then the streams in the order of the tree, which hangs from the root. */
function directoryBytes(entries: readonly Entry[], root: Root): Uint8Array {
  const sorted = entries.toSorted((left, right) => compareNames(left.name, right.name))
  const bytes = Buffer.alloc((sorted.length + 1) * ENTRY_LENGTH)
  const start = root.length === 0 ? END_OF_CHAIN : root.start
  putEntry(bytes, { name: 'Root Entry', start, length: root.length })
  bytes[66] = 5 // [MS-CFB] 2.6.1, object type: root
  bytes.set(root.classId, 80)
  for (const [index, entry] of sorted.entries()) {
    putEntry(bytes.subarray((index + 1) * ENTRY_LENGTH), entry)
  }
  const deepest = Math.floor(Math.log2(Math.max(1, sorted.length)))
  bytes.writeUInt32LE(putTree(bytes, { from: 0, to: sorted.length }, { depth: 0, deepest }), 76)
  return bytes
}

function putEntry(bytes: Buffer, { name, start, length }: Entry): void {
  invariant(name.length <= NAME_UNITS_MAX, 'the name of a stream has at most 31 code units')
  invariant(length <= STREAM_LENGTH_MAX, 'a stream is not longer than the format allows')
  bytes.write(name, 'utf16le')
  bytes.writeUInt16LE(2 * name.length + 2, 64)
  bytes.set([2, 1], 66) // a stream, black
  for (const at of [68, 72, 76]) bytes.writeUInt32LE(FREE, at)
  bytes.writeUInt32LE(start, 116)
  bytes.writeUInt32LE(length, 120)
}

/**
 * [MS-CFB] 2.6.4: a balanced tree over the sorted entries. Red is its last level alone, so that no
 * red entry has a red child and every path has as many black ones.
 */
function putTree(
  bytes: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
  level: { readonly depth: number; readonly deepest: number },
): number {
  if (from >= to) return FREE
  const middle = (from + to) >> 1
  const at = (middle + 1) * ENTRY_LENGTH
  const below = { ...level, depth: level.depth + 1 }
  bytes[at + 67] = level.depth === level.deepest && level.depth > 0 ? 0 : 1
  bytes.writeUInt32LE(putTree(bytes, { from, to: middle }, below), at + 68)
  bytes.writeUInt32LE(putTree(bytes, { from: middle + 1, to }, below), at + 72)
  return middle + 1
}

/** [MS-CFB] 2.6.4: the shorter name first, then by code units in upper case. */
function compareNames(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length
  const [one, other] = [left.toUpperCase(), right.toUpperCase()]
  return one < other ? -1 : Number(one > other)
}

type HeaderFields = {
  readonly fatPlaces: readonly number[]
  readonly directoryAt: number
  readonly miniFat: { readonly at: number; readonly sectors: number }
  readonly difat: { readonly at: number; readonly sectors: number }
}

/** [MS-CFB] 2.2. */
function headerBytes(fields: HeaderFields): Uint8Array {
  const { fatPlaces, directoryAt, miniFat, difat } = fields
  const header = Buffer.alloc(SECTOR)
  header.write('d0cf11e0a1b11ae1', 'hex')
  header.writeUInt16LE(0x3e, 24) // minor version
  header.writeUInt16LE(3, 26) // major version
  header.writeUInt16LE(0xfffe, 28) // little-endian
  header.writeUInt16LE(9, 30) // sectors of 2^9 bytes
  header.writeUInt16LE(6, 32) // mini sectors of 2^6
  header.writeUInt32LE(fatPlaces.length, 44)
  header.writeUInt32LE(directoryAt, 48)
  header.writeUInt32LE(MINI_CUTOFF, 56)
  header.writeUInt32LE(miniFat.sectors === 0 ? END_OF_CHAIN : miniFat.at, 60)
  header.writeUInt32LE(miniFat.sectors, 64)
  header.writeUInt32LE(difat.sectors === 0 ? END_OF_CHAIN : difat.at, 68)
  header.writeUInt32LE(difat.sectors, 72)
  for (let index = 0; index < HEADER_DIFAT; index += 1) {
    header.writeUInt32LE(fatPlaces[index] ?? FREE, 76 + 4 * index)
  }
  return header
}

export function sectorsFor(length: number): number {
  return Math.ceil(length / SECTOR)
}

function roundUp(length: number): number {
  return sectorsFor(length) * SECTOR
}

function startsOf(first: number, counts: readonly number[]): readonly number[] {
  let next = first
  return counts.map((count) => {
    next += count
    return next - count
  })
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** [MS-CFB] 2.6.1: an unused entry of the directory is empty but for its three pointers. */
function padded(
  bytes: Uint8Array,
  length: number,
  filler: 'zeros' | 'numbers' | 'directory',
): Uint8Array {
  const whole = Buffer.alloc(length, filler === 'numbers' ? 0xff : 0)
  whole.set(bytes)
  for (let at = bytes.length; filler === 'directory' && at < length; at += ENTRY_LENGTH) {
    whole.fill(0xff, at + 68, at + 80)
  }
  return whole
}

function littleEndian(numbers: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4)
  const view = new DataView(bytes.buffer)
  for (let index = 0; index < numbers.length; index += 1) {
    view.setUint32(4 * index, numbers[index] ?? 0, true)
  }
  return bytes
}
