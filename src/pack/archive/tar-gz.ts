/**
 * A compressed tar as segments. Headers, small files and padding become small gzip members of our
 * own; the content of an artifact is its stored gzip member, named and not copied.
 */
import { concatBytes } from '../../base/bytes.ts'
import type { ArtifactRef } from '../package-spec.ts'
import type { Segment } from '../writer.ts'
import { gzipMember } from './gzip.ts'
import { tarEnd, tarHeaderBytes, tarPadding } from './tar.ts'

export type FileContent =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'artifact'; readonly artifact: ArtifactRef }

/** Paths are relative and have no trailing slash. */
export type TarEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'file'
      readonly path: string
      readonly mode: number
      readonly content: FileContent
    }

export function contentSize(content: FileContent): number {
  return content.kind === 'bytes' ? content.bytes.length : content.artifact.size
}

/** Every path is written with `prefix` before it (`./` for deb). */
export function tarGzSegments(
  entries: readonly TarEntry[],
  form: { readonly prefix: string; readonly timestamp: number },
): readonly Segment[] {
  const segments: Segment[] = []
  let own: Uint8Array[] = []
  for (const entry of entries) {
    own.push(headerOf(entry, form))
    if (entry.kind !== 'file') continue
    const { content } = entry
    if (content.kind === 'bytes') own.push(content.bytes)
    else {
      segments.push(ownMember(own), artifactMember(content.artifact))
      own = []
    }
    own.push(tarPadding(contentSize(content)))
  }
  return [...segments, ownMember([...own, tarEnd()])]
}

function headerOf(
  entry: TarEntry,
  form: { readonly prefix: string; readonly timestamp: number },
): Uint8Array {
  const path = `${form.prefix}${entry.path}`
  const common = { timestamp: form.timestamp, size: 0, linkTarget: '' }
  switch (entry.kind) {
    case 'directory':
      return tarHeaderBytes({
        ...common,
        kind: 'directory',
        path: path.endsWith('/') ? path : `${path}/`,
        mode: entry.mode,
      })
    case 'symlink':
      return tarHeaderBytes({
        ...common,
        kind: 'symlink',
        path,
        mode: 0o777,
        linkTarget: entry.target,
      })
    case 'file':
      return tarHeaderBytes({
        ...common,
        kind: 'file',
        path,
        mode: entry.mode,
        size: contentSize(entry.content),
      })
  }
}

function ownMember(parts: readonly Uint8Array[]): Segment {
  return { kind: 'bytes', bytes: gzipMember(concatBytes(parts)) }
}

function artifactMember(artifact: ArtifactRef): Segment {
  return { kind: 'artifact', digest: artifact.gzipDigest, offset: 0, length: artifact.gzipSize }
}
