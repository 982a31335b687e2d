import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { type Digest, digestOf } from '../../base/digest.ts'
import { sliceSegments } from '../../pack/slice-segments.ts'
import { lengthOf, type Segment } from '../../pack/writer.ts'
import { type ArtifactBytes, streamSegments } from './segment-stream.ts'

const stored = new Map<Digest, Uint8Array>()

/** An artifact store in memory that gives its bytes in pieces of three, all in one buffer. */
function artifactsOf(log: string[] = []): ArtifactBytes {
  return {
    async openRead(digest, range) {
      const bytes = stored.get(digest) ?? new Uint8Array()
      const { offset, length } = range ?? { offset: 0, length: bytes.length }
      log.push('opened')
      return pieces(bytes.subarray(offset, offset + length), log)
    },
  }
}

async function* pieces(bytes: Uint8Array, log: string[]): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(3)
  try {
    for (let at = 0; at < bytes.length; at += 3) {
      const piece = bytes.subarray(at, at + 3)
      buffer.set(piece)
      yield buffer.subarray(0, piece.length)
    }
  } finally {
    log.push('closed')
  }
}

const bytesSegment = fc
  .uint8Array({ maxLength: 20 })
  .map((bytes): Segment => ({ kind: 'bytes', bytes }))
const artifactSegment = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.nat(29), fc.nat(30))
  .map(([bytes, from, count]): Segment => {
    const digest = digestOf(bytes)
    stored.set(digest, bytes)
    const offset = Math.min(from, bytes.length)
    return { kind: 'artifact', digest, offset, length: Math.min(count, bytes.length - offset) }
  })
const segmentList = fc.array(fc.oneof(bytesSegment, artifactSegment), { maxLength: 8 })

async function read(segments: readonly Segment[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of streamSegments(segments, artifactsOf())) {
    parts.push(part.slice())
  }
  return concatBytes(parts)
}

describe('segments', () => {
  it('a slice reads as the same part of the whole', async () => {
    await fc.assert(
      fc.asyncProperty(segmentList, fc.nat(150), fc.nat(150), async (segments, from, count) => {
        const whole = await read(segments)
        expect(whole.length).toBe(lengthOf(segments))
        const offset = Math.min(from, whole.length)
        const length = Math.min(count, whole.length - offset)
        const part = sliceSegments(segments, { offset, length })
        expect(lengthOf(part)).toBe(length)
        expect(await read(part)).toEqual(whole.slice(offset, offset + length))
      }),
    )
  })

  it('leaving early closes the artifact that is open, and opens no other', async () => {
    const bytes = utf8('a long artifact')
    const digest = digestOf(bytes)
    stored.set(digest, bytes)
    const segment: Segment = { kind: 'artifact', digest, offset: 0, length: bytes.length }
    const log: string[] = []
    for await (const part of streamSegments([segment, segment], artifactsOf(log))) {
      expect(Buffer.from(part).toString()).toBe('a l')
      break
    }
    expect(log).toEqual(['opened', 'closed'])
  })

  it('an artifact that is shorter than its segment says is a bug, not a short answer', async () => {
    const digest = digestOf('short')
    stored.set(digest, utf8('short'))
    const segment: Segment = { kind: 'artifact', digest, offset: 0, length: 6 }
    await expect(read([segment])).rejects.toThrow('as long as its segment says')
  })
})
