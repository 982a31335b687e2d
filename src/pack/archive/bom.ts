/**
 * A bill of materials: the list of files by which the installer of macOS sets owners and modes,
 * checks what it wrote, and knows later what it had installed. Apple publishes no layout; this one
 * is what bom.h of bomutils describes and lsbom(8) of macOS reads. All numbers are big-endian.
 *
 * The file is a store of numbered blocks with a table of where they are, and a few names for some
 * of them. "Paths" names a B+ tree of all paths, whose key is the number of the folder that a path
 * is in and its name there; the other trees are there and empty.
 */
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { invariant } from '../../base/invariant.ts'

/** The first path is `.`, every other lies in a folder of the list. */
export type BomEntry = {
  readonly path: string
  readonly kind: 'file' | 'directory'
  /** With the type of file. */
  readonly mode: number
  readonly size: number
  /** See cksum.ts; 0 of a folder. */
  readonly checksum: number
}

const HEADER_LENGTH = 512
/** As the tools of macOS fill their pages of 4096 bytes, each pair of numbers taking eight. */
const PAIRS_MAX = 256
const PATHS_PAGE = 4096
const VIEW_PAGE = 128
/** One page that points to full ones. */
export const BOM_ENTRIES_MAX = PAIRS_MAX * PAIRS_MAX

type Pair = readonly [number, number]

/** Blocks in the making; a block's number is its place in the list, and block 0 is none. */
class Blocks {
  readonly all: Uint8Array[] = [new Uint8Array()]

  add(...parts: readonly Uint8Array[]): number {
    return this.all.push(concatBytes(parts)) - 1
  }

  get next(): number {
    return this.all.length
  }
}

export function bomBytes(entries: readonly BomEntry[], timestamp: number): Uint8Array {
  invariant(entries.length <= BOM_ENTRIES_MAX, 'a bill of materials holds so many paths')
  const blocks = new Blocks()
  // Version, paths and one, and one set of totals, which nobody fills in.
  const info = blocks.add(u32(1, entries.length + 1, 1, 0, 0, 0, 0))
  const pairs = inTreeOrder(entries).map((placed) => addEntry(blocks, placed, timestamp))
  const paths = addTree(blocks, addPages(blocks, pairs), { page: PATHS_PAGE, count: pairs.length })
  const links = addEmptyTree(blocks, PATHS_PAGE)
  const view = blocks.add(u32(1, addEmptyTree(blocks, VIEW_PAGE), 0), u8(0))
  const large = addEmptyTree(blocks, PATHS_PAGE)
  return storeBytes(blocks.all, [
    ['BomInfo', info],
    ['Paths', paths],
    ['HLIndex', links],
    ['VIndex', view],
    ['Size64', large],
  ])
}

type Placed = {
  readonly entry: BomEntry
  readonly id: number
  readonly parent: number
  readonly name: string
}

/** Level by level, in a folder by the bytes of the names: then ids ascend, and keys with them. */
function inTreeOrder(entries: readonly BomEntry[]): readonly Placed[] {
  const [root, ...others] = entries
  invariant(root?.path === '.', 'a bill of materials begins with its root')
  const byFolder = Map.groupBy(others, ({ path }) => splitPath(path).folder)
  const placed: Placed[] = [{ entry: root, id: 1, parent: 0, name: '.' }]
  for (const { entry, id } of placed) {
    const children = (byFolder.get(entry.path) ?? [])
      .map((child) => ({ entry: child, name: splitPath(child.path).name }))
      .toSorted((left, right) => Buffer.compare(utf8(left.name), utf8(right.name)))
    for (const child of children) placed.push({ ...child, id: placed.length + 1, parent: id })
  }
  invariant(placed.length === entries.length, 'each path lies in a folder of the list')
  return placed
}

function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const at = path.lastIndexOf('/')
  return at < 0
    ? { folder: '.', name: path }
    : { folder: path.slice(0, at), name: path.slice(at + 1) }
}

/** What the tree says of a path: its properties, and its key. */
function addEntry(blocks: Blocks, placed: Placed, timestamp: number): Pair {
  const { entry, id, parent, name } = placed
  const properties = blocks.add(
    u8(entry.kind === 'directory' ? 2 : 1, 1),
    u16(3, entry.mode), // for every processor
    u32(0, 0, timestamp, entry.size), // owner and group: root and wheel
    u8(1),
    u32(entry.checksum, 0), // no link's target
  )
  return [blocks.add(u32(id, properties)), blocks.add(u32(parent), utf8(`${name}\0`))]
}

/** The pages of a tree; the number of its first one. */
function addPages(blocks: Blocks, pairs: readonly Pair[]): number {
  if (pairs.length <= PAIRS_MAX) return blocks.add(pageBytes(pairs, { isLeaf: true }))
  const leaves: Pair[] = []
  for (let from = 0; from < pairs.length; from += PAIRS_MAX) {
    const own = pairs.slice(from, from + PAIRS_MAX)
    // They follow each other in the store, and each knows the ones beside it.
    const before = from === 0 ? 0 : blocks.next - 1
    const after = from + PAIRS_MAX < pairs.length ? blocks.next + 1 : 0
    const lastKey = own.at(-1)?.[1] ?? 0
    leaves.push([blocks.add(pageBytes(own, { isLeaf: true, before, after })), lastKey])
  }
  return blocks.add(pageBytes(leaves, { isLeaf: false }))
}

function pageBytes(
  pairs: readonly Pair[],
  page: { readonly isLeaf: boolean; readonly before?: number; readonly after?: number },
): Uint8Array {
  const { isLeaf, before = 0, after = 0 } = page
  return concatBytes([
    u16(isLeaf ? 1 : 0, pairs.length),
    u32(after, before),
    ...pairs.map((pair) => u32(...pair)),
  ])
}

function addTree(
  blocks: Blocks,
  child: number,
  { page, count }: { readonly page: number; readonly count: number },
): number {
  return blocks.add(utf8('tree'), u32(1, child, page, count), u8(0))
}

function addEmptyTree(blocks: Blocks, page: number): number {
  return addTree(blocks, addPages(blocks, []), { page, count: 0 })
}

/** Header, names, blocks, and the table of blocks with an empty list of free ones behind it. */
function storeBytes(
  blocks: readonly Uint8Array[],
  names: readonly (readonly [string, number])[],
): Uint8Array {
  const variables = concatBytes([
    u32(names.length),
    ...names.flatMap(([name, block]) => [u32(block), u8(name.length), utf8(name)]),
  ])
  const table = [u32(blocks.length)]
  let offset = HEADER_LENGTH + variables.length
  for (const { length } of blocks) {
    table.push(length === 0 ? u32(0, 0) : u32(offset, length))
    offset += length
  }
  const index = concatBytes([...table, u32(0, 0, 0, 0, 0)])
  const places = u32(offset, index.length, HEADER_LENGTH, variables.length)
  const header = new Uint8Array(HEADER_LENGTH)
  header.set(concatBytes([utf8('BOMStore'), u32(1, blocks.length - 1), places]))
  return concatBytes([header, variables, ...blocks, index])
}

function u8(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values)
}

function u16(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2)
  return bytes
}

function u32(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4)
  return bytes
}
