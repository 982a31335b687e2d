/**
 * Files on their way to the server: hashed first, sent only where the server does not have them.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/fault.ts'
import type { Client } from '../client/client.ts'
import { MANIFEST_FILES_MAX } from '../contract/manifest.ts'
import type { Io } from './io.ts'
import { startProgress } from './progress.ts'

export type LocalFile = { readonly source: string; readonly size: number }
export type Hashed<File extends LocalFile> = File & { readonly digest: Digest }

/** More at once would only make each of them slower. */
const UPLOADS_AT_ONCE = 4

export async function hashFiles<File extends LocalFile>(
  io: Io,
  files: readonly File[],
): Promise<readonly Hashed<File>[]> {
  using progress = startProgress({ output: io.stderr, clock: io.clock }, 'Reading', sizeOf(files))
  const hashed: Hashed<File>[] = []
  let done = 0
  for (const file of files) {
    const hash = createHash('sha256')
    for await (const chunk of readChunks(file.source)) {
      hash.update(chunk)
      done += chunk.length
      progress.moveTo(done)
    }
    // Branding: a SHA-256 in hex is a Digest by construction.
    hashed.push({ ...file, digest: hash.digest('hex') as Digest })
  }
  return hashed
}

async function* readChunks(path: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* createReadStream(path, { highWaterMark: 1024 * 1024 })
  } catch (cause) {
    const doing = `reading ${path}`
    throw new Fault({ code: 'upload-unreadable', doing, retry: 'never', cause })
  }
}

export async function missingOnServer(
  client: Client,
  digests: readonly string[],
): Promise<ReadonlySet<string>> {
  const missing = new Set<string>()
  const unique = [...new Set(digests)].toSorted()
  for (let at = 0; at < unique.length; at += MANIFEST_FILES_MAX) {
    const part = unique.slice(at, at + MANIFEST_FILES_MAX)
    for (const digest of (await client.releases.missingArtifacts(part)).missing) missing.add(digest)
  }
  return missing
}

/** Each digest once, however many files have it. */
export async function uploadFiles(
  io: Io,
  client: Client,
  files: readonly Hashed<LocalFile>[],
): Promise<void> {
  const waiting = [...new Map(files.map((file) => [file.digest, file])).values()]
  using progress = startProgress(
    { output: io.stderr, clock: io.clock },
    'Uploading',
    sizeOf(waiting),
  )
  const sent = new Map<Digest, number>()
  let done = 0
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const { digest, source } = file
      await client.releases.uploadArtifact({
        digest,
        open: () => readChunks(source),
        onProgress: (bytes) => {
          // A try that begins again counts from nothing.
          done += bytes - (sent.get(digest) ?? 0)
          sent.set(digest, bytes)
          progress.moveTo(done)
        },
      })
    }
  }
  const workers = Array.from({ length: UPLOADS_AT_ONCE }, async () => {
    try {
      await worker()
    } catch (error) {
      // Nobody needs the rest any more.
      waiting.length = 0
      throw error
    }
  })
  await Promise.all(workers)
}

function sizeOf(files: readonly LocalFile[]): number {
  return files.reduce((sum, file) => sum + file.size, 0)
}
