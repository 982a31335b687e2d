/**
 * An API key as a client holds it, and how it proves itself. A standard key travels as it is; an
 * advanced key never travels: each request carries a nonce, the time and the SHA-256 of all three.
 */
import * as z from 'zod'
import type { Clock } from '../base/clock.ts'
import { digestOf } from '../base/digest.ts'
import type { Random } from '../base/random.ts'

/**
 * What a key file holds: `admin-key.json` of a server, or what `drydock key create --out` wrote.
 */
export const apiKeyFile = z.object({
  id: z.int().min(1),
  key: z.string().regex(/^[\x21-\x7e]{1,1000}$/, 'a key without blanks'),
  mode: z.enum(['standard', 'advanced']),
})
export type ApiKey = z.infer<typeof apiKeyFile>

const NONCE_LENGTH = 64
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** Bytes from here on would make the first letters likelier than the others. */
const FAIR_BYTES = 256 - (256 % ALPHABET.length)

export function signedHeaders(
  key: ApiKey,
  needs: { readonly clock: Clock; readonly random: Random },
): Readonly<Record<string, string>> {
  const id = { 'x-xdr-auth-id': String(key.id) }
  if (key.mode === 'standard') return { ...id, authorization: key.key }
  const nonce = newNonce(needs.random)
  const timestamp = String(needs.clock.now())
  return {
    ...id,
    'x-xdr-nonce': nonce,
    'x-xdr-timestamp': timestamp,
    authorization: digestOf(key.key + nonce + timestamp),
  }
}

function newNonce(random: Random): string {
  let nonce = ''
  while (nonce.length < NONCE_LENGTH) {
    for (const byte of random.bytes(NONCE_LENGTH - nonce.length)) {
      if (byte < FAIR_BYTES) nonce += ALPHABET.charAt(byte % ALPHABET.length)
    }
  }
  return nonce
}
