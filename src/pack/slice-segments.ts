import { type Segment, segmentLength } from './writer.ts'

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
