/**
 * Headers of a tar archive: POSIX ustar (pax(1), "ustar Interchange Format"), with the GNU long
 * name entry for paths that do not fit. Not pax headers: dpkg refuses them ("unsupported PAX tar
 * header type").
 */
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { invariant } from '../../base/invariant.ts'

export const TAR_BLOCK = 512
const NAME_LENGTH_MAX = 100
const PREFIX_LENGTH_MAX = 155

export type TarHeader = {
  readonly kind: 'file' | 'directory' | 'symlink'
  /** With the trailing slash of a directory. */
  readonly path: string
  readonly mode: number
  readonly size: number
  readonly timestamp: number
  /** Of a symlink; empty for the others. */
  readonly linkTarget: string
  /** User and group, by number; absent: root. */
  readonly owner?: number
}

const TYPE_FLAGS = { file: '0', symlink: '2', directory: '5' } as const
/** GNU tar manual, "Basic Tar Format": the content of this entry is the path of the next one. */
const GNU_LONG_NAME = 'L'

/** The blocks that come before an entry's content. */
export function tarHeaderBytes(header: TarHeader): Uint8Array {
  const fields = { ...header, typeFlag: TYPE_FLAGS[header.kind] }
  const split = splitPath(header.path)
  if (split !== null) return headerBlock({ ...fields, ...split, magic: USTAR_MAGIC })
  const path = utf8(`${header.path}\0`)
  const longName = { typeFlag: GNU_LONG_NAME, mode: 0, size: path.length, linkTarget: '' }
  const name = utf8(header.path).subarray(0, NAME_LENGTH_MAX)
  return concatBytes([
    headerBlock({ ...fields, ...longName, ...LONG_LINK, magic: GNU_MAGIC }),
    path,
    tarPadding(path.length),
    // The name field is a stand-in here, which readers replace by the long name.
    headerBlock({ ...fields, name, prefix: utf8(''), magic: GNU_MAGIC }),
  ])
}

/** Zeros that fill the last block of an entry's content. */
export function tarPadding(size: number): Uint8Array {
  return new Uint8Array((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK)
}

/** Two blocks of zeros end an archive. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * TAR_BLOCK)
}

type PathFields = { readonly name: Uint8Array; readonly prefix: Uint8Array }
const LONG_LINK: PathFields = { name: utf8('././@LongLink'), prefix: utf8('') }

/** Name and prefix of a path, or null when no slash divides it so that both fit. */
function splitPath(path: string): PathFields | null {
  const whole = utf8(path)
  if (whole.length <= NAME_LENGTH_MAX) return { name: whole, prefix: utf8('') }
  const slash = '/'.charCodeAt(0)
  for (let at = 1; at < whole.length - 1 && at <= PREFIX_LENGTH_MAX; at++) {
    if (whole[at] === slash && whole.length - at - 1 <= NAME_LENGTH_MAX) {
      return { name: whole.subarray(at + 1), prefix: whole.subarray(0, at) }
    }
  }
  return null
}

const USTAR_MAGIC = 'ustar\x0000'
const GNU_MAGIC = 'ustar  \0'

type HeaderFields = PathFields & {
  readonly typeFlag: string
  readonly mode: number
  readonly size: number
  readonly timestamp: number
  readonly linkTarget: string
  readonly owner?: number
  readonly magic: string
}

function headerBlock(fields: HeaderFields): Uint8Array {
  const block = new Uint8Array(TAR_BLOCK)
  const put = (at: number, bytes: Uint8Array) => block.set(bytes, at)
  const target = utf8(fields.linkTarget)
  invariant(target.length <= NAME_LENGTH_MAX, 'a link target fits its field')
  put(0, fields.name)
  put(100, octal(fields.mode, 8))
  const owner = fields.owner ?? 0
  put(108, octal(owner, 8))
  put(116, octal(owner, 8)) // group
  put(124, octal(fields.size, 12))
  put(136, octal(fields.timestamp, 12))
  put(148, utf8(' '.repeat(8))) // the checksum counts itself as spaces
  put(156, utf8(fields.typeFlag))
  put(157, target)
  put(257, utf8(fields.magic))
  // Names win over numbers where both are there: nobody but root has one.
  put(265, utf8(owner === 0 ? 'root' : ''))
  put(297, utf8(owner === 0 ? 'root' : '')) // group
  put(345, fields.prefix)
  const checksum = block.reduce((sum, byte) => sum + byte, 0)
  put(148, utf8(`${checksum.toString(8).padStart(6, '0')}\0 `))
  return block
}

/** Octal digits with leading zeros and the closing NUL, `width` bytes in all. */
function octal(value: number, width: number): Uint8Array {
  const digits = value.toString(8).padStart(width - 1, '0')
  invariant(digits.length === width - 1, 'a number fits its field of a tar header')
  return utf8(`${digits}\0`)
}
