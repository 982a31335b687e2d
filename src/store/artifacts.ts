/**
 * The bytes of artifacts: a folder of gzip members, each named by its own SHA-256 (`ab/ab12...`).
 * Everything is written under a passing name first, hashed on its way, and gets its final name only
 * when it is whole, as expected, and on the disk; so whatever has a final name is right, and a kill
 * at any moment leaves at most a passing name, which the next opening removes.
 *
 * What refers to bytes is a row, written after them and removed before them; one artifact is stored
 * or removed at a time, row included, so that nobody removes what another is about to refer to.
 *
 * One process for each folder (its data folder is locked); any number of writers inside it.
 */
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/fault.ts'
import { newId, type RunId } from '../base/ids.ts'
import { invariant } from '../base/invariant.ts'
import type { Random } from '../base/random.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { compressInto } from './compress.ts'
import { folderFault, isMissing, syncFolder } from './folder.ts'
import { hashFile } from './hash-file.ts'
import { HashedFile, openNew } from './hashed-file.ts'
import type { StoredArtifact } from './releases.ts'
import { Turns } from './turns.ts'

export type PutExpectation = {
  readonly limitBytes: number
  /** What the content must be, where that is known beforehand. */
  readonly digest?: Digest
  readonly size?: number
}

/** In order of precedence. Whatever the refusal, nothing stays. */
export type PutRefusal =
  | { readonly code: 'too-large'; readonly limitBytes: number }
  | { readonly code: 'size-differs'; readonly expected: number; readonly actual: number }
  | { readonly code: 'digest-differs'; readonly expected: Digest; readonly actual: Digest }

export type Artifacts = {
  /**
   * Stores content as one gzip member; `save` writes the row that refers to it. Storing the same
   * again changes nothing and answers the same.
   */
  putStream(
    source: AsyncIterable<Uint8Array>,
    expectation: PutExpectation,
    save?: (stored: StoredArtifact) => Promise<void>,
  ): Promise<Result<StoredArtifact, PutRefusal>>
  /**
   * Stores bytes as they come, under their own digest; `save` writes the row that refers to them,
   * and gets what the generator says at its end. More than `limitBytes` is a Fault
   * `derived-too-large`.
   */
  putAsIs(
    source: AsyncGenerator<Uint8Array, string>,
    limitBytes: number,
    save: (stored: StoredAsIs) => Promise<void>,
  ): Promise<StoredAsIs>
  has(gzipDigest: Digest): Promise<boolean>
  /** Of the gzip member, in bytes. A missing one is a Fault `artifact-missing`, here and below. */
  size(gzipDigest: Digest): Promise<number>
  /**
   * The stored bytes, or a range that lies inside them. Each part is valid until the next is asked
   * for (one buffer serves them all); `return()`, as leaving a loop calls it, closes the file.
   */
  openRead(gzipDigest: Digest, range?: ByteRange): Promise<AsyncIterableIterator<Uint8Array>>
  /** Reads all of it again: false when its bytes are no longer what its name says. */
  verify(gzipDigest: Digest): Promise<boolean>
  /** Removes the bytes unless something refers to them; safe to repeat. */
  remove(gzipDigest: Digest, isReferredTo: () => Promise<boolean>): Promise<void>
}

export type StoredAsIs = {
  readonly digest: Digest
  readonly size: number
  readonly notes: string
}

export type ByteRange = { readonly offset: number; readonly length: number }

const PARTIAL = 'partial'
/**
 * Of one read, and of the one buffer that a download holds: large enough that it is not all system
 * calls, small enough for a thousand at once.
 */
const READ_BYTES = 256 * 1024

export async function openArtifacts(folder: string, random: Random): Promise<Artifacts> {
  const partial = join(folder, PARTIAL)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await rm(partial, { recursive: true, force: true })
    await mkdir(partial, { mode: 0o700 })
    await syncFolder(folder)
  } catch (cause) {
    throw folderFault({ code: 'artifacts-not-usable', doing: `opening ${folder}`, cause })
  }
  const turns = new Turns()
  return {
    putStream: (source, expectation, save) =>
      put({ folder, random, source, expectation, turns, save: save ?? (async () => {}) }),
    putAsIs: (source, limitBytes, save) =>
      putAsIs({ folder, random, source, limitBytes, turns, save }),
    has: async (gzipDigest) => (await sizeOf(folder, gzipDigest)) !== null,
    async size(gzipDigest) {
      const size = await sizeOf(folder, gzipDigest)
      if (size === null) throw missing(gzipDigest)
      return size
    },
    openRead: (gzipDigest, range) => openRead(folder, gzipDigest, range),
    async verify(gzipDigest) {
      try {
        return (await hashFile(artifactPath(folder, gzipDigest))).digest === gzipDigest
      } catch (cause) {
        throw readFault(gzipDigest, cause)
      }
    },
    remove: (gzipDigest, isReferredTo) =>
      turns.take(gzipDigest, async () => {
        if (!(await isReferredTo())) await removeFile(folder, gzipDigest)
      }),
  }
}

/** Where an artifact lies below the folder. */
export function artifactPath(folder: string, gzipDigest: Digest): string {
  return join(folder, gzipDigest.slice(0, 2), gzipDigest)
}

async function put(work: {
  readonly folder: string
  readonly random: Random
  readonly source: AsyncIterable<Uint8Array>
  readonly expectation: PutExpectation
  readonly turns: Turns
  readonly save: (stored: StoredArtifact) => Promise<void>
}): Promise<Result<StoredArtifact, PutRefusal>> {
  const { folder, expectation } = work
  const path = join(folder, PARTIAL, newId<RunId>(work.random))
  try {
    const limit = expectation.limitBytes
    const written = await compressInto(path, work.source, limit)
    if (written === null) return refuse({ code: 'too-large', limitBytes: limit })
    const refusal = compare(written, expectation)
    if (refusal !== null) return refuse(refusal)
    await work.turns.take(written.gzipDigest, async () => {
      await giveFinalName(folder, path, written.gzipDigest)
      await work.save(written)
    })
    return accept(written)
  } finally {
    await rm(path, { force: true })
  }
}

async function putAsIs(work: {
  readonly folder: string
  readonly random: Random
  readonly source: AsyncGenerator<Uint8Array, string>
  readonly limitBytes: number
  readonly turns: Turns
  readonly save: (stored: StoredAsIs) => Promise<void>
}): Promise<StoredAsIs> {
  const { folder } = work
  const path = join(folder, PARTIAL, newId<RunId>(work.random))
  try {
    const stored = await writeAsIs(path, work.source, work.limitBytes)
    await work.turns.take(stored.digest, async () => {
      await giveFinalName(folder, path, stored.digest)
      await work.save(stored)
    })
    return stored
  } finally {
    await rm(path, { force: true })
  }
}

async function writeAsIs(
  path: string,
  source: AsyncGenerator<Uint8Array, string>,
  limitBytes: number,
): Promise<StoredAsIs> {
  await using file = await openNew(path)
  await using open = new AsyncDisposableStack()
  open.defer(async () => void (await source.return('')))
  const hashed = new HashedFile(file, path)
  for (let size = 0; ; ) {
    const next = await source.next()
    if (next.done === true) return { ...(await hashed.finish()), notes: next.value }
    size += next.value.length
    if (size > limitBytes) {
      const doing = `storing what is derived from a release: over ${limitBytes} bytes`
      throw new Fault({ code: 'derived-too-large', doing, retry: 'never' })
    }
    await hashed.write(next.value)
  }
}

function compare(written: StoredArtifact, expectation: PutExpectation): PutRefusal | null {
  const { size, digest } = expectation
  if (size !== undefined && size !== written.size) {
    return { code: 'size-differs', expected: size, actual: written.size }
  }
  if (digest !== undefined && digest !== written.digest) {
    return { code: 'digest-differs', expected: digest, actual: written.digest }
  }
  return null
}

/** Moves a flushed file to its final name, durably. Over an equal one it changes nothing. */
export async function giveFinalName(folder: string, path: string, digest: Digest): Promise<void> {
  const final = artifactPath(folder, digest)
  const shelf = join(folder, digest.slice(0, 2))
  try {
    if ((await mkdir(shelf, { recursive: true, mode: 0o700 })) !== undefined) {
      await syncFolder(folder)
    }
    await rename(path, final)
    await syncFolder(shelf)
  } catch (cause) {
    throw folderFault({ code: 'artifact-not-stored', doing: `storing artifact ${digest}`, cause })
  }
}

async function sizeOf(folder: string, gzipDigest: Digest): Promise<number | null> {
  try {
    return (await stat(artifactPath(folder, gzipDigest))).size
  } catch (cause) {
    if (isMissing(cause)) return null
    throw readFault(gzipDigest, cause)
  }
}

async function openRead(
  folder: string,
  digest: Digest,
  range?: ByteRange,
): Promise<AsyncIterableIterator<Uint8Array>> {
  try {
    const file = await open(artifactPath(folder, digest), 'r')
    await using cleanUp = new AsyncDisposableStack()
    cleanUp.defer(() => file.close())
    const { size } = await file.stat()
    const { offset, length } = range ?? { offset: 0, length: size }
    invariant(offset >= 0 && length >= 0 && offset + length <= size, 'a range lies inside')
    cleanUp.move()
    return partsOf(file, digest, { offset, length })
  } catch (cause) {
    throw readFault(digest, cause)
  }
}

/** Not a generator: one that was never started would not close its file. */
function partsOf(
  file: FileHandle,
  digest: Digest,
  range: ByteRange,
): AsyncIterableIterator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, range.length))
  const end = range.offset + range.length
  let at = range.offset
  const close = async () => {
    await file.close()
    return { done: true, value: undefined } as const
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      if (at >= end) return await close()
      try {
        const part = await readPart(file, digest, buffer.subarray(0, end - at), at)
        at += part.length
        return { done: false, value: part }
      } catch (error) {
        // A loop closes what it leaves, not what has failed; a file that nobody closes ends Node.
        await close()
        throw error
      }
    },
    return: close,
  }
}

async function readPart(
  file: FileHandle,
  digest: Digest,
  into: Uint8Array,
  position: number,
): Promise<Uint8Array> {
  try {
    const { bytesRead } = await file.read(into, 0, into.length, position)
    invariant(bytesRead > 0, 'a stored artifact never gets shorter')
    return into.subarray(0, bytesRead)
  } catch (cause) {
    throw readFault(digest, cause)
  }
}

async function removeFile(folder: string, digest: Digest): Promise<void> {
  try {
    await rm(artifactPath(folder, digest), { force: true })
  } catch (cause) {
    throw folderFault({ code: 'artifact-not-removed', doing: `removing artifact ${digest}`, cause })
  }
}

function readFault(digest: Digest, cause: unknown): unknown {
  if (isMissing(cause)) return missing(digest, cause)
  if (!(cause instanceof Error) || !('syscall' in cause)) return cause
  return folderFault({ code: 'artifact-unreadable', doing: `reading artifact ${digest}`, cause })
}

function missing(digest: Digest, cause?: unknown): Fault {
  const doing = `reading artifact ${digest}, which is not in the store`
  return new Fault({ code: 'artifact-missing', doing, retry: 'never', cause })
}
