/**
 * A gzip file as segments. Headers, small files and padding become small members of our own; the
 * content of an artifact is its stored member, named and not copied.
 */
import { concatBytes } from '../../base/bytes.ts'
import type { ArtifactRef } from '../package-spec.ts'
import type { Segment } from '../writer.ts'
import type { FileContent } from './entry.ts'
import { gzipMember } from './gzip.ts'

export function gzipSegments(parts: readonly FileContent[]): readonly Segment[] {
  const segments: Segment[] = []
  let own: Uint8Array[] = []
  const endOwn = () => {
    if (own.length > 0) segments.push(ownMember(own))
    own = []
  }
  for (const part of parts) {
    if (part.kind === 'artifact') {
      endOwn()
      segments.push(artifactMember(part.artifact))
    } else if (part.isApart) {
      endOwn()
      segments.push(ownMember([part.bytes]))
    } else own.push(part.bytes)
  }
  endOwn()
  return segments
}

function ownMember(parts: readonly Uint8Array[]): Segment {
  return { kind: 'bytes', bytes: gzipMember(concatBytes(parts)) }
}

function artifactMember(artifact: ArtifactRef): Segment {
  return { kind: 'artifact', digest: artifact.gzipDigest, offset: 0, length: artifact.gzipSize }
}
