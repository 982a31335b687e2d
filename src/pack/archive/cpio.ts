/**
 * A cpio archive in the "newc" form (cpio(5), "New ASCII Format"): the payload of an rpm. Headers
 * are text, numbers are eight hexadecimal digits, names and contents are filled up to four bytes.
 */
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { invariant } from '../../base/invariant.ts'
import { type ArchiveEntry, contentSize, type FileContent } from './entry.ts'

const MAGIC = '070701'
const HEADER_LENGTH = 110
const ALIGNMENT = 4
/** Eight hexadecimal digits: the width of every field. */
export const CPIO_FIELD_MAX = 0xffff_ffff
const TRAILER = 'TRAILER!!!'

/** cpio(5): the mode field holds the type of file, too, with the values of stat(2). */
const TYPE_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const

/** With the type of file, as cpio and rpm keep it. */
export function fullMode(entry: ArchiveEntry): number {
  return TYPE_BITS[entry.kind] | (entry.kind === 'symlink' ? 0o777 : entry.mode)
}

/** What an entry's header says that it is followed by: a link's content is its target. */
export function entrySize(entry: ArchiveEntry): number {
  switch (entry.kind) {
    case 'directory':
      return 0
    case 'symlink':
      return utf8(entry.target).length
    case 'file':
      return contentSize(entry.content)
  }
}

/** One entry of an archive, and the number that stands for it there. */
export type NumberedEntry = { readonly entry: ArchiveEntry; readonly inode: number }

/** The archive, in pieces; every path is written with `prefix` before it (`./` for rpm). */
export function cpioParts(
  entries: readonly NumberedEntry[],
  form: { readonly prefix: string; readonly timestamp: number },
): readonly FileContent[] {
  const parts = entries.flatMap(({ entry, inode }): FileContent[] => {
    const size = entrySize(entry)
    const header = headerBytes({
      name: `${form.prefix}${entry.path}`,
      inode,
      mode: fullMode(entry),
      links: entry.kind === 'directory' ? 2 : 1,
      timestamp: form.timestamp,
      size,
    })
    return [own(header), ...contentOf(entry), own(padding(size))]
  })
  const end = { name: TRAILER, inode: 0, mode: 0, links: 1, timestamp: 0, size: 0 }
  return [...parts, own(headerBytes(end))]
}

function contentOf(entry: ArchiveEntry): FileContent[] {
  switch (entry.kind) {
    case 'directory':
      return []
    case 'symlink':
      return [own(utf8(entry.target))]
    case 'file':
      return [entry.content]
  }
}

function headerBytes(header: {
  readonly name: string
  readonly inode: number
  readonly mode: number
  readonly links: number
  readonly timestamp: number
  readonly size: number
}): Uint8Array {
  const name = utf8(`${header.name}\0`)
  const fields = [
    header.inode,
    header.mode,
    0, // owner
    0, // group
    header.links,
    header.timestamp,
    header.size,
    0, // major and minor number of the file's device
    0,
    0, // major and minor number of a device file
    0,
    name.length,
    0, // the checksum of another form
  ]
  const text = utf8(`${MAGIC}${fields.map(hexField).join('')}`)
  invariant(text.length === HEADER_LENGTH, 'a cpio header has 110 characters')
  return concatBytes([text, name, padding(HEADER_LENGTH + name.length)])
}

function hexField(value: number): string {
  invariant(value <= CPIO_FIELD_MAX, 'a number fits its field of a cpio header')
  return value.toString(16).padStart(8, '0')
}

/** Zeros that fill up what is `size` bytes long. */
function padding(size: number): Uint8Array {
  return new Uint8Array((ALIGNMENT - (size % ALIGNMENT)) % ALIGNMENT)
}

function own(bytes: Uint8Array): FileContent {
  return { kind: 'bytes', bytes }
}
