/** Walks a bill of materials strictly, by the layout that bom.h describes and not by the writer. */
import { fromUtf8 } from '../../base/bytes.ts'

export type ReadBomEntry = {
  readonly path: string
  readonly type: number
  readonly mode: number
  readonly owner: readonly [number, number]
  readonly modified: number
  readonly size: number
  readonly checksum: number
}

const BLOCKS_MAX = 1_000_000
const DEPTH_MAX = 4

type Store = {
  readonly block: (id: number) => DataView
  readonly names: ReadonlyMap<string, number>
}

/** In the order of the tree. */
export function readBom(bytes: Uint8Array): readonly ReadBomEntry[] {
  const store = openStore(bytes)
  const expected = ['BomInfo', 'Paths', 'HLIndex', 'VIndex', 'Size64']
  must(expected.join() === [...store.names.keys()].join(), 'the names of a bill of materials')
  const paths = readTree(store, store.names.get('Paths') ?? 0)
  for (const name of ['HLIndex', 'Size64']) {
    must(readTree(store, store.names.get(name) ?? 0).length === 0, `${name} is empty`)
  }
  const view = store.block(store.names.get('VIndex') ?? 0)
  must(view.byteLength === 13 && view.getUint32(0) === 1, 'a view')
  must(readTree(store, view.getUint32(4)).length === 0, 'an empty view')
  const info = store.block(store.names.get('BomInfo') ?? 0)
  must(info.getUint32(0) === 1 && info.getUint32(4) === paths.length + 1, 'the number of paths')
  return readPaths(store, paths)
}

function openStore(bytes: Uint8Array): Store {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  must(fromUtf8(bytes.subarray(0, 8)) === 'BOMStore' && view.getUint32(8) === 1, 'a header')
  const [used, indexAt, indexLength] = [12, 16, 20].map((at) => view.getUint32(at))
  const [namesAt, namesLength] = [24, 28].map((at) => view.getUint32(at))
  const index = part(view, indexAt ?? 0, indexLength ?? 0)
  must((indexAt ?? 0) + (indexLength ?? 0) === bytes.length, 'the table comes last')
  const count = index.getUint32(0)
  must(count <= BLOCKS_MAX && used === count - 1, 'the number of blocks')
  must(index.byteLength === 4 + count * 8 + 20, 'a table of that many blocks, and no free ones')
  const block = (id: number) => {
    must(id > 0 && id < count, `block ${id} is there`)
    return part(view, index.getUint32(4 + id * 8), index.getUint32(8 + id * 8))
  }
  must(index.getUint32(4) === 0 && index.getUint32(8) === 0, 'block 0 is none')
  return { block, names: readNames(part(view, namesAt ?? 0, namesLength ?? 0)) }
}

function readNames(view: DataView): ReadonlyMap<string, number> {
  const names = new Map<string, number>()
  let at = 4
  for (let left = view.getUint32(0); left > 0; left--) {
    const length = view.getUint8(at + 4)
    names.set(textOf(part(view, at + 5, length)), view.getUint32(at))
    at += 5 + length
  }
  must(at === view.byteLength, 'nothing follows the names')
  return names
}

type Pair = { readonly value: number; readonly key: number }

/** Each leaf names the next; from the root down the same leaves are found. */
function readTree(store: Store, id: number): readonly Pair[] {
  const head = store.block(id)
  must(head.byteLength === 21 && textOf(part(head, 0, 4)) === 'tree', 'a tree')
  must(head.getUint32(4) === 1, 'version 1 of a tree')
  const leaves = leavesBelow(store, head.getUint32(8), 0)
  for (const [index, leaf] of leaves.entries()) {
    const page = store.block(leaf)
    must(page.getUint32(4) === (leaves[index + 1] ?? 0), 'the next leaf')
    must(page.getUint32(8) === (leaves[index - 1] ?? 0), 'the leaf before')
  }
  const pairs = leaves.flatMap((leaf) => pairsOf(store.block(leaf)))
  must(pairs.length === head.getUint32(16), 'as many as the tree says')
  return pairs
}

function leavesBelow(store: Store, id: number, depth: number): readonly number[] {
  must(depth < DEPTH_MAX, 'a tree of few levels')
  const page = store.block(id)
  if (page.getUint16(0) === 1) return [id]
  return pairsOf(page).flatMap(({ value, key }) => {
    const last = pairsOf(store.block(value)).at(-1)
    must(last?.key === key, 'a page is known by its last key')
    return leavesBelow(store, value, depth + 1)
  })
}

function pairsOf(page: DataView): readonly Pair[] {
  const count = page.getUint16(2)
  must(page.byteLength === 12 + count * 8 && page.byteLength <= 4096, 'a page of that many pairs')
  return Array.from({ length: count }, (_, index) => ({
    value: page.getUint32(12 + index * 8),
    key: page.getUint32(16 + index * 8),
  }))
}

function readPaths(store: Store, pairs: readonly Pair[]): readonly ReadBomEntry[] {
  const paths = new Map<number, string>([[0, '']])
  let before = ''
  return pairs.map(({ value, key }) => {
    const keyBlock = store.block(key)
    const parent = keyBlock.getUint32(0)
    const name = textOf(part(keyBlock, 4, keyBlock.byteLength - 5))
    must(keyBlock.getUint8(keyBlock.byteLength - 1) === 0, 'a name ends')
    const order = `${String(parent).padStart(9, '0')}/${Buffer.from(name).toString('hex')}`
    must(order > before, 'keys ascend')
    before = order
    const folder = paths.get(parent)
    must(folder !== undefined, 'a folder comes before what is in it')
    const path = parent === 0 ? name : `${folder}/${name}`
    const [id, properties] = [store.block(value).getUint32(0), store.block(value).getUint32(4)]
    must(!paths.has(id), 'an id names one path')
    paths.set(id, path)
    return { path, ...readProperties(store.block(properties)) }
  })
}

function readProperties(view: DataView): Omit<ReadBomEntry, 'path'> {
  must(view.byteLength === 31 && view.getUint8(1) === 1 && view.getUint16(2) === 3, 'properties')
  return {
    type: view.getUint8(0),
    mode: view.getUint16(4),
    owner: [view.getUint32(6), view.getUint32(10)],
    modified: view.getUint32(14),
    size: view.getUint32(18),
    checksum: view.getUint32(23),
  }
}

function part(view: DataView, at: number, length: number): DataView {
  must(at + length <= view.byteLength, 'a part lies inside')
  return new DataView(view.buffer, view.byteOffset + at, length)
}

function textOf(view: DataView): string {
  return fromUtf8(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
}

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`no bill of materials: ${what}`)
}
