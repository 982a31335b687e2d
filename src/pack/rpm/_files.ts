/** The list of files in the header: one array for each property, all in the same order. */
import { utf8 } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import { entrySize, fullMode, type NumberedEntry } from '../archive/cpio.ts'
import type { ArchiveEntry } from '../archive/entry.ts'
import type { HeaderEntry } from './_header.ts'

/** RPM manual, "Tags", file tags. */
const FILESIZES = 1028
const FILEMODES = 1030
const FILERDEVS = 1033
const FILEMTIMES = 1034
const FILEDIGESTS = 1035
const FILELINKTOS = 1036
const FILEFLAGS = 1037
const FILEUSERNAME = 1039
const FILEGROUPNAME = 1040
const FILEVERIFYFLAGS = 1045
const FILEDEVICES = 1095
const FILEINODES = 1096
const FILELANGS = 1097
const DIRINDEXES = 1116
const BASENAMES = 1117
const DIRNAMES = 1118
const FILEDIGESTALGO = 5011

/** RFC 4880, 9.4: SHA-256 among the hash algorithms, which rpm numbers as OpenPGP does. */
export const SHA256 = 8

/** rpm's `rpmfileAttrs_e` (include/rpm/rpmfiles.h). */
const FLAG_CONFIG = 1 << 0
const FLAG_NOREPLACE = 1 << 4
const FLAG_LICENCE = 1 << 7
/** `rpm --verify` looks at everything. */
const VERIFY_ALL = 0xffff_ffff

export type FileMarks = {
  /** Kept as the administrator left them: `%config(noreplace)`. */
  readonly config: readonly string[]
  readonly licence: readonly string[]
}

/** In the order of their paths' bytes, by which rpm finds a file of the payload in this list. */
export function numberEntries(entries: readonly ArchiveEntry[]): readonly NumberedEntry[] {
  return entries
    .map((entry) => ({ entry, key: utf8(entry.path) }))
    .toSorted((left, right) => Buffer.compare(left.key, right.key))
    .map(({ entry }, index) => ({ entry, inode: index + 1 }))
}

export function fileEntries(
  files: readonly NumberedEntry[],
  marks: FileMarks,
  timestamp: number,
): readonly HeaderEntry[] {
  const entries = files.map((file) => file.entry)
  const each = <Value>(value: Value) => files.map(() => value)
  return [
    { tag: FILESIZES, type: 'int32', values: entries.map(entrySize) },
    { tag: FILEMODES, type: 'int16', values: entries.map(fullMode) },
    { tag: FILERDEVS, type: 'int16', values: each(0) },
    { tag: FILEMTIMES, type: 'int32', values: each(timestamp) },
    { tag: FILEDIGESTS, type: 'strings', values: entries.map(digestText) },
    { tag: FILELINKTOS, type: 'strings', values: entries.map(linkText) },
    { tag: FILEFLAGS, type: 'int32', values: entries.map((entry) => flagsOf(entry, marks)) },
    { tag: FILEUSERNAME, type: 'strings', values: each('root') },
    { tag: FILEGROUPNAME, type: 'strings', values: each('root') },
    { tag: FILEVERIFYFLAGS, type: 'int32', values: each(VERIFY_ALL) },
    { tag: FILEDEVICES, type: 'int32', values: each(1) },
    { tag: FILEINODES, type: 'int32', values: files.map((file) => file.inode) },
    { tag: FILELANGS, type: 'strings', values: each('') },
    ...pathEntries(entries.map((entry) => `/${entry.path}`)),
    { tag: FILEDIGESTALGO, type: 'int32', values: [SHA256] },
  ]
}

/** "V4 Package format", Differences to V3: each folder is written once, with its last slash. */
function pathEntries(paths: readonly string[]): readonly HeaderEntry[] {
  const split = paths.map((path) => {
    const at = path.lastIndexOf('/') + 1
    return { folder: path.slice(0, at), name: path.slice(at) }
  })
  const folders = [...new Set(split.map(({ folder }) => folder))]
  const indexes = new Map(folders.map((folder, index) => [folder, index]))
  return [
    { tag: DIRINDEXES, type: 'int32', values: split.map((one) => indexes.get(one.folder) ?? 0) },
    { tag: BASENAMES, type: 'strings', values: split.map(({ name }) => name) },
    { tag: DIRNAMES, type: 'strings', values: folders },
  ]
}

function digestText(entry: ArchiveEntry): string {
  if (entry.kind !== 'file') return ''
  const { content } = entry
  return content.kind === 'bytes' ? digestOf(content.bytes) : content.artifact.digest
}

function linkText(entry: ArchiveEntry): string {
  return entry.kind === 'symlink' ? entry.target : ''
}

function flagsOf(entry: ArchiveEntry, marks: FileMarks): number {
  if (marks.config.includes(entry.path)) return FLAG_CONFIG | FLAG_NOREPLACE
  return marks.licence.includes(entry.path) ? FLAG_LICENCE : 0
}
