/** What an archive of any format holds, before it is bytes. */
import type { ArtifactRef } from '../package-spec.ts'

export type FileContent =
  | {
      readonly kind: 'bytes'
      readonly bytes: Uint8Array
      /**
       * It differs between distributions: compressed by itself, so that what stands around it is
       * the same bytes for all of them.
       */
      readonly isApart?: boolean
    }
  | { readonly kind: 'artifact'; readonly artifact: ArtifactRef }

/** Paths are relative and have no trailing slash. */
export type ArchiveEntry =
  | {
      readonly kind: 'directory'
      readonly path: string
      readonly mode: number
      /** User and group, by number, where the format has them; absent: root. */
      readonly owner?: number
    }
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
