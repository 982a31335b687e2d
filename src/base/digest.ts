import { createHash, timingSafeEqual } from 'node:crypto'

declare const digestBrand: unique symbol
/** A SHA-256, as 64 lower-case hexadecimal characters: the name of immutable bytes. */
export type Digest = string & { readonly [digestBrand]: true }

const DIGEST = /^[0-9a-f]{64}$/

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text)
}

export function digestOf(bytes: Uint8Array | string): Digest {
  // Branding: a SHA-256 in hex is a Digest by construction.
  return createHash('sha256').update(bytes).digest('hex') as Digest
}

/**
 * Compares two texts in a time that tells nothing of where they differ (their lengths are not
 * secret).
 */
export function equalInConstantTime(left: string, right: string): boolean {
  const leftBytes = Buffer.from(left)
  const rightBytes = Buffer.from(right)
  return leftBytes.length === rightBytes.length && timingSafeEqual(leftBytes, rightBytes)
}
