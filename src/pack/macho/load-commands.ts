/**
 * As much of an executable of macOS as its signature depends on (mach-o/loader.h): where its
 * segments lie, and where its signature does. Strict: what is not as a linker writes it is refused,
 * and never guessed at.
 */
import { Fault } from '../../base/fault.ts'

/** MH_MAGIC_64, in the byte order of every Mac since 2006. */
const MAGIC_64 = 0xfeed_facf
/** MH_EXECUTE */
const TYPE_EXECUTABLE = 2
const HEADER_LENGTH = 32
const SEGMENT_64 = 0x19
const CODE_SIGNATURE = 0x1d
const SEGMENT_LENGTH = 72
/** An executable has a few dozen of a few kilobytes together. */
const COMMANDS_MAX = 1_000
const COMMANDS_LENGTH_MAX = 1024 * 1024
const NAME_LENGTH = 16

export type MachoSegment = {
  readonly name: string
  /** Of its load command in the file. */
  readonly commandAt: number
  readonly address: number
  readonly addressSize: number
  readonly fileOffset: number
  readonly fileSize: number
}

export type Macho = {
  readonly segments: readonly MachoSegment[]
  /** Of LC_CODE_SIGNATURE: where the command is, and where the signature it speaks of. */
  readonly signature: { readonly commandAt: number; readonly offset: number; readonly size: number }
}

/** Of an executable for one processor that has a signature, which ends the file. */
export function readMacho(file: Uint8Array): Macho {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  must(file.length >= HEADER_LENGTH && view.getUint32(0, true) === MAGIC_64, 'a 64-bit executable')
  must(view.getUint32(12, true) === TYPE_EXECUTABLE, 'an executable')
  const [count, length] = [view.getUint32(16, true), view.getUint32(20, true)]
  must(count <= COMMANDS_MAX && length <= COMMANDS_LENGTH_MAX, 'a reasonable number of commands')
  must(HEADER_LENGTH + length <= file.length, 'commands inside the file')
  const segments: MachoSegment[] = []
  const signatures: Macho['signature'][] = []
  let at = HEADER_LENGTH
  const end = HEADER_LENGTH + length
  for (let left = count; left > 0; left--) {
    must(at + 8 <= end, 'a command inside the commands')
    const [kind, size] = [view.getUint32(at, true), view.getUint32(at + 4, true)]
    must(size >= 8 && size % 8 === 0 && at + size <= end, 'a command of its size')
    if (kind === SEGMENT_64) segments.push(readSegment(view, at, size))
    if (kind === CODE_SIGNATURE) signatures.push(readSignature(view, at, size))
    at += size
  }
  must(at === end, 'as many commands as are said')
  for (const { fileOffset, fileSize } of segments) {
    must(fileOffset + fileSize <= file.length, 'a segment inside the file')
  }
  const [signature, second] = signatures
  must(signature !== undefined && second === undefined, 'one signature')
  must(signature.offset >= end && signature.offset % 16 === 0, 'a signature behind the commands')
  must(signature.offset + signature.size === file.length, 'a signature that ends the file')
  const links = segmentOf({ segments, signature }, '__LINKEDIT')
  const linksEnd = links.fileOffset + links.fileSize
  must(links.fileOffset <= signature.offset && linksEnd === file.length, 'a signature in its place')
  return { segments, signature }
}

export function segmentOf({ segments }: Macho, name: string): MachoSegment {
  const [segment, second] = segments.filter((each) => each.name === name)
  must(segment !== undefined && second === undefined, `one segment ${name}`)
  return segment
}

function readSegment(view: DataView, at: number, size: number): MachoSegment {
  must(size >= SEGMENT_LENGTH, 'a segment of its size')
  const name = Buffer.from(view.buffer, view.byteOffset + at + 8, NAME_LENGTH).toString('latin1')
  return {
    name: name.replace(/\0.*$/s, ''),
    commandAt: at,
    address: numberAt(view, at + 24),
    addressSize: numberAt(view, at + 32),
    fileOffset: numberAt(view, at + 40),
    fileSize: numberAt(view, at + 48),
  }
}

function readSignature(view: DataView, at: number, size: number): Macho['signature'] {
  must(size === 16, 'a signature command of its size')
  return {
    commandAt: at,
    offset: view.getUint32(at + 8, true),
    size: view.getUint32(at + 12, true),
  }
}

function numberAt(view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true))
  must(Number.isSafeInteger(value), 'a place that is no further than 2^53')
  return value
}

function must(holds: boolean, what: string): asserts holds {
  if (holds) return
  const doing = `reading an executable of macOS: this is not ${what}`
  throw new Fault({ code: 'macho-unreadable', doing, retry: 'never' })
}
