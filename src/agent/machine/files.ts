/**
 * Files that must survive a power cut. A file is replaced whole: written under another name,
 * flushed, renamed, and its folder flushed, so that a reader sees the old bytes or the new ones and
 * never a part. What differs between platforms is in `file-rules.ts`.
 */

import { createHash } from 'node:crypto'
import * as ownDisk from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Digest, isDigest } from '../../base/digest.ts'
import { Fault } from '../../base/fault.ts'
import { invariant } from '../../base/invariant.ts'
import type { Disk } from './disk.ts'
import { FILE_RULES, patiently } from './file-rules.ts'
import { OWN_PLATFORM } from './platform.ts'

let disk: Disk = ownDisk

/** For the simulator: from now on every file of this process is on that disk. */
export function useDisk(other: Disk): void {
  disk = other
}

/** What file systems without hard links say (FAT, network disks), or when there are too many. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR'])

export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/** No space left, or the quota is used up. */
export function isDiskFull(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    const code = errorCode(current)
    if (code === 'ENOSPC' || code === 'EDQUOT') return true
  }
  return false
}

/** What the system said of a file, as it said it: `EIO`, `EROFS`, `EACCES`. */
export function isFileTrouble(error: unknown): boolean {
  return /^E[A-Z0-9]+$/.test(errorCode(error) ?? '')
}

export function makeFolder(path: string): void {
  disk.mkdirSync(path, { recursive: true, mode: 0o700 })
}

/** Makes the names in a folder durable, where a folder can be asked for that. */
export function syncFolder(path: string): void {
  if (FILE_RULES.flushesFolders) flush(path, 'r')
}

export function syncFile(path: string): void {
  flush(path, FILE_RULES.flushesAs)
}

/** What a Mac calls flushed may still be in its disk's cache. */
const fullSync =
  OWN_PLATFORM === 'macos' ? await (await import('./macos/full-sync.ts')).openFullSync() : null

function toDisk(descriptor: number): void {
  disk.fsyncSync(descriptor)
  fullSync?.(descriptor)
}

function flush(path: string, how: 'r' | 'r+'): void {
  const descriptor = disk.openSync(path, how)
  try {
    toDisk(descriptor)
  } finally {
    disk.closeSync(descriptor)
  }
}

/** Replaces a file whole. Each file has one writer, so one temporary name is enough. */
export function writeDurably(path: string, bytes: Uint8Array, mode: number): void {
  const temporary = `${path}.new`
  try {
    removeTree(temporary)
    const descriptor = disk.openSync(temporary, 'wx', FILE_RULES.hasModes ? mode : 0o600)
    try {
      let written = 0
      while (written < bytes.length) written += disk.writeSync(descriptor, bytes, written)
      toDisk(descriptor)
    } finally {
      disk.closeSync(descriptor)
    }
    patiently(FILE_RULES, () => disk.renameSync(temporary, path))
    syncFolder(dirname(path))
  } catch (error) {
    throw new Fault({ code: 'not-written', doing: `writing ${path}`, retry: 'later', cause: error })
  }
}

/** A file's bytes; null when there is no such file. Refuses to read more than `bytesMax`. */
export function readIfThere(path: string, bytesMax: number): Uint8Array | null {
  const size = sizeOfTarget(path)
  if (size === null) return null
  if (size > bytesMax) {
    throw new Fault({
      code: 'file-too-large',
      doing: `reading ${path} (${size} bytes, limit ${bytesMax})`,
      retry: 'never',
    })
  }
  try {
    return disk.readFileSync(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw new Fault({ code: 'not-read', doing: `reading ${path}`, retry: 'later', cause: error })
  }
}

/** As `sizeIfThere`, links followed. */
function sizeOfTarget(path: string): number | null {
  try {
    const stat = disk.statSync(path, { throwIfNoEntry: false })
    return stat?.isFile() ? stat.size : null
  } catch (error) {
    throw new Fault({ code: 'not-read', doing: `reading ${path}`, retry: 'later', cause: error })
  }
}

/**
 * The size of a regular file; null when there is none of that name. Symbolic links count as none.
 */
export function sizeIfThere(path: string): number | null {
  const stat = disk.lstatSync(path, { throwIfNoEntry: false })
  return stat?.isFile() ? stat.size : null
}

export function isExecutable(path: string): boolean {
  const stat = disk.lstatSync(path, { throwIfNoEntry: false })
  return stat?.isFile() === true && (!FILE_RULES.hasModes || (stat.mode & 0o100) !== 0)
}

/** Whether this user may look into it; what is not there cannot be read. */
export function isReadable(path: string): boolean {
  try {
    disk.accessSync(path, ownDisk.constants.R_OK)
    return true
  } catch {
    // Best effort: absent and closed mean the same here.
    return false
  }
}

export function folderExists(path: string): boolean {
  return disk.lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** What a symbolic link says; null when there is no link of that name. */
export function linkTarget(path: string): string | null {
  try {
    return disk.readlinkSync(path)
  } catch (error) {
    if (['ENOENT', 'EINVAL', 'ENOTDIR'].includes(errorCode(error) ?? '')) return null
    throw error
  }
}

/** Names in a folder, sorted; empty when there is no folder. */
export function namesIn(path: string): readonly string[] {
  try {
    return disk.readdirSync(path).sort()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

/**
 * Removes a file, or a folder with all that is in it; links are removed and not followed. By hand,
 * because bun's own way asks Windows for more than wine gives.
 */
export function removeTree(path: string): void {
  const stat = disk.lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isDirectory()) {
    disk.unlinkSync(path)
    return
  }
  for (const name of disk.readdirSync(path)) removeTree(join(path, name))
  disk.rmdirSync(path)
}

/** Removes what can be; false when something is still in use, and may be removed later. */
export function removeTreeIfFree(path: string): boolean {
  try {
    removeTree(path)
    return true
  } catch (error) {
    if (!FILE_RULES.busyCodes.includes(errorCode(error) ?? '')) throw error
    return false
  }
}

export function renameDurably(from: string, to: string): void {
  patiently(FILE_RULES, () => disk.renameSync(from, to))
  syncFolder(dirname(to))
}

/** A second name for the bytes; a copy of them on a disk that has no such names. */
export function linkFile(from: string, to: string): void {
  try {
    disk.linkSync(from, to)
  } catch (error) {
    if (!NO_LINKS.has(errorCode(error) ?? '')) throw error
    copyFile(from, to)
  }
}

/** A copy that shares its blocks with the original where the file system can. */
export function copyFile(from: string, to: string): void {
  disk.copyFileSync(from, to, ownDisk.constants.COPYFILE_EXCL | ownDisk.constants.COPYFILE_FICLONE)
}

export function setMode(path: string, mode: number): void {
  if (FILE_RULES.hasModes) disk.chmodSync(path, mode)
}

export function freeBytes(path: string): number {
  const stat = disk.statfsSync(path)
  return stat.bavail * stat.bsize
}

export type AppendedFile = { write(bytes: Uint8Array): void; close(): void }

/** A file that grows at its end. */
export function appendTo(path: string): AppendedFile {
  const descriptor = disk.openSync(path, 'a', 0o600)
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length; ) at += disk.writeSync(descriptor, bytes, at)
    },
    close: () => disk.closeSync(descriptor),
  }
}

export function readStream(path: string): Readable {
  return disk.createReadStream(path)
}

/** Fails when there is a file of that name already. */
export function writeNewStream(path: string): Writable {
  return disk.createWriteStream(path, { flags: 'wx', mode: 0o600 })
}

/** SHA-256 and size of a regular file, read as a stream; null when there is none. */
export async function digestOfFile(
  path: string,
): Promise<{ readonly digest: Digest; readonly size: number } | null> {
  if (sizeIfThere(path) === null) return null
  const hash = createHash('sha256')
  let size = 0
  await pipeline(disk.createReadStream(path), async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) {
      hash.update(chunk)
      size += chunk.length
    }
  })
  const digest = hash.digest('hex')
  invariant(isDigest(digest), 'a SHA-256 in hex is a digest')
  return { digest, size }
}
