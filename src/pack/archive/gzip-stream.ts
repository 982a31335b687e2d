/**
 * Bytes that are too many to be held, as one gzip member (RFC 1952). Its header says nothing of the
 * machine; how well the bytes are packed may differ between processors (see gzip.ts), so whoever
 * needs the same bytes again keeps them.
 */
import { pipeline } from 'node:stream/promises'
import { crc32, createDeflateRaw } from 'node:zlib'

/** RFC 1952, 2.3: magic, deflate, no flags, no time, no extra flags, unknown system. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)
/** zlib's own default: from here on, a per cent of size costs twice the time. */
const LEVEL = 6

export async function* gzipStream(
  parts: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  let checksum = 0
  let length = 0
  async function* watched(): AsyncGenerator<Uint8Array> {
    for await (const part of parts) {
      checksum = crc32(part, checksum)
      length += part.length
      yield part
    }
  }
  const deflate = createDeflateRaw({ level: LEVEL })
  // Best effort: what goes wrong in it ends the loop below; ending that loop early is no fault.
  pipeline(watched(), deflate).catch(() => {})
  yield HEADER
  yield* deflate
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(checksum, 0)
  trailer.writeUInt32LE(length % 2 ** 32, 4)
  yield trailer
}
