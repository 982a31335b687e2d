/**
 * Cabinets ([MS-CAB], "Cabinet File Format"): one folder of files, either as one MSZIP stream
 * ([MS-MCI]) or stored. The large one of a release is made as it is read, so its own length, which
 * stands in its first bytes, is known last: `cabinetLength` gives those bytes to put in their
 * place.
 */
import { promisify } from 'node:util'
import { constants, deflateRaw } from 'node:zlib'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { invariant } from '../../base/invariant.ts'

export type CabinetEntry = { readonly name: string; readonly size: number }
export type CabinetFile = { readonly name: string; readonly bytes: Uint8Array }

/** [MS-CAB] 2.2, CFHEADER.cbCabinet: at this place, four bytes. */
export const CABINET_LENGTH_AT = 8

/** [MS-CAB] 2.2.4, CFDATA.cbUncomp: at most 32 KiB, and all blocks but the last have as many. */
const BLOCK = 32_768
/** [MS-CAB] 2.2.2, CFFOLDER.cCFData has 16 bits, so one folder holds this much. */
const CABINET_CONTENT_MAX = 65_535 * BLOCK
/** [MS-MCI] 2.1: a compressed block, with its signature `CK`, is at most this long. */
const MSZIP_BLOCK_MAX = BLOCK + 12

const HEADER_LENGTH = 36
const FOLDER_LENGTH = 8
const ENTRY_LENGTH = 16
const DATA_HEADER_LENGTH = 8
const STORED = 0
const MSZIP = 1
/** Compressing is the work of the thread pool: enough at once to keep two processors busy. */
const BLOCKS_AT_ONCE = 4

const compressBlock = promisify(deflateRaw)

/**
 * An MSZIP cabinet of the entries' bytes, which come one after the other in `content`. Ends with
 * its length.
 */
export async function* mszipCabinet(
  entries: readonly CabinetEntry[],
  content: AsyncIterable<Uint8Array>,
  timestamp: number,
): AsyncGenerator<Uint8Array, number> {
  const head = cabinetHead(entries, { compression: MSZIP, timestamp })
  yield head
  let length = head.length
  let read = 0
  let before: Uint8Array | null = null
  const underWay: Promise<Uint8Array>[] = []
  for await (const block of blocksOf(content)) {
    read += block.length
    const compressing = mszipBlock(block, before)
    // Best effort: whoever awaits it below hears of a failure; until then nobody has to.
    compressing.catch(() => {})
    underWay.push(compressing)
    before = block
    const first = underWay.length < BLOCKS_AT_ONCE ? undefined : underWay.shift()
    if (first === undefined) continue
    const data = await first
    length += data.length
    yield data
  }
  for (const compressing of underWay) {
    const data = await compressing
    length += data.length
    yield data
  }
  invariant(read === sizeOf(entries), 'the content of a cabinet is as long as its entries say')
  return length
}

/** For a few small files. */
export function storedCabinet(files: readonly CabinetFile[], timestamp: number): Uint8Array {
  const entries = files.map(({ name, bytes }) => ({ name, size: bytes.length }))
  const head = cabinetHead(entries, { compression: STORED, timestamp })
  const content = concatBytes(files.map(({ bytes }) => bytes))
  const blocks: Uint8Array[] = []
  for (let at = 0; at < content.length; at += BLOCK) {
    const block = content.subarray(at, at + BLOCK)
    blocks.push(dataBlock(block, block.length))
  }
  const cabinet = concatBytes([head, ...blocks])
  cabinet.set(cabinetLength(cabinet.length), CABINET_LENGTH_AT)
  return cabinet
}

/** What stands at `CABINET_LENGTH_AT`. */
export function cabinetLength(length: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, length, true)
  return bytes
}

type HeadOptions = { readonly compression: number; readonly timestamp: number }

/** [MS-CAB] 2.2: CFHEADER, one CFFOLDER, a CFFILE for each entry. */
function cabinetHead(entries: readonly CabinetEntry[], options: HeadOptions): Uint8Array {
  const { date, time } = dosTime(options.timestamp)
  const names = entries.map(({ name }) => utf8(`${name}\0`))
  const listLength = names.reduce((sum, name) => sum + ENTRY_LENGTH + name.length, 0)
  const total = sizeOf(entries)
  invariant(total <= CABINET_CONTENT_MAX, 'one folder of a cabinet holds its content')
  const head = Buffer.alloc(HEADER_LENGTH + FOLDER_LENGTH + listLength)
  head.write('MSCF', 'latin1')
  head.writeUInt32LE(HEADER_LENGTH + FOLDER_LENGTH, 16) // where the list of files begins
  head.set([3, 1], 24) // version 1.3
  head.writeUInt16LE(1, 26) // folders
  head.writeUInt16LE(entries.length, 28)
  head.writeUInt32LE(head.length, 36) // where the folder's data begins
  head.writeUInt16LE(Math.ceil(total / BLOCK), 40)
  head.writeUInt16LE(options.compression, 42)
  let at = HEADER_LENGTH + FOLDER_LENGTH
  let offset = 0
  for (const [index, { size }] of entries.entries()) {
    head.writeUInt32LE(size, at)
    head.writeUInt32LE(offset, at + 4)
    head.writeUInt16LE(date, at + 10)
    head.writeUInt16LE(time, at + 12)
    head.writeUInt16LE(0x20, at + 14) // [MS-CAB] 2.2.3, _A_ARCH: changed since the last backup
    const name = names[index] ?? new Uint8Array()
    head.set(name, at + ENTRY_LENGTH)
    at += ENTRY_LENGTH + name.length
    offset += size
  }
  return head
}

function sizeOf(entries: readonly CabinetEntry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0)
}

/** Copies: what a stream gives may be written over by what it gives next. */
async function* blocksOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let block = new Uint8Array(BLOCK)
  let filled = 0
  for await (const part of content) {
    for (let at = 0; at < part.length; ) {
      const taken = part.subarray(at, at + BLOCK - filled)
      block.set(taken, filled)
      filled += taken.length
      at += taken.length
      if (filled < BLOCK) continue
      yield block
      block = new Uint8Array(BLOCK)
      filled = 0
    }
  }
  if (filled > 0) yield block.subarray(0, filled)
}

/** [MS-MCI] 2.1: every block is a deflate stream of its own, which may look back into the last. */
async function mszipBlock(block: Uint8Array, before: Uint8Array | null): Promise<Uint8Array> {
  const options = { level: 6, windowBits: 15, memLevel: 9 }
  const compressed = await compressBlock(
    block,
    before === null ? options : { ...options, dictionary: before },
  )
  const body =
    compressed.length + 2 <= MSZIP_BLOCK_MAX
      ? compressed
      : await compressBlock(block, { ...options, level: constants.Z_NO_COMPRESSION })
  return dataBlock(concatBytes([utf8('CK'), body]), block.length)
}

/** [MS-CAB] 2.2.4, CFDATA: the checksum covers the data, then the two sizes. */
function dataBlock(data: Uint8Array, uncompressed: number): Uint8Array {
  const block = Buffer.alloc(DATA_HEADER_LENGTH + data.length)
  block.set(data, DATA_HEADER_LENGTH)
  block.writeUInt16LE(data.length, 4)
  block.writeUInt16LE(uncompressed, 6)
  const sizes = checksum(block.subarray(4, 8), checksum(data, 0))
  block.writeUInt32LE(sizes, 0)
  return block
}

/** [MS-CAB] 3.1: words of four bytes, little-endian; what is left over, big-endian. */
function checksum(bytes: Uint8Array, seed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const whole = bytes.length - (bytes.length % 4)
  let sum = seed
  for (let at = 0; at < whole; at += 4) sum ^= view.getUint32(at, true)
  let rest = 0
  for (const byte of bytes.subarray(whole)) rest = (rest << 8) | byte
  return (sum ^ rest) >>> 0
}

/** [MS-CAB] 2.2.3: the date and time of MS-DOS, from 1980 to 2107, in steps of two seconds. */
function dosTime(timestamp: number): { readonly date: number; readonly time: number } {
  const instant = new Date(timestamp * 1000)
  const years = Math.min(Math.max(instant.getUTCFullYear() - 1980, 0), 127)
  const date = (years << 9) | ((instant.getUTCMonth() + 1) << 5) | instant.getUTCDate()
  const [hours, minutes] = [instant.getUTCHours(), instant.getUTCMinutes()]
  return { date, time: (hours << 11) | (minutes << 5) | (instant.getUTCSeconds() >> 1) }
}
