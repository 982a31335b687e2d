/**
 * A package's segments as they lie in the database: its own bytes and the names of the artifacts
 * between them, sealed, because its own bytes hold the enrolment token. Compressed before, because
 * an installer's own bytes are mostly text and there is a list for each package of each
 * distribution.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import * as z from 'zod'
import { fromUtf8, utf8 } from '../base/bytes.ts'
import { type Digest, digestOf } from '../base/digest.ts'
import type { DistributionId } from '../base/ids.ts'
import type { Arch } from '../base/platform.ts'
import { sha256Hex } from '../contract/schema.ts'
import type { Segment } from '../pack/writer.ts'
import type { InstanceSecret } from '../store/secret.ts'

const storedSegments = z.array(
  z.union([z.tuple([z.base64()]), z.tuple([sha256Hex, z.int().min(0), z.int().min(0)])]),
)

/** Which package of which distribution: a sealed list opens nowhere else. */
export type PackagePlace = {
  readonly distributionId: DistributionId
  readonly format: string
  readonly arch: Arch
}

export function sealSegments(
  secret: Pick<InstanceSecret, 'seal'>,
  place: PackagePlace,
  segments: readonly Segment[],
): { readonly sealedSegments: Uint8Array; readonly segmentsDigest: Digest } {
  const bytes = utf8(segmentsToText(segments))
  return {
    sealedSegments: secret.seal(deflateRawSync(bytes, { level: 9 }), contextOf(place)),
    segmentsDigest: digestOf(bytes),
  }
}

export function openSegments(
  secret: Pick<InstanceSecret, 'open'>,
  place: PackagePlace,
  sealed: Uint8Array,
): readonly Segment[] {
  const bytes = inflateRawSync(secret.open(sealed, contextOf(place)))
  return segmentsFromText(fromUtf8(bytes))
}

/** A list that holds nothing secret lies in the database as this text. */
export function segmentsToText(segments: readonly Segment[]): string {
  const list = segments.map((segment) =>
    segment.kind === 'bytes'
      ? [Buffer.from(segment.bytes).toString('base64')]
      : [segment.digest, segment.offset, segment.length],
  )
  return JSON.stringify(list)
}

export function segmentsFromText(text: string): readonly Segment[] {
  const list = storedSegments.parse(JSON.parse(text))
  return list.map((stored) => {
    if (stored.length === 1) return { kind: 'bytes', bytes: Buffer.from(stored[0], 'base64') }
    const [digest, offset, length] = stored
    return { kind: 'artifact', digest: digest as Digest, offset, length } // The schema checked it.
  })
}

function contextOf(place: PackagePlace): string {
  return `package:${place.distributionId}:${place.format}:${place.arch}`
}
