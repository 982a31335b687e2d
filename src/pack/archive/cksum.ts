/**
 * The checksum of cksum(1) (POSIX.1-2017, Shell and Utilities, "cksum"), by which a bill of
 * materials knows its files: a CRC with the polynomial of Ethernet, most significant bit first,
 * over the bytes and then over their number. No security rests on it.
 */
const POLYNOMIAL = 0x04c1_1db7

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24
  for (let bit = 0; bit < 8; bit++) {
    value = (value & 0x8000_0000) === 0 ? value << 1 : (value << 1) ^ POLYNOMIAL
  }
  return value
})

/** What has been read so far; begin with `CKSUM_START`. */
export type Cksum = { readonly value: number; readonly length: number }

export const CKSUM_START: Cksum = { value: 0, length: 0 }

export function cksumOver(before: Cksum, bytes: Uint8Array): Cksum {
  let { value } = before
  // By index: half the time of `for of`, over 190 MB of each release.
  for (let at = 0; at < bytes.length; at++) value = nextValue(value, bytes[at] ?? 0)
  return { value, length: before.length + bytes.length }
}

/** Least significant byte of the length first, and as many as it has. */
export function endCksum({ value, length }: Cksum): number {
  let ended = value
  for (let left = length; left > 0; left = Math.floor(left / 256)) {
    ended = nextValue(ended, left % 256)
  }
  return ~ended >>> 0
}

function nextValue(value: number, byte: number): number {
  return (value << 8) ^ (TABLE[(value >>> 24) ^ byte] ?? 0)
}
