/**
 * The one disk that all simulated launchers and agents see: `/sim/<number>/...` is the disk of a
 * machine as one process has it open. Each process has a number of its own, so that one that was
 * killed can be told from its successor, and changes nothing any more.
 */
import type { Readable, Writable } from 'node:stream'
import type { Disk, DiskEntry } from '../../agent/machine/disk.ts'
import type { Clock } from '../../base/clock.ts'
import type { Quiet } from '../quiet.ts'
import { type Drive, diskError } from './drive.ts'
import type { TreeNode } from './file-tree.ts'
import { bytesOf, type FileNode, type FolderNode, newFile, newFolder } from './file-tree.ts'
import { OpenStreams } from './open-streams.ts'

const TOP = '/sim'

export type Mount = {
  /** Everything of the machine is below it. */
  readonly root: string
  /** The process that had it is gone: what it still asks of the disk fails and changes nothing. */
  end(): void
}

type Mounted = { readonly drive: Drive; readonly streams: OpenStreams; hasEnded: boolean }
type Place = { readonly mounted: Mounted; readonly names: readonly string[]; readonly path: string }
type Parent = { readonly folder: FolderNode; readonly name: string }
type Opened = { readonly place: Place; readonly node: TreeNode }

export class Mounts implements Disk {
  readonly #mounted = new Map<string, Mounted>()
  readonly #opened = new Map<number, Opened>()
  readonly #quiet: Quiet
  #made = 0
  #nextDescriptor = 1000

  constructor(quiet: Quiet) {
    this.#quiet = quiet
  }

  mount(drive: Drive, clock: Clock): Mount {
    this.#made += 1
    const number = String(this.#made)
    const streams = new OpenStreams(this.#quiet, clock, drive)
    const mounted: Mounted = { drive, streams, hasEnded: false }
    this.#mounted.set(number, mounted)
    return {
      root: `${TOP}/${number}`,
      end: () => {
        mounted.hasEnded = true
        streams.end()
        this.#mounted.delete(number)
        for (const [descriptor, { place }] of this.#opened) {
          if (place.mounted === mounted) this.#opened.delete(descriptor)
        }
      },
    }
  }

  accessSync(path: string): void {
    this.#read('access', path, (at) => node(at))
  }

  chmodSync(path: string, mode: number): void {
    this.#change('chmod', path, (at) => {
      const found = node(at)
      if (found.kind === 'file') found.mode = mode
    })
  }

  closeSync(descriptor: number): void {
    this.#opened.delete(descriptor)
  }

  copyFileSync(from: string, to: string): void {
    const source = this.#read('copy', from, (at) => file(at))
    this.#change('copy', to, (at) => {
      const copy = newFile(source.mode)
      create(at, copy)
      appendAll(at, copy, bytesOf(source))
    })
  }

  createReadStream(path: string): Readable {
    const { streams } = this.#placeOf(path)
    return streams.reader(() => this.#read('read', path, (at) => bytesOf(file(at))))
  }

  createWriteStream(path: string, how: { readonly mode: number }): Writable {
    const { streams } = this.#placeOf(path)
    return streams.writer(() => {
      const made = newFile(how.mode)
      this.#change('create', path, (at) => create(at, made))
      return (bytes) => this.#change('write', path, (at) => appendAll(at, made, bytes))
    })
  }

  fsyncSync(descriptor: number): void {
    const { place, node: found } = this.#openedAs(descriptor)
    this.#change('fsync', place.path, ({ mounted }) => mounted.drive.tree.flush(found))
  }

  linkSync(from: string, to: string): void {
    const source = this.#read('link', from, (at) => file(at))
    this.#change('link', to, (at) => create(at, source))
  }

  lstatSync(path: string): DiskEntry | undefined {
    return this.#read('stat', path, ({ mounted, names }) => {
      const found = mounted.drive.tree.find(names)
      return found === undefined ? undefined : entryOf(found)
    })
  }

  statSync(path: string): DiskEntry | undefined {
    return this.lstatSync(path)
  }

  mkdirSync(path: string, how: { readonly mode: number }): void {
    const { names } = this.#placeOf(path)
    for (let depth = 1; depth <= names.length; depth += 1) {
      const part = `${path.split('/', 3).join('/')}/${names.slice(0, depth).join('/')}`
      if (
        this.#read('mkdir', part, ({ mounted }) => mounted.drive.tree.find(names.slice(0, depth)))
      )
        continue
      this.#change('mkdir', part, (at) => create(at, newFolder(how.mode)))
    }
  }

  openSync(path: string, flags: 'r' | 'r+' | 'wx' | 'a', mode = 0o600): number {
    const isThere = this.#read('open', path, ({ mounted, names }) => mounted.drive.tree.find(names))
    const makes = flags === 'wx' || (flags === 'a' && isThere === undefined)
    if (makes) this.#change('create', path, (at) => create(at, newFile(mode)))
    const descriptor = this.#nextDescriptor
    this.#nextDescriptor += 1
    const place = this.#placeOf(path)
    this.#opened.set(descriptor, { place, node: node(place) })
    return descriptor
  }

  readdirSync(path: string): string[] {
    return this.#read('readdir', path, (at) => {
      const found = node(at)
      if (found.kind !== 'folder') throw diskError('ENOTDIR', path)
      return [...found.names.keys()]
    })
  }

  readFileSync(path: string): Uint8Array {
    return this.#read('read', path, (at) => bytesOf(file(at)).slice())
  }

  readlinkSync(path: string): string {
    return this.#read('readlink', path, (at) => {
      node(at)
      throw diskError('EINVAL', path)
    })
  }

  renameSync(from: string, to: string): void {
    const target = this.#placeOf(to)
    this.#change('rename', from, (at) => {
      const moved = node(at)
      if (to.startsWith(`${from}/`)) throw diskError('EINVAL', to)
      const replaced = target.mounted.drive.tree.find(target.names)
      const isFull = replaced?.kind === 'folder' && replaced.names.size > 0
      if (isFull && replaced !== moved) throw diskError('ENOTEMPTY', to)
      at.mounted.drive.tree.move(parentOf(at), parentOf(target))
    })
  }

  rmdirSync(path: string): void {
    this.#change('rmdir', path, (at) => {
      const found = node(at)
      if (found.kind !== 'folder') throw diskError('ENOTDIR', path)
      if (found.names.size > 0) throw diskError('ENOTEMPTY', path)
      removeName(at)
    })
  }

  statfsSync(path: string): { readonly bavail: number; readonly bsize: number } {
    return this.#read('statfs', path, (at) => {
      node(at)
      return { bavail: at.mounted.drive.tree.free, bsize: 1 }
    })
  }

  unlinkSync(path: string): void {
    this.#change('unlink', path, (at) => {
      file(at)
      removeName(at)
    })
  }

  writeSync(descriptor: number, bytes: Uint8Array, offset: number): number {
    const { place, node: found } = this.#openedAs(descriptor)
    if (found.kind === 'folder') throw diskError('EBADF', place.path)
    return this.#change('write', place.path, ({ mounted, path }) => {
      const written = mounted.drive.tree.append(found, bytes.subarray(offset))
      if (written === 0 && bytes.length > offset) throw diskError('ENOSPC', path)
      return written
    })
  }

  #read<Result>(name: string, path: string, act: (at: Place) => Result): Result {
    return this.#perform(name, path, { isChange: false, act })
  }

  #change<Result>(name: string, path: string, act: (at: Place) => Result): Result {
    return this.#perform(name, path, { isChange: true, act })
  }

  #perform<Result>(
    name: string,
    path: string,
    how: { readonly isChange: boolean; act(at: Place): Result },
  ): Result {
    const place = this.#place(path)
    return place.mounted.drive.perform({
      name: `${name} ${path}`,
      isChange: how.isChange,
      act: () => how.act(place),
      isOver: () => place.mounted.hasEnded,
    })
  }

  #placeOf(path: string): Place & { readonly streams: OpenStreams } {
    const place = this.#place(path)
    return { ...place, streams: place.mounted.streams }
  }

  #place(path: string): Place {
    const [, top, number = '', ...names] = path.split('/')
    const mounted = `/${top}` === TOP ? this.#mounted.get(number) : undefined
    if (mounted === undefined || mounted.hasEnded) throw diskError('EIO', `${path} is gone`)
    return { mounted, names, path }
  }

  #openedAs(descriptor: number): Opened {
    const opened = this.#opened.get(descriptor)
    if (opened === undefined) throw diskError('EBADF', `descriptor ${descriptor}`)
    return opened
  }
}

function node({ mounted, names, path }: Place): TreeNode {
  const found = mounted.drive.tree.find(names)
  if (found === undefined) throw diskError('ENOENT', path)
  return found
}

function file(place: Place): FileNode {
  const found = node(place)
  if (found.kind === 'folder') throw diskError('EISDIR', place.path)
  return found
}

function parentOf({ mounted, names, path }: Place): Parent {
  const folder = mounted.drive.tree.find(names.slice(0, -1))
  if (folder === undefined) throw diskError('ENOENT', path)
  if (folder.kind !== 'folder') throw diskError('ENOTDIR', path)
  return { folder, name: names.at(-1) ?? '' }
}

function create(place: Place, made: TreeNode): void {
  const { folder, name } = parentOf(place)
  if (folder.names.has(name)) throw diskError('EEXIST', place.path)
  if (!place.mounted.drive.tree.add(folder, name, made)) throw diskError('ENOSPC', place.path)
}

function removeName(place: Place): void {
  const { folder, name } = parentOf(place)
  place.mounted.drive.tree.remove(folder, name)
}

function appendAll({ mounted, path }: Place, to: FileNode, bytes: Uint8Array): void {
  if (mounted.drive.tree.append(to, bytes) < bytes.length) throw diskError('ENOSPC', path)
}

function entryOf(found: TreeNode): DiskEntry {
  const isFile = found.kind === 'file'
  return {
    size: isFile ? found.size : 0,
    mode: found.mode,
    isFile: () => isFile,
    isDirectory: () => !isFile,
  }
}
