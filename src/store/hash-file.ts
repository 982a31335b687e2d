import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type Digest, isDigest } from '../base/digest.ts'
import { invariant } from '../base/invariant.ts'

const READ_BYTES = 256 * 1024

/** The SHA-256 and the size of a file, read from beginning to end. */
export async function hashFile(
  path: string,
): Promise<{ readonly digest: Digest; readonly size: number }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) {
    hash.update(chunk)
    size += chunk.length
  }
  const digest = hash.digest('hex')
  invariant(isDigest(digest), 'a SHA-256 in hexadecimal is a digest')
  return { digest, size }
}
