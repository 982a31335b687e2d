/** A compressed tar as segments. */
import type { Segment } from '../writer.ts'
import { type ArchiveEntry, contentSize, type FileContent } from './entry.ts'
import { gzipSegments } from './gzip-segments.ts'
import { tarEnd, tarHeaderBytes, tarPadding } from './tar.ts'

/** Every path is written with `prefix` before it (`./` for deb). */
export function tarGzSegments(
  entries: readonly ArchiveEntry[],
  form: { readonly prefix: string; readonly timestamp: number },
): readonly Segment[] {
  return gzipSegments(tarParts(entries, form))
}

/** The tar itself, in pieces. */
export function tarParts(
  entries: readonly ArchiveEntry[],
  form: { readonly prefix: string; readonly timestamp: number },
): readonly FileContent[] {
  const parts = entries.flatMap((entry): FileContent[] => {
    const header = own(headerOf(entry, form))
    if (entry.kind !== 'file') return [header]
    const { content } = entry
    const padding = own(tarPadding(contentSize(content)))
    // The header has the size, which differs too.
    const isApart = content.kind === 'bytes' && content.isApart === true
    return [isApart ? { ...header, isApart } : header, content, padding]
  })
  return [...parts, own(tarEnd())]
}

function headerOf(
  entry: ArchiveEntry,
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
        ...(entry.owner === undefined ? {} : { owner: entry.owner }),
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

function own(bytes: Uint8Array) {
  return { kind: 'bytes', bytes } as const
}
