/**
 * A POSIX shell script with an archive behind its last line: a gzip-compressed tar of several
 * members, so that the artifacts are named where they stand.
 *
 * The digest of the whole archive cannot be known without reading the artifacts. So the script
 * knows the digest of a list, the archive's first file, which has the digest of every other.
 */
import { utf8 } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import { type ArchiveEntry, contentSize } from '../archive/entry.ts'
import { tarGzSegments } from '../archive/tar-gz.ts'
import { lengthOf, type Segment } from '../writer.ts'
import { fillTemplate } from './template.ts'

/** Digits of a number in the script: fixed, so that its length does not depend on what it says. */
const NUMBER_WIDTH = 12

/**
 * Beside `values` the template has `@SCRIPT_SIZE@` (of the whole file), `@ARCHIVE_AT@` (as `tail -c
 * +N` counts) and `@SUMS_DIGEST@`.
 */
export function selfExtracting(
  template: string,
  values: Readonly<Record<string, string>>,
  archive: { readonly content: readonly ArchiveEntry[]; readonly timestamp: number },
): readonly Segment[] {
  const { content, timestamp } = archive
  const sums = utf8(content.map(sumLine).join(''))
  const list = { kind: 'bytes', bytes: sums, isApart: true } as const
  const entries = [{ ...ownFile('SHA256SUMS', sums), content: list }, ...content]
  const segments = tarGzSegments(entries, { prefix: '', timestamp })
  const archiveSize = lengthOf(segments)
  const render = (length: number) =>
    utf8(
      fillTemplate(template, {
        ...values,
        SCRIPT_SIZE: fixedWidth(length + archiveSize),
        ARCHIVE_AT: fixedWidth(length + 1), // tail counts from 1
        SUMS_DIGEST: digestOf(sums),
      }),
    )
  return [{ kind: 'bytes', bytes: render(render(0).length) }, ...segments]
}

/** What the content takes when it is unpacked. */
export function unpackedKiB(content: readonly ArchiveEntry[]): number {
  const sizes = content.map((entry) =>
    entry.kind === 'file' ? Math.ceil(contentSize(entry.content) / 1024) : 4,
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** A small file of the package's own. */
export function ownFile(path: string, bytes: Uint8Array): ArchiveEntry {
  return { kind: 'file', path, mode: 0o644, content: { kind: 'bytes', bytes } }
}

function fixedWidth(value: number): string {
  return String(value).padEnd(NUMBER_WIDTH)
}

function sumLine(entry: ArchiveEntry): string {
  if (entry.kind !== 'file') return ''
  const { content } = entry
  const digest = content.kind === 'bytes' ? digestOf(content.bytes) : content.artifact.digest
  return `${digest}  ${entry.path}\n`
}
