/**
 * Content into one gzip member on disk, hashed on both sides in the same pass. The same content
 * gives the same bytes on every platform: the header is ours (node:zlib writes the operating system
 * into it) and carries neither time nor name. RFC 1952.
 */
import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { crc32, createDeflateRaw } from 'node:zlib'
import { digestFrom, HashedFile, openNew } from './hashed-file.ts'
import type { StoredArtifact } from './releases.ts'

/**
 * Magic, deflate, no flags, no time, no extra flags, operating system unknown (RFC 1952, 2.3.1).
 */
const HEADER = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
const LEVEL = 6
const CHUNK_BYTES = 64 * 1024

/**
 * Writes the member to a new file and flushes it. Null when the content is longer than the limit;
 * the caller removes the file in that case, and when this throws.
 */
export async function compressInto(
  path: string,
  source: AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<StoredArtifact | null> {
  await using file = await openNew(path)
  const content = new ContentTally(limitBytes)
  const member = new HashedFile(file, path)
  const deflate = createDeflateRaw({ level: LEVEL, chunkSize: CHUNK_BYTES })
  try {
    await member.write(HEADER)
    await pipeline(content.count(source), deflate, async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) await member.write(chunk)
    })
  } catch (error) {
    if (content.isTooLarge) return null
    throw error
  }
  await member.write(content.trailer())
  const written = await member.finish()
  return { ...content.finish(), gzipDigest: written.digest, gzipSize: written.size }
}

class TooLarge extends Error {}

/** What goes in. */
class ContentTally {
  readonly #limitBytes: number
  readonly #sha256 = createHash('sha256')
  readonly #md5 = createHash('md5')
  #crc = 0
  #size = 0
  isTooLarge = false

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  async *count(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.#size += chunk.length
      if (this.#size > this.#limitBytes) {
        this.isTooLarge = true
        throw new TooLarge()
      }
      this.#sha256.update(chunk)
      this.#md5.update(chunk)
      this.#crc = crc32(chunk, this.#crc)
      yield chunk
    }
  }

  /** CRC32 and size modulo 2^32, little-endian (RFC 1952, 2.3.1). */
  trailer(): Uint8Array {
    const trailer = new DataView(new ArrayBuffer(8))
    trailer.setUint32(0, this.#crc, true)
    trailer.setUint32(4, this.#size % 2 ** 32, true)
    return new Uint8Array(trailer.buffer)
  }

  finish(): Pick<StoredArtifact, 'digest' | 'size' | 'md5'> {
    return { digest: digestFrom(this.#sha256), size: this.#size, md5: this.#md5.digest('hex') }
  }
}
