/** Reads a cpio archive back, by cpio(5) and independently of the writer. */
import { fromUtf8 } from '../../base/bytes.ts'

export type CpioEntry = {
  readonly path: string
  readonly inode: number
  /** With the type of file. */
  readonly mode: number
  readonly links: number
  readonly modified: number
  readonly bytes: Uint8Array
}

/** Without the entry that ends it. */
export function readCpio(archive: Uint8Array): readonly CpioEntry[] {
  const entries: CpioEntry[] = []
  let at = 0
  for (;;) {
    const text = fromUtf8(archive.subarray(at, at + 110))
    if (!text.startsWith('070701')) throw new Error(`no header at ${at}`)
    const field = (index: number) => Number.parseInt(text.slice(6 + index * 8, 14 + index * 8), 16)
    const nameEnd = at + 110 + field(11)
    const path = fromUtf8(archive.subarray(at + 110, nameEnd - 1))
    const from = nameEnd + ((4 - (nameEnd % 4)) % 4)
    const to = from + field(6)
    at = to + ((4 - (to % 4)) % 4)
    if (path === 'TRAILER!!!') {
      if (at !== archive.length) throw new Error('something follows the end')
      return entries
    }
    entries.push({
      path: path.replace(/^\.\//, ''),
      inode: field(0),
      mode: field(1),
      links: field(4),
      modified: field(5),
      bytes: archive.subarray(from, to),
    })
  }
}
