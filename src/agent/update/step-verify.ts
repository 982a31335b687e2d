/**
 * Verifies one downloaded artifact and takes it into the store.
 *
 * Before: `partial/<gzip digest>.part` has the size that was signed; its bytes are anybody's.
 * After: `store/<digest>` holds exactly the bytes that were signed, flushed to disk, and the
 * partial file is gone. Safe to repeat because: bytes get their final name last, by a rename, after
 * both digests were found right; a wrong download is removed, so that it is downloaded again.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { Fault } from '../../base/fault.ts'
import type { ManifestFile } from '../../contract/manifest.ts'
import type { Layout } from '../layout.ts'
import {
  digestOfFile,
  errorCode,
  makeFolder,
  readStream,
  removeTree,
  renameDurably,
  setMode,
  syncFile,
  writeNewStream,
} from '../machine/files.ts'
import { modeOf } from '../version-directory.ts'
import { DamagedDownload } from './damaged-download.ts'
import { partialArtifact } from './observe.ts'

export async function verifyArtifact(layout: Layout, file: ManifestFile): Promise<void> {
  const partial = partialArtifact(layout, file.gzip_digest)
  const fetched = await digestOfFile(partial)
  if (fetched?.digest !== file.gzip_digest || fetched.size !== file.gzip_size) {
    removeTree(partial)
    throw new DamagedDownload('digest-mismatch', `verifying the download of ${file.path}`)
  }
  makeFolder(layout.store)
  const stored = join(layout.store, file.digest)
  const temporary = `${stored}.new`
  removeTree(temporary)
  const content = await decompress(partial, temporary, file)
  if (content !== file.digest) {
    removeTree(temporary)
    throw new Fault({
      // The download was what was signed, and holds something else than was signed: no retry mends
      // that.
      code: 'content-mismatch',
      doing: `verifying the content of ${file.path}`,
      retry: 'never',
    })
  }
  setMode(temporary, modeOf(file))
  syncFile(temporary)
  renameDurably(temporary, stored)
  removeTree(partial)
}

/** The digest of what came out; null when it is no gzip, or not of the size that was signed. */
async function decompress(from: string, to: string, file: ManifestFile): Promise<string | null> {
  const hash = createHash('sha256')
  let length = 0
  const measure = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      length += chunk.length
      if (length > file.size) {
        done(new Fault({ code: 'too-large', doing: 'decompressing', retry: 'never' }))
        return
      }
      hash.update(chunk)
      done(null, chunk)
    },
  })
  const write = writeNewStream(to)
  try {
    await pipeline(readStream(from), createGunzip(), measure, write)
  } catch (error) {
    removeTree(to)
    if (isOfContent(error)) return null
    throw error
  }
  return length === file.size ? hash.digest('hex') : null
}

/** Not the disk's doing: what was read is no gzip, or holds more than was signed. */
function isOfContent(error: unknown): boolean {
  return error instanceof Fault || errorCode(error)?.startsWith('Z_') === true
}
