/**
 * A package's segments as they lie in the database: its own bytes and the names of the artifacts
 * between them, sealed, because its own bytes hold the enrolment token.
 *
 * Two packages of one format and release differ in a few hundred bytes. So a list is compressed
 * with another such list, the model, as a dictionary: what every distribution shares is kept once,
 * in the model, and each has its own differences alone.
 */
import { constants, inflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import * as z from 'zod'
import { concatBytes, fromUtf8, utf8 } from '../base/bytes.ts'
import { type Digest, digestOf } from '../base/digest.ts'
import type { DistributionId } from '../base/ids.ts'
import type { Arch } from '../base/platform.ts'
import { sha256Hex } from '../contract/schema.ts'
import type { Segment } from '../pack/writer.ts'
import type { InstanceSecret } from '../store/secret.ts'
import { segmentsFromText } from './stored-segments.ts'

/** Which package of which distribution: a sealed list opens nowhere else. */
export type PackagePlace = {
  readonly distributionId: DistributionId
  readonly format: string
  readonly arch: Arch
}

/** Fast, and beyond it little is won on what is left beside a model. */
const LEVEL = 9
/** Ten thousand files, each with the header and the digests that a format has of it. */
const LIST_BYTES_MAX = 64 * 1024 * 1024

const header = z.array(
  z.union([z.int().min(0), z.tuple([sha256Hex, z.int().min(0), z.int().min(0)])]),
)

export function sealSegments(
  secret: Pick<InstanceSecret, 'seal'>,
  place: PackagePlace,
  segments: readonly Segment[],
  model: Uint8Array,
): { readonly sealedSegments: Uint8Array; readonly segmentsDigest: Digest } {
  const bytes = listBytes(segments)
  return {
    sealedSegments: secret.seal(compress(bytes, model), contextOf(place)),
    segmentsDigest: digestOf(bytes),
  }
}

/** `model` is null for what was stored before there were models. */
export function openSegments(
  secret: Pick<InstanceSecret, 'open'>,
  place: PackagePlace,
  sealed: Uint8Array,
  model: Uint8Array | null,
): readonly Segment[] {
  const opened = secret.open(sealed, contextOf(place))
  if (model === null) return segmentsFromText(fromUtf8(inflateRawSync(opened)))
  return listFrom(decompress(opened, model))
}

/** The length of a header, the header as JSON, and the segments' own bytes behind it. */
export function listBytes(segments: readonly Segment[]): Uint8Array {
  const own = segments.flatMap((segment) => (segment.kind === 'bytes' ? [segment.bytes] : []))
  const text = utf8(
    JSON.stringify(
      segments.map((segment) =>
        segment.kind === 'bytes'
          ? segment.bytes.length
          : [segment.digest, segment.offset, segment.length],
      ),
    ),
  )
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, text.length)
  return concatBytes([length, text, ...own])
}

/** Written by `listBytes` and sealed since: what does not fit is a bug, and says so. */
function listFrom(bytes: Uint8Array): readonly Segment[] {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0)
  let at = 4 + length
  return header.parse(JSON.parse(fromUtf8(bytes.subarray(4, at)))).map((stored): Segment => {
    if (typeof stored === 'number') {
      const own = bytes.subarray(at, at + stored)
      at += stored
      return { kind: 'bytes', bytes: own }
    }
    const [digest, offset, size] = stored
    // The schema checked the digest.
    return { kind: 'artifact', digest: digest as Digest, offset, length: size }
  })
}

/** What a list is compressed to beside its model; the model itself lies beside an empty one. */
export function compress(bytes: Uint8Array, model: Uint8Array): Uint8Array {
  // With another dictionary it would come out as other bytes: the check sum says that it did.
  const params = {
    [constants.ZSTD_c_compressionLevel]: LEVEL,
    [constants.ZSTD_c_checksumFlag]: 1,
  }
  return zstdCompressSync(bytes, { params, ...dictionaryOf(model) })
}

export function decompress(bytes: Uint8Array, model: Uint8Array): Uint8Array {
  return zstdDecompressSync(bytes, { maxOutputLength: LIST_BYTES_MAX, ...dictionaryOf(model) })
}

function dictionaryOf(model: Uint8Array): { readonly dictionary?: Uint8Array } {
  return model.length === 0 ? {} : { dictionary: model }
}

function contextOf(place: PackagePlace): string {
  return `package:${place.distributionId}:${place.format}:${place.arch}`
}
