/**
 * Files in memory that remember what would survive a power cut. Bytes survive once their file was
 * flushed; names once their folder was, and with them every change of names that was made earlier,
 * as a file system with a journal has it. After a cut any number of the later changes may have got
 * through, in their order, and any part of the bytes.
 *
 * Files only grow, because nobody here writes in the middle of one.
 */
import type { Chance } from '../chance.ts'

export type FileNode = {
  readonly kind: 'file'
  content: Uint8Array
  size: number
  mode: number
  links: number
  flushed: { size: number; mode: number }
}
export type FolderNode = {
  readonly kind: 'folder'
  readonly mode: number
  names: Map<string, TreeNode>
  readonly flushed: Map<string, TreeNode>
}
export type TreeNode = FileNode | FolderNode

/** A name in a folder is given to a node, or taken away. */
type Naming = { readonly folder: FolderNode; readonly name: string; readonly node: TreeNode | null }

/** What a name costs beside its bytes. */
const NODE_BYTES = 256
/** The rest of a write may be there as zeros: its length was written down, its bytes were not. */
const ZEROS_SHARE = 0.25

export class FileTree {
  readonly root: FolderNode = newFolder()
  /** Changes of names that may be lost, oldest first; each as a whole. */
  #journal: (readonly Naming[])[] = []
  #used = 0
  capacity = Number.POSITIVE_INFINITY
  /** Changes whenever anything in it does. */
  generation = 0

  get free(): number {
    return Math.max(0, this.capacity - this.#used)
  }

  find(names: readonly string[]): TreeNode | undefined {
    let node: TreeNode | undefined = this.root
    for (const name of names) {
      if (node?.kind !== 'folder') return undefined
      node = node.names.get(name)
    }
    return node
  }

  /** False: there is no room. */
  add(folder: FolderNode, name: string, node: TreeNode): boolean {
    if (this.free < NODE_BYTES) return false
    if (node.kind === 'file') node.links += 1
    this.#used += NODE_BYTES
    this.#name([{ folder, name, node }])
    return true
  }

  remove(folder: FolderNode, name: string): void {
    const node = folder.names.get(name)
    this.#name([{ folder, name, node: null }])
    this.#unlinked(node)
  }

  move(from: { folder: FolderNode; name: string }, to: { folder: FolderNode; name: string }): void {
    const node = from.folder.names.get(from.name)
    const replaced = to.folder.names.get(to.name)
    if (node === undefined || node === replaced) return
    this.#name([
      { ...from, node: null },
      { ...to, node },
    ])
    this.#unlinked(replaced)
  }

  /** As many of the bytes as there is room for; how many that were. */
  append(file: FileNode, bytes: Uint8Array): number {
    const taken = bytes.subarray(0, Math.min(bytes.length, this.free))
    const size = file.size + taken.length
    if (size > file.content.length) {
      const grown = new Uint8Array(Math.max(size, 2 * file.content.length))
      grown.set(file.content.subarray(0, file.size))
      file.content = grown
    }
    file.content.set(taken, file.size)
    file.size = size
    this.#used += taken.length
    this.generation += 1
    return taken.length
  }

  flush(node: TreeNode): void {
    if (node.kind === 'file') {
      node.flushed = { size: node.size, mode: node.mode }
      return
    }
    const last = this.#journal.findLastIndex((change) => change.some((n) => n.folder === node))
    for (const change of this.#journal.splice(0, last + 1)) keep(change)
  }

  flushAll(): void {
    for (const change of this.#journal.splice(0)) keep(change)
    for (const file of filesIn(this.root)) this.flush(file)
  }

  /** What was not flushed is there, torn, or gone. */
  cutPower(chance: Chance): void {
    const kept = chance.whole(0, this.#journal.length)
    for (const change of this.#journal.slice(0, kept)) keep(change)
    for (const { folder } of this.#journal.flat()) folder.names = new Map(folder.flushed)
    this.#journal = []
    for (const file of filesIn(this.root)) file.links = 0
    for (const file of filesIn(this.root)) file.links += 1
    for (const file of new Set(filesIn(this.root))) tear(file, chance)
    this.#used = usedBelow(this.root, new Set())
    this.generation += 1
  }

  /** The same files, as an image of the disk would have them. */
  copy(): FileTree {
    const tree = new FileTree()
    tree.capacity = this.capacity
    copyInto(this.root, tree.root, new Map())
    tree.flushAll()
    tree.#used = this.#used
    return tree
  }

  #name(change: readonly Naming[]): void {
    for (const { folder, name, node } of change) {
      if (node === null) folder.names.delete(name)
      else folder.names.set(name, node)
    }
    this.#journal.push(change)
    this.generation += 1
  }

  #unlinked(node: TreeNode | undefined): void {
    if (node === undefined) return
    this.#used -= NODE_BYTES
    if (node.kind === 'folder') return
    node.links -= 1
    if (node.links === 0) this.#used -= node.size
  }
}

export function newFile(mode: number, content = new Uint8Array()): FileNode {
  const flushed = { size: 0, mode }
  return { kind: 'file', content, size: content.length, mode, links: 0, flushed }
}

export function newFolder(mode = 0o700): FolderNode {
  return { kind: 'folder', mode, names: new Map(), flushed: new Map() }
}

export function bytesOf(file: FileNode): Uint8Array {
  return file.content.subarray(0, file.size)
}

function keep(change: readonly Naming[]): void {
  for (const { folder, name, node } of change) {
    if (node === null) folder.flushed.delete(name)
    else folder.flushed.set(name, node)
  }
}

function tear(file: FileNode, chance: Chance): void {
  const { flushed, size } = file
  if (size === flushed.size && file.mode === flushed.mode) return
  const kept = chance.whole(flushed.size, size)
  file.mode = flushed.mode
  file.content = file.content.slice(0, size)
  if (chance.happens(ZEROS_SHARE)) file.content.fill(0, kept)
  else file.size = kept
  file.flushed = { size: file.size, mode: file.mode }
}

/** A file that has several names comes once for each. */
function* filesIn(folder: FolderNode): Generator<FileNode> {
  for (const node of folder.names.values()) {
    if (node.kind === 'file') yield node
    else yield* filesIn(node)
  }
}

function usedBelow(folder: FolderNode, seen: Set<TreeNode>): number {
  let used = 0
  for (const node of folder.names.values()) {
    used += NODE_BYTES
    if (node.kind === 'folder') used += usedBelow(node, seen)
    else if (!seen.has(node)) used += node.size
    seen.add(node)
  }
  return used
}

function copyInto(from: FolderNode, to: FolderNode, copies: Map<FileNode, FileNode>): void {
  for (const [name, node] of from.names) {
    if (node.kind === 'folder') {
      const folder = newFolder(node.mode)
      to.names.set(name, folder)
      to.flushed.set(name, folder)
      copyInto(node, folder, copies)
      continue
    }
    const copy = copies.get(node) ?? newFile(node.mode, bytesOf(node).slice())
    copies.set(node, copy)
    copy.links += 1
    to.names.set(name, copy)
    to.flushed.set(name, copy)
  }
}
