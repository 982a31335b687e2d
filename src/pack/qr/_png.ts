/**
 * A black and white picture with one text in it (PNG, W3C Recommendation, Third Edition, cited by
 * section).
 */
import { crc32, deflateSync } from 'node:zlib'
import { concatBytes, fromUtf8, utf8 } from '../../base/bytes.ts'

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) // 5.2
const SIDE_MAX = 4096
const TEXT_BYTES_MAX = 16 * 1024

export type Picture = {
  /** True is black; as many in each row as there are rows. */
  readonly modules: readonly (readonly boolean[])[]
  /** Pixels of a module's side. */
  readonly scale: number
  /** ASCII: 11.3.3.2, tEXt. */
  readonly text: { readonly keyword: string; readonly value: string }
}

export function pngBytes({ modules, scale, text }: Picture): Uint8Array {
  const side = modules.length * scale
  const header = Buffer.alloc(13) // 11.2.1, IHDR
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.writeUInt8(1, 8) // one bit for each pixel; greyscale, deflate, filter 0, not interlaced
  return concatBytes([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('tEXt', utf8(`${text.keyword}\0${text.value}`)),
    chunk('IDAT', deflateSync(rows(modules, scale), { level: 9 })),
    chunk('IEND', new Uint8Array(0)),
  ])
}

/** 7.2: each row begins with its filter, here none, and fills whole bytes; 1 is white. */
function rows(modules: Picture['modules'], scale: number): Uint8Array {
  const rowLength = 1 + Math.ceil((modules.length * scale) / 8)
  const lines = modules.flatMap((row) => {
    const line = new Uint8Array(rowLength)
    for (let column = 0; column < row.length * scale; column += 1) {
      if (row[Math.floor(column / scale)] === true) continue
      const at = 1 + (column >> 3)
      line[at] = (line[at] ?? 0) | (0x80 >> (column & 7))
    }
    return new Array<Uint8Array>(scale).fill(line)
  })
  return concatBytes(lines)
}

/** 5.3: length, type, data, and the checksum of the last two. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = concatBytes([utf8(type), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return concatBytes([length, body, sum])
}

/** The text of a picture as `pngBytes` makes it; null: it is none. */
export function textIn(png: Uint8Array, keyword: string): string | null {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength)
  const textAt = SIGNATURE.length + 12 + 13
  const isPng = bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)
  if (!isPng || bytes.length < textAt + 12 || bytes.readUInt32BE(16) > SIDE_MAX) return null
  const length = bytes.readUInt32BE(textAt)
  const end = textAt + 8 + length
  if (length > TEXT_BYTES_MAX || end + 4 > bytes.length) return null
  const body = bytes.subarray(textAt + 4, end)
  const prefix = utf8(`tEXt${keyword}\0`)
  if (bytes.readUInt32BE(end) !== crc32(body)) return null
  if (!body.subarray(0, prefix.length).equals(prefix)) return null
  return fromUtf8(body.subarray(prefix.length))
}
