/**
 * An ad-hoc signature of an executable of macOS (xnu, osfmk/kern/cs_blobs.h; Apple TN3126): a list
 * of the SHA-256 of every page, and nobody's name. The system kills a program whose pages are not
 * those that it was signed with, so what changes an executable has to sign it anew. It does not say
 * who made it, which is what an operator's certificate is for.
 *
 * It is written as linkers write it: the code directory alone, marked as theirs, so that
 * codesign(1) takes it for one that is there to be replaced.
 */
import { createHash } from 'node:crypto'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { type Macho, type MachoSegment, readMacho, segmentOf } from './load-commands.ts'

/** CSMAGIC_EMBEDDED_SIGNATURE, CSMAGIC_CODEDIRECTORY */
const SIGNATURE_MAGIC = 0xfade_0cc0
const DIRECTORY_MAGIC = 0xfade_0c02
/** CS_SUPPORTSEXECSEG: the first version that says which segment is the program. */
const DIRECTORY_VERSION = 0x2_0400
const DIRECTORY_LENGTH = 88
/** CS_ADHOC and CS_LINKER_SIGNED */
const FLAGS = 0x2_0002
/** CS_HASHTYPE_SHA256, and the bytes of one. */
const HASH_SHA256 = 2
const HASH_LENGTH = 32
/** Pages are said as a power of two. */
const PAGE_BITS = 12
const PAGE_LENGTH = 2 ** PAGE_BITS
/** CS_EXECSEG_MAIN_BINARY */
const MAIN_BINARY = 1
/** The signature, and one thing in it: what it is and where. */
const WRAPPER_LENGTH = 20
const ALIGNMENT = 16
/** Of memory, on the processors that have the largest. */
const MEMORY_PAGE = 0x4000

/** The executable with a signature of its own in the place of the one it had. */
export function signAdHoc(executable: Uint8Array, identifier: string): Uint8Array {
  const macho = readMacho(executable)
  const codeLength = macho.signature.offset
  const name = utf8(`${identifier}\0`)
  const hashesAt = DIRECTORY_LENGTH + name.length
  const directoryLength = hashesAt + HASH_LENGTH * Math.ceil(codeLength / PAGE_LENGTH)
  const size = roundUp(WRAPPER_LENGTH + directoryLength, ALIGNMENT)
  const code = withSignatureSize(executable.subarray(0, codeLength), macho, size)
  const signature = new Uint8Array(size)
  signature.set(wrapper(WRAPPER_LENGTH + directoryLength))
  const head = directoryHead({ macho, directoryLength, hashesAt })
  signature.set(concatBytes([head, name, pageHashes(code)]), WRAPPER_LENGTH)
  return concatBytes([code, signature])
}

/** The code as it will be hashed: it says how long its signature is, and the segment around it. */
function withSignatureSize(code: Uint8Array, macho: Macho, size: number): Uint8Array {
  const changed = Buffer.from(code)
  const { commandAt } = macho.signature
  changed.writeUInt32LE(size, commandAt + 12)
  const links = segmentOf(macho, '__LINKEDIT')
  const fileSize = code.length + size - links.fileOffset
  changed.writeBigUInt64LE(BigInt(fileSize), links.commandAt + 48)
  const memory = roundUp(fileSize, MEMORY_PAGE)
  changed.writeBigUInt64LE(BigInt(memory), links.commandAt + 32)
  return changed
}

function wrapper(length: number): Uint8Array {
  // One blob, the code directory (slot 0), behind these numbers.
  return bigEndian(SIGNATURE_MAGIC, length, 1, 0, WRAPPER_LENGTH)
}

function directoryHead(made: {
  readonly macho: Macho
  readonly directoryLength: number
  readonly hashesAt: number
}): Uint8Array {
  const { macho, directoryLength, hashesAt } = made
  const codeLength = macho.signature.offset
  const text: MachoSegment = segmentOf(macho, '__TEXT')
  const head = Buffer.alloc(DIRECTORY_LENGTH)
  head.set(
    bigEndian(
      DIRECTORY_MAGIC,
      directoryLength,
      DIRECTORY_VERSION,
      FLAGS,
      hashesAt,
      DIRECTORY_LENGTH, // where the identifier is
      0, // no special slots
      Math.ceil(codeLength / PAGE_LENGTH),
      codeLength,
    ),
  )
  head.set([HASH_LENGTH, HASH_SHA256, 0, PAGE_BITS], 36)
  head.writeBigUInt64BE(BigInt(text.fileOffset), 64)
  head.writeBigUInt64BE(BigInt(text.fileSize), 72)
  head.writeBigUInt64BE(BigInt(MAIN_BINARY), 80)
  return head
}

/** The last page is as long as it is. */
function pageHashes(code: Uint8Array): Uint8Array {
  const hashes = new Uint8Array(HASH_LENGTH * Math.ceil(code.length / PAGE_LENGTH))
  for (let at = 0; at < code.length; at += PAGE_LENGTH) {
    const page = code.subarray(at, at + PAGE_LENGTH)
    hashes.set(createHash('sha256').update(page).digest(), (at / PAGE_LENGTH) * HASH_LENGTH)
  }
  return hashes
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to
}

function bigEndian(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4)
  return bytes
}
