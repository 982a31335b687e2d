/**
 * APK Signature Scheme v2 (source.android.com, under that name; the same in AOSP's apksig,
 * V2SchemeSigner). It is enough for every Android since 7.0, and this app is for 9 and later, so
 * there are no signatures of single files (v1). v3 adds nothing but the change to another key.
 */
import { createHash } from 'node:crypto'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import type { Digest } from '../../base/digest.ts'
import type { AndroidKey } from '../writer.ts'

/** RSASSA-PKCS1-v1_5 with SHA2-256, whose signatures of the same bytes are the same. */
const ALGORITHM = 0x0103
/** The id of the v2 scheme among the block's pairs. */
const SCHEME_V2 = 0x7109871a
const MAGIC = utf8('APK Sig Block 42')
/** What is digested is cut into pieces of so many bytes. */
export const CHUNK_BYTES = 1024 * 1024

/** What stands before a piece when it is digested. */
export function chunkPrefix(length: number): Uint8Array {
  return concatBytes([Uint8Array.of(0xa5), u32(length)])
}

/** Of everything but the block: a digest over the digests of all pieces. */
export function digestOfChunks(chunks: readonly Digest[]): Uint8Array {
  const hash = createHash('sha256').update(Uint8Array.of(0x5a)).update(u32(chunks.length))
  for (const chunk of chunks) hash.update(Buffer.from(chunk, 'hex'))
  return hash.digest()
}

/** The block that stands between the entries and the directory. */
export async function signingBlock(digest: Uint8Array, key: AndroidKey): Promise<Uint8Array> {
  const { certificate, publicKey } = key
  const digests = prefixed(prefixed(u32(ALGORITHM), prefixed(digest)))
  const signed = concatBytes([digests, prefixed(prefixed(certificate)), prefixed()])
  const signature = await key.sign(signed)
  const signatures = prefixed(prefixed(u32(ALGORITHM), prefixed(signature)))
  const signer = prefixed(prefixed(signed), signatures, prefixed(publicKey))
  const value = prefixed(signer)
  const pair = concatBytes([u64(4 + value.length), u32(SCHEME_V2), value])
  // Its size is said twice, without the first time.
  const size = u64(pair.length + 8 + MAGIC.length)
  return concatBytes([size, pair, size, MAGIC])
}

/** The parts one after the other, and their length before them. */
function prefixed(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = concatBytes(parts)
  return concatBytes([u32(whole.length), whole])
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
