/**
 * SHA-256 of segments, for formats that hold the digest of their payload. The artifacts of a
 * release are long and the same for every distribution, so the state of the hash behind the last of
 * them is remembered: the first distribution of a release reads them once, the next ones cost their
 * own few bytes.
 */
import { createHash, type Hash } from 'node:crypto'
import { type Digest, digestOf, isDigest } from '../base/digest.ts'
import { invariant } from '../base/invariant.ts'
import type { Segment, WriterNeeds } from '../pack/writer.ts'
import { type ArtifactBytes, streamSegments } from './http/segment-stream.ts'

/** Releases in use at one time, by far; each costs a few hundred bytes of memory. */
const STATES_MAX = 256

export function createSegmentDigests(artifacts: ArtifactBytes): WriterNeeds['digestOf'] {
  const states = new Map<Digest, Promise<Hash>>()
  const stateAfter = (segments: readonly Segment[]): Promise<Hash> => {
    const name = nameOf(segments)
    const state = states.get(name) ?? readInto(createHash('sha256'), segments, artifacts)
    // The one that was used last comes last.
    states.delete(name)
    states.set(name, state)
    const [oldest] = states.keys()
    if (states.size > STATES_MAX && oldest !== undefined) states.delete(oldest)
    return state.catch((error: unknown) => {
      states.delete(name)
      throw error
    })
  }
  return async (segments) => {
    const end = segments.findLastIndex(({ kind }) => kind === 'artifact') + 1
    const state = await stateAfter(segments.slice(0, end))
    const hash = await readInto(state.copy(), segments.slice(end), artifacts)
    const digest = hash.digest('hex')
    invariant(isDigest(digest), 'a SHA-256 in hexadecimal is a digest')
    return digest
  }
}

async function readInto(
  hash: Hash,
  segments: readonly Segment[],
  artifacts: ArtifactBytes,
): Promise<Hash> {
  for await (const part of streamSegments(segments, artifacts)) hash.update(part)
  return hash
}

function nameOf(segments: readonly Segment[]): Digest {
  const names = segments.map((segment) =>
    segment.kind === 'bytes'
      ? [digestOf(segment.bytes)]
      : [segment.digest, segment.offset, segment.length],
  )
  return digestOf(JSON.stringify(names))
}
