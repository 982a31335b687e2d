/**
 * Bytes that somebody damaged or made up: what a reader of them must survive. Drawn from a good
 * sample, by a chance that replays.
 */
import type { Chance } from '../chance.ts'

/** Beyond this nothing new is found, and every reader of files has limits above it. */
export const MUTATED_BYTES_MAX = 256 * 1024
const CHANGES_MAX = 4
/** Most cases are small, so that there can be many. */
const LARGE_SHARE = 0.002
const SMALL_REPEAT_BYTES = 2048
const NESTED_MAX = 64
const NESTED_LARGE_MAX = 20_000

const BYTES = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xc0, 0xe2, 0xed, 0xfe, 0xff]
/** As counts, sizes and places are damaged: nothing, one, just below and at the ends. */
const NUMBERS = [0, 1, 2, 0x7f, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000]
const LARGE_NUMBERS = [0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_fffe, 0xffff_ffff]
/** What nests in the formats that are read: JSON, and DER of any length and of a known one. */
const NESTS = ['[', '{"a":', '[{"a":', '{"message":{"', '0\u0080', '(', '<key>', '"']

export type Mutated = {
  readonly samples: readonly Uint8Array[]
  /** Texts that mean something to the reader. */
  readonly words: readonly string[]
}

export function mutate(mutated: Mutated, chance: Chance): Buffer {
  let bytes: Buffer = Buffer.from(chance.of(mutated.samples))
  for (let changes = 1 + chance.below(CHANGES_MAX); changes > 0; changes -= 1) {
    bytes = chance.of(CHANGES)(bytes, chance, mutated)
  }
  return bytes.subarray(0, MUTATED_BYTES_MAX)
}

type Change = (bytes: Buffer, chance: Chance, mutated: Mutated) => Buffer

const CHANGES: readonly Change[] = [
  flip,
  flip,
  setByte,
  setNumber,
  setNumber,
  cut,
  takeOut,
  moveWithin,
  splice,
  repeat,
  nest,
  insertWord,
  exchangeValue,
  exchangeValue,
]

function flip(bytes: Buffer, chance: Chance): Buffer {
  const at = chance.below(bytes.length)
  if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8))
  return bytes
}

function setByte(bytes: Buffer, chance: Chance): Buffer {
  if (bytes.length > 0) bytes[chance.below(bytes.length)] = chance.of(BYTES)
  return bytes
}

/** Of 1, 2, 4 or 8 bytes, in either order; also one more or less than what stands there. */
function setNumber(bytes: Buffer, chance: Chance): Buffer {
  const size = chance.of([1, 2, 4, 8])
  if (bytes.length < size) return bytes
  const at = chance.below(bytes.length - size + 1)
  const isLittle = chance.is(0.5)
  const there = isLittle
    ? bytes.readUIntLE(at, Math.min(size, 6))
    : bytes.readUIntBE(at, Math.min(size, 6))
  const near = there + chance.of([-1, 1, 4, -4, bytes.length])
  const drawn = chance.of([chance.of(NUMBERS), chance.of(LARGE_NUMBERS), near, bytes.length])
  const value = BigInt.asUintN(8 * size, BigInt(drawn))
  const number = Buffer.alloc(8)
  if (isLittle) number.writeBigUInt64LE(value)
  else number.writeBigUInt64BE(value)
  number.copy(bytes, at, isLittle ? 0 : 8 - size, isLittle ? size : 8)
  return bytes
}

function cut(bytes: Buffer, chance: Chance): Buffer {
  return bytes.subarray(0, chance.below(bytes.length + 1))
}

function takeOut(bytes: Buffer, chance: Chance): Buffer {
  const from = chance.below(bytes.length + 1)
  const to = Math.min(bytes.length, from + 1 + chance.below(chance.of([4, 64, 1024])))
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
}

function moveWithin(bytes: Buffer, chance: Chance): Buffer {
  const [to, from] = [chance.below(bytes.length + 1), chance.below(bytes.length + 1)]
  bytes.copyWithin(to, from, from + 1 + chance.below(64))
  return bytes
}

/** The beginning of this one and the end of another. */
function splice(bytes: Buffer, chance: Chance, { samples }: Mutated): Buffer {
  const other = chance.of(samples)
  const head = bytes.subarray(0, chance.below(bytes.length + 1))
  return Buffer.concat([head, other.subarray(chance.below(other.length + 1))])
}

function repeat(bytes: Buffer, chance: Chance): Buffer {
  const from = chance.below(bytes.length + 1)
  const run = bytes.subarray(from, from + 1 + chance.below(chance.of([1, 8, 128])))
  const room = chance.is(LARGE_SHARE) ? MUTATED_BYTES_MAX : SMALL_REPEAT_BYTES
  const times = run.length === 0 ? 0 : 1 + chance.below(Math.floor(room / run.length) + 1)
  const runs = Buffer.alloc(run.length * times, run)
  return Buffer.concat([bytes.subarray(0, from), runs, bytes.subarray(from)])
}

function nest(bytes: Buffer, chance: Chance): Buffer {
  const depth = 1 + chance.below(chance.is(LARGE_SHARE) ? NESTED_LARGE_MAX : NESTED_MAX)
  const at = chance.is(0.5) ? 0 : chance.below(bytes.length + 1)
  const opened = Buffer.from(chance.of(NESTS).repeat(depth), 'latin1')
  return Buffer.concat([bytes.subarray(0, at), opened, bytes.subarray(at)])
}

function insertWord(bytes: Buffer, chance: Chance, { words }: Mutated): Buffer {
  const word = Buffer.from(chance.of([...words, ...COMMON_WORDS]))
  const at = chance.below(bytes.length + 1)
  const after = chance.is(0.5) ? at : Math.min(bytes.length, at + word.length)
  return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(after)])
}

const COMMON_WORDS = ['\0', '\n', '\r\n', '"', '\\', '../', '/', ' ', '=', ':', ',', '\u2028', 'é']

/** As text, so that none is ever changed by what is done to it. */
const STRANGE = [
  ...[null, true, -1, 1.5, 2 ** 53, 1e308, '', 'x'.repeat(300), '\u0000', '\ud800', '__proto__'],
  ...['constructor', '../x', 'http://[', '0'.repeat(64), 'A'.repeat(44), '9'.repeat(20)],
  ...[[], {}, [[]], [null], { toString: 1 }, { message: {} }, [1, 'a', null]],
].map((value) => JSON.stringify(value))

/** Where the bytes are JSON: one value is another, is there again, or is gone. */
function exchangeValue(bytes: Buffer, chance: Chance): Buffer {
  const root: { value: unknown } = { value: jsonIn(bytes) }
  if (root.value === undefined) return flip(bytes, chance)
  const places = placesIn(root)
  const { of, key } = chance.of(places)
  const kind = chance.below(4)
  if (kind === 0) delete of[key]
  else if (kind === 1) of[key] = copyOf(chance.of(places))
  else if (kind === 2 && typeof of[key] === 'string') of[key] = changedText(of[key], chance)
  else of[key] = JSON.parse(chance.of(STRANGE))
  return Buffer.from(JSON.stringify(root.value) ?? '')
}

function changedText(text: string, chance: Chance): string {
  const at = chance.below(text.length + 1)
  return text.slice(0, at) + chance.of(COMMON_WORDS) + text.slice(at + chance.below(2))
}

function jsonIn(bytes: Buffer): unknown {
  if (bytes[0] !== 0x7b && bytes[0] !== 0x5b) return undefined
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    // Best effort: what was damaged before is damaged otherwise.
    return undefined
  }
}

type Place = { readonly of: Record<string, unknown>; readonly key: string }

const PLACES_MAX = 200

function placesIn(root: object): readonly Place[] {
  const places: Place[] = []
  const left: object[] = [root]
  for (let of = left.pop(); of !== undefined && places.length < PLACES_MAX; of = left.pop()) {
    for (const [key, value] of Object.entries(of)) {
      places.push({ of: of as Record<string, unknown>, key })
      if (typeof value === 'object' && value !== null) left.push(value)
    }
  }
  return places
}

/** A copy: what is put into itself is no JSON. */
function copyOf({ of, key }: Place): unknown {
  const text = JSON.stringify(of[key])
  return text === undefined ? undefined : JSON.parse(text)
}
