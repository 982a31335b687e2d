/**
 * A list of segments as text: those of images, which hold nothing secret, and those of packages
 * that were stored before there were models.
 */
import * as z from 'zod'
import type { Digest } from '../base/digest.ts'
import { sha256Hex } from '../contract/schema.ts'
import type { Segment } from '../pack/writer.ts'

const storedSegments = z.array(
  z.union([z.tuple([z.base64()]), z.tuple([sha256Hex, z.int().min(0), z.int().min(0)])]),
)

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
