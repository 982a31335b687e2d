/**
 * A cpio archive in the "odc" form (cpio(5), "Portable ASCII Format"): payload and scripts of an
 * installer package of macOS. Headers are text, numbers are octal digits, nothing is filled up.
 */
import { utf8 } from '../../base/bytes.ts'
import { invariant } from '../../base/invariant.ts'
import { entrySize, fullMode } from './cpio.ts'
import type { ArchiveEntry, FileContent } from './entry.ts'

const MAGIC = '070707'
const TRAILER = 'TRAILER!!!'
/** Digits of a time and of a size; everything else has six. */
const WIDE = 11
const NARROW = 6
/** The number of an entry has six octal digits, and none is 0. */
const ODC_ENTRIES_MAX = 8 ** NARROW - 1

/** One entry: its header, and what follows it. */
export type OdcPart = {
  readonly entry: ArchiveEntry
  readonly header: Uint8Array
  /** A link's content is its target. */
  readonly content: FileContent | null
}

/** Paths are written with `./` before them; the path `.` stands for the folder they are in. */
export function odcParts(entries: readonly ArchiveEntry[], timestamp: number): readonly OdcPart[] {
  invariant(entries.length <= ODC_ENTRIES_MAX, 'an archive numbers so many entries')
  return entries.map((entry, index) => ({
    entry,
    header: headerBytes({
      name: entry.path === '.' ? '.' : `./${entry.path}`,
      inode: index + 1,
      mode: fullMode(entry),
      timestamp,
      size: entrySize(entry),
    }),
    content: contentOf(entry),
  }))
}

/** What ends an archive. */
export const ODC_END = headerBytes({ name: TRAILER, inode: 0, mode: 0, timestamp: 0, size: 0 })

function contentOf(entry: ArchiveEntry): FileContent | null {
  switch (entry.kind) {
    case 'directory':
      return null
    case 'symlink':
      return { kind: 'bytes', bytes: utf8(entry.target) }
    case 'file':
      return entry.content
  }
}

function headerBytes(header: {
  readonly name: string
  readonly inode: number
  readonly mode: number
  readonly timestamp: number
  readonly size: number
}): Uint8Array {
  const name = utf8(`${header.name}\0`)
  const fields = [
    octal(1, NARROW), // the device that the numbers of the entries belong to
    octal(header.inode, NARROW),
    octal(header.mode, NARROW),
    octal(0, NARROW), // owner
    octal(0, NARROW), // group
    octal(1, NARROW), // links
    octal(0, NARROW), // number of a device file
    octal(header.timestamp, WIDE),
    octal(name.length, NARROW),
    octal(header.size, WIDE),
  ]
  return Buffer.concat([utf8(`${MAGIC}${fields.join('')}`), name])
}

function octal(value: number, width: number): string {
  invariant(value < 8 ** width, 'a number fits its field of a cpio header')
  return value.toString(8).padStart(width, '0')
}
