/**
 * SHA-256 that can stop after whole blocks and go on later (FIPS 180-4). `node:crypto` does not
 * give its chaining value away, and an advanced API key needs it: the client sends `sha256(key +
 * nonce + timestamp)`, the key is exactly two blocks, so the chaining value after them is all that
 * is needed to check it, and the key itself need not be kept anywhere.
 */
import { toHex } from './bytes.ts'
import type { Digest } from './digest.ts'
import { invariant } from './invariant.ts'

export const SHA256_BLOCK_BYTES = 64
/** A chaining value as bytes: eight words, big-endian. */
export const SHA256_STATE_BYTES = 32

// FIPS 180-4, 4.2.2 and 5.3.3: fractional parts of the cube and square roots of the first primes.
const PRIMES = firstPrimes(64)
const ROUND_CONSTANTS = Uint32Array.from(PRIMES, (prime) => fractionalRoot(prime, 3n))
const INITIAL = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fractionalRoot(prime, 2n))

/** The chaining value after `bytes`, which are whole blocks. */
export function sha256StateAfter(bytes: Uint8Array): Uint8Array {
  invariant(bytes.length % SHA256_BLOCK_BYTES === 0, 'a chaining value is that after whole blocks')
  const state = INITIAL.slice()
  compressAll(state, bytes)
  return stateToBytes(state)
}

/** The digest of the bytes that led to `state`, `hashedBytes` of them, and then `tail`. */
export function sha256Finish(state: Uint8Array, hashedBytes: number, tail: Uint8Array): Digest {
  invariant(state.length === SHA256_STATE_BYTES, 'a chaining value is 32 bytes')
  invariant(hashedBytes % SHA256_BLOCK_BYTES === 0, 'a chaining value is that after whole blocks')
  // FIPS 180-4, 5.1.1: a 1 bit, zeros, and the length in bits as 64 bits, to a whole block.
  const padded = new Uint8Array(Math.ceil((tail.length + 9) / SHA256_BLOCK_BYTES) * 64)
  padded.set(tail)
  padded[tail.length] = 0x80
  const bits = BigInt(hashedBytes + tail.length) * 8n
  new DataView(padded.buffer).setBigUint64(padded.length - 8, bits)
  const words = stateFromBytes(state)
  compressAll(words, padded)
  // Branding: it is a SHA-256 in hex.
  return toHex(stateToBytes(words)) as Digest
}

function compressAll(state: Uint32Array, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const schedule = new Uint32Array(64)
  for (let offset = 0; offset < bytes.length; offset += SHA256_BLOCK_BYTES) {
    for (let index = 0; index < 16; index++) schedule[index] = view.getUint32(offset + 4 * index)
    compress(state, schedule)
  }
}

/** FIPS 180-4, 6.2.2. */
function compress(state: Uint32Array, schedule: Uint32Array): void {
  for (let index = 16; index < 64; index++) {
    schedule[index] =
      smallSigma(word(schedule, index - 2), 17, 19, 10) +
      word(schedule, index - 7) +
      smallSigma(word(schedule, index - 15), 7, 18, 3) +
      word(schedule, index - 16)
  }
  let [a, b, c, d, e, f, g, h] = Array.from(state) as [
    ...[number, number, number, number, number, number, number, number],
  ]
  for (let index = 0; index < 64; index++) {
    const choice = (e & f) ^ (~e & g)
    const first =
      (h + bigSigma(e, 6, 11, 25) + choice + word(ROUND_CONSTANTS, index) + word(schedule, index)) |
      0
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const second = (bigSigma(a, 2, 13, 22) + majority) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
  }
  const worked = [a, b, c, d, e, f, g, h]
  for (const [index, value] of worked.entries()) state[index] = word(state, index) + value
}

function word(words: Uint32Array, index: number): number {
  return words[index] ?? 0
}

function rotate(value: number, by: number): number {
  return (value >>> by) | (value << (32 - by))
}

function smallSigma(value: number, first: number, second: number, shift: number): number {
  return (rotate(value, first) ^ rotate(value, second) ^ (value >>> shift)) >>> 0
}

function bigSigma(value: number, first: number, second: number, third: number): number {
  return rotate(value, first) ^ rotate(value, second) ^ rotate(value, third)
}

function stateToBytes(state: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(SHA256_STATE_BYTES)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of state.entries()) view.setUint32(4 * index, value)
  return bytes
}

function stateFromBytes(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Uint32Array.from({ length: 8 }, (_, index) => view.getUint32(4 * index))
}

function firstPrimes(count: number): bigint[] {
  const primes: bigint[] = []
  for (let candidate = 2n; primes.length < count; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0n)) primes.push(candidate)
  }
  return primes
}

/**
 * The first 32 bits of the fractional part of a root: that of `value * 2^(32 * degree)`, below
 * 2^32.
 */
function fractionalRoot(value: bigint, degree: bigint): number {
  const scaled = value << (32n * degree)
  let low = 0n
  let high = 1n << 48n
  while (low < high) {
    const middle = (low + high + 1n) >> 1n
    if (middle ** degree <= scaled) low = middle
    else high = middle - 1n
  }
  return Number(low & 0xffff_ffffn)
}
