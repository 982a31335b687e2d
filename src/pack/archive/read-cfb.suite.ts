/**
 * A reader of compound files for tests, by [MS-CFB] and not by the writer: it follows every chain,
 * finds streams through the tree as a program would, and refuses what does not fit.
 */
import { strict as assert } from 'node:assert'

const END = 0xffff_fffe
const NONE = 0xffff_ffff

export type ReadCompound = {
  readonly streams: ReadonlyMap<string, Buffer>
  readonly classId: string
}

export function readCompound(bytes: Uint8Array): ReadCompound {
  const file = Buffer.from(bytes)
  assert.equal(file.toString('hex', 0, 8), 'd0cf11e0a1b11ae1')
  assert.equal(file.length % 512, 0, 'whole sectors')
  const sector = (index: number) => {
    assert.ok(index >= 0 && 512 * (index + 2) <= file.length, `sector ${index} is in the file`)
    return file.subarray(512 * (index + 1), 512 * (index + 2))
  }
  const fat = readFat(file, sector)
  const chain = (start: number, table: readonly number[]) => {
    const all: number[] = []
    for (let at = start; at !== END; at = table[at] ?? NONE) {
      assert.ok(at < table.length && all.length < table.length, `the chain from ${start} ends`)
      all.push(at)
    }
    return all
  }
  const sectors = (start: number) => Buffer.concat(chain(start, fat).map(sector))
  const directory = sectors(file.readUInt32LE(48))
  const miniFat = numbers(sectors(file.readUInt32LE(60)))
  const mini = sectors(directory.readUInt32LE(116))
  const content = (entry: Buffer) => {
    const [start, length] = [entry.readUInt32LE(116), entry.readUInt32LE(120)]
    if (length >= 4096) return sectors(start).subarray(0, length)
    const pieces = length === 0 ? [] : chain(start, miniFat)
    assert.equal(pieces.length, Math.ceil(length / 64))
    const whole = pieces.map((piece) => mini.subarray(64 * piece, 64 * piece + 64))
    return Buffer.concat(whole).subarray(0, length)
  }
  const streams = new Map<string, Buffer>()
  const root = entryAt(directory, 0)
  for (const entry of inTree(directory, root.readUInt32LE(76))) {
    streams.set(nameOf(entry), content(entry))
  }
  return { streams, classId: root.toString('hex', 80, 96) }
}

/** In the order of the tree, which must be that of the names; no red entry has a red child. */
function inTree(directory: Buffer, index: number, above: 'red' | 'black' = 'black'): Buffer[] {
  if (index === NONE) return []
  const entry = entryAt(directory, index)
  const colour = entry[67] === 0 ? 'red' : 'black'
  assert.ok(!(above === 'red' && colour === 'red'), 'no red entry has a red child')
  const left = inTree(directory, entry.readUInt32LE(68), colour)
  const right = inTree(directory, entry.readUInt32LE(72), colour)
  const key = (each: Buffer | undefined) =>
    each === undefined
      ? ''
      : `${String(each.readUInt16LE(64)).padStart(3)}${nameOf(each).toUpperCase()}`
  assert.ok(left.every((each) => key(each) < key(entry)))
  assert.ok(right.every((each) => key(each) > key(entry)))
  return [...left, entry, ...right]
}

function entryAt(directory: Buffer, index: number): Buffer {
  assert.ok(128 * (index + 1) <= directory.length, 'an entry is in the directory')
  return directory.subarray(128 * index, 128 * (index + 1))
}

function nameOf(entry: Buffer): string {
  return entry.toString('utf16le', 0, entry.readUInt16LE(64) - 2)
}

function readFat(file: Buffer, sector: (index: number) => Buffer): readonly number[] {
  const places = numbers(file.subarray(76, 512))
  let next = file.readUInt32LE(68)
  for (let count = file.readUInt32LE(72); count > 0; count -= 1) {
    const more = numbers(sector(next))
    places.push(...more.slice(0, 127))
    next = more[127] ?? NONE
  }
  assert.equal(next, END, 'the list of the table ends')
  const named = places.filter((place) => place !== NONE)
  assert.equal(named.length, file.readUInt32LE(44))
  const fat = named.flatMap((place) => numbers(sector(place)))
  for (const place of named)
    assert.equal(fat[place], 0xffff_fffd, 'the table marks its own sectors')
  return fat
}

function numbers(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(4 * index))
}
