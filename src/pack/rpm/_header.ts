/**
 * The header structure of an rpm (RPM manual, "RPM Package Header format"): an index of tags, then
 * their values. Signature and header are both one of these, each whole in one immutable region, so
 * that digests and signatures over it stay true in rpm's database.
 */
import { concatBytes, utf8 } from '../../base/bytes.ts'

/** "RPM Package Header format", Index: the number of each type of value. */
const TYPES = { int16: 3, int32: 4, string: 6, bin: 7, strings: 8, i18n: 9 } as const

export type HeaderEntry = { readonly tag: number } & (
  | { readonly type: 'int16' | 'int32'; readonly values: readonly number[] }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bin'; readonly bytes: Uint8Array }
  | { readonly type: 'strings' | 'i18n'; readonly values: readonly string[] }
)

/** "V4 Package format", Signature and Header: the tag that an immutable region begins with. */
export const SIGNATURE_REGION = 62
export const HEADER_REGION = 63

/** "RPM Package Header format", Intro: the magic, the version 1, and four reserved bytes. */
const MAGIC = Uint8Array.from([0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0])
const INDEX_ENTRY_LENGTH = 16

export function headerBytes(region: number, entries: readonly HeaderEntry[]): Uint8Array {
  const sorted = entries.toSorted((left, right) => left.tag - right.tag)
  const index: Uint8Array[] = []
  const data: Uint8Array[] = []
  let offset = 0
  for (const entry of sorted) {
    const value = valueBytes(entry)
    // "RPM Package Header format", Data: integers begin at multiples of their own size.
    const filler = new Uint8Array((value.align - (offset % value.align)) % value.align)
    const at = offset + filler.length
    index.push(indexEntry({ tag: entry.tag, type: entry.type, offset: at, count: value.count }))
    data.push(filler, value.bytes)
    offset = at + value.bytes.length
  }
  // "RPM Package Header format", Immutable regions: the trailer looks like an index entry, and its
  // offset counts the region's entries backwards, in bytes.
  const count = sorted.length + 1
  const place = { tag: region, type: 'bin', count: INDEX_ENTRY_LENGTH } as const
  data.push(indexEntry({ ...place, offset: -count * INDEX_ENTRY_LENGTH }))
  const lengths = new Uint8Array(8)
  const view = new DataView(lengths.buffer)
  view.setUint32(0, count)
  view.setUint32(4, offset + INDEX_ENTRY_LENGTH)
  return concatBytes([MAGIC, lengths, indexEntry({ ...place, offset }), ...index, ...data])
}

function indexEntry(entry: {
  readonly tag: number
  readonly type: keyof typeof TYPES
  readonly offset: number
  readonly count: number
}): Uint8Array {
  const bytes = new Uint8Array(INDEX_ENTRY_LENGTH)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, entry.tag)
  view.setUint32(4, TYPES[entry.type])
  view.setInt32(8, entry.offset)
  view.setUint32(12, entry.count)
  return bytes
}

type Value = { readonly bytes: Uint8Array; readonly count: number; readonly align: number }

function valueBytes(entry: HeaderEntry): Value {
  switch (entry.type) {
    case 'int16':
      return integers(entry.values, 2)
    case 'int32':
      return integers(entry.values, 4)
    case 'string':
      return { bytes: utf8(`${entry.value}\0`), count: 1, align: 1 }
    case 'bin':
      return { bytes: entry.bytes, count: entry.bytes.length, align: 1 }
    case 'strings':
    case 'i18n': {
      const text = entry.values.map((value) => `${value}\0`).join('')
      return { bytes: utf8(text), count: entry.values.length, align: 1 }
    }
  }
}

function integers(values: readonly number[], width: 2 | 4): Value {
  const bytes = new Uint8Array(values.length * width)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of values.entries()) {
    if (width === 2) view.setUint16(index * width, value)
    else view.setUint32(index * width, value)
  }
  return { bytes, count: values.length, align: width }
}
