/** The summary information: what Explorer and msiexec read before they open the database. */
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { CODE_PAGE } from './_database.ts'

export type Summary = {
  readonly subject: string
  readonly author: string
  readonly comments: string
  /** Processor and language: `x64;1033`. */
  readonly template: string
  /** Names these very bytes: two packages that differ have different ones. */
  readonly packageCode: string
  /** Seconds since 1970. */
  readonly timestamp: number
}

/** SDK, "Summary Information Stream Property Set": MsiLockPermissionsEx is of version 5.0. */
const INSTALLER_VERSION = 500
/** The same, Word Count: long file names, compressed. Packages that ask for elevation. */
const COMPRESSED = 2
/** The same, Security: opened read-only is recommended. */
const READ_ONLY_RECOMMENDED = 2

/** [MS-OLEPS] 2.11 and 2.15: the types of values. */
const VT_I2 = 2
const VT_I4 = 3
const VT_LPSTR = 30
const VT_FILETIME = 64
/** [MS-OLEPS] 3.1: the format id of summary information, as it lies in the file. */
const FORMAT_ID = 'e0859ff2f94f6810ab9108002b27b3d9'
/** From 1601, where FILETIME begins, to 1970, in seconds. */
const EPOCH_S = 11_644_473_600n

export const SUMMARY_STREAM = '\u0005SummaryInformation'

export function summaryBytes(summary: Summary): Uint8Array {
  const time = fileTime(summary.timestamp)
  const properties: readonly (readonly [id: number, value: Uint8Array])[] = [
    [1, number(VT_I2, CODE_PAGE)],
    [2, text('Installation Database')],
    [3, text(summary.subject)],
    [4, text(summary.author)],
    [5, text('Installer')],
    [6, text(summary.comments)],
    [7, text(summary.template)],
    [9, text(summary.packageCode)],
    [12, time],
    [13, time],
    [14, number(VT_I4, INSTALLER_VERSION)],
    [15, number(VT_I4, COMPRESSED)],
    [18, text('Drydock')],
    [19, number(VT_I4, READ_ONLY_RECOMMENDED)],
  ]
  const index = Buffer.alloc(8 + 8 * properties.length)
  let at = index.length
  for (const [place, [id, value]] of properties.entries()) {
    index.writeUInt32LE(id, 8 + 8 * place)
    index.writeUInt32LE(at, 12 + 8 * place)
    at += value.length
  }
  index.writeUInt32LE(at, 0)
  index.writeUInt32LE(properties.length, 4)
  return concatBytes([setHeader(), index, ...properties.map(([, value]) => value)])
}

/** [MS-OLEPS] 2.21: one set of properties, at once behind this. */
function setHeader(): Uint8Array {
  const header = Buffer.alloc(48)
  header.writeUInt16LE(0xfffe, 0)
  header.writeUInt32LE(0x0002_000a, 4) // made by Windows 10
  header.writeUInt32LE(1, 24)
  header.write(FORMAT_ID, 28, 'hex')
  header.writeUInt32LE(header.length, 44)
  return header
}

/** Values fill whole words of four bytes. */
function number(type: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(type, 0)
  bytes.writeUInt32LE(value, 4)
  return bytes
}

function text(value: string): Uint8Array {
  const characters = utf8(`${value}\0`)
  const bytes = Buffer.alloc(8 + 4 * Math.ceil(characters.length / 4))
  bytes.writeUInt32LE(VT_LPSTR, 0)
  bytes.writeUInt32LE(characters.length, 4)
  bytes.set(characters, 8)
  return bytes
}

function fileTime(timestamp: number): Uint8Array {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32LE(VT_FILETIME, 0)
  bytes.writeBigUInt64LE((BigInt(timestamp) + EPOCH_S) * 10_000_000n, 4)
  return bytes
}
