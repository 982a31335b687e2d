import { invariant } from '../../base/invariant.ts'
import type { Segment } from '../../pack/writer.ts'
import type { Artifacts } from '../../store/artifacts.ts'

/** What is read of the artifact store here. */
export type ArtifactBytes = Pick<Artifacts, 'openRead'>

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
