import { invariant } from '../../base/invariant.ts'
import { type Segment, segmentLength } from '../../pack/writer.ts'
import type { Artifacts } from '../../store/artifacts.ts'

/** What is read of the artifact store here. */
export type ArtifactBytes = Pick<Artifacts, 'openRead'>

/** The segments that make up `length` bytes from `offset` on. */
export function sliceSegments(
  segments: readonly Segment[],
  range: { readonly offset: number; readonly length: number },
): readonly Segment[] {
  const sliced: Segment[] = []
  let start = 0
  for (const segment of segments) {
    const length = segmentLength(segment)
    const from = Math.max(range.offset - start, 0)
    const to = Math.min(range.offset + range.length - start, length)
    if (from < to) sliced.push(sliceOne(segment, from, to))
    start += length
  }
  return sliced
}

function sliceOne(segment: Segment, from: number, to: number): Segment {
  if (segment.kind === 'bytes') return { kind: 'bytes', bytes: segment.bytes.subarray(from, to) }
  const { digest, offset } = segment
  return { kind: 'artifact', digest, offset: offset + from, length: to - from }
}

/**
 * The bytes of the segments, one after the other, read as they are asked for: at most one artifact
 * is open, leaving the loop early closes it, and a part is valid until the next is asked for.
 */
export async function* streamSegments(
  segments: readonly Segment[],
  artifacts: ArtifactBytes,
): AsyncGenerator<Uint8Array> {
  for (const segment of segments) {
    if (segment.kind === 'bytes') {
      yield segment.bytes
      continue
    }
    const { digest, offset, length } = segment
    const source = await artifacts.openRead(digest, { offset, length })
    let read = 0
    for await (const part of source) {
      read += part.length
      yield part
    }
    invariant(read === length, 'an artifact is as long as its segment says')
  }
}
