/**
 * Release keys: Ed25519, named by the SHA-256 of their public half (SPKI, DER). A private key is
 * written as PKCS #8 PEM and never leaves the server; a public key travels as base64 of its SPKI
 * inside `enrolment.json`.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { concatBytes } from '../base/bytes.ts'
import { type Digest, digestOf } from '../base/digest.ts'
import type { Random } from '../base/random.ts'
import { accept, type Result, refuse } from '../base/result.ts'

export type SigningKey = {
  readonly keyId: Digest
  /** SPKI, base64: what `trusted_keys` carries. */
  readonly publicKey: string
  readonly privateKey: KeyObject
}

export type TrustedKey = { readonly keyId: Digest; readonly publicKey: KeyObject }

export type KeyRefusal =
  | { readonly code: 'malformed-key' }
  | { readonly code: 'wrong-key-type' }
  | { readonly code: 'key-id-mismatch' }

/** PKCS #8 of an Ed25519 key is these bytes and then the 32 byte seed (RFC 8410, section 7). */
const PKCS8_PREFIX = Uint8Array.from(Buffer.from('302e020100300506032b657004220420', 'hex'))
/** SPKI of an Ed25519 key is 12 bytes of header and the 32 byte key (RFC 8410, section 4). */
const SPKI_LENGTH = 44

export function newSigningKey(random: Random): SigningKey {
  const der = concatBytes([PKCS8_PREFIX, random.bytes(32)])
  return fromPrivateKey(createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }))
}

export function signingKeyToPem(key: SigningKey): string {
  return key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}

export function signingKeyFromPem(pem: string): Result<SigningKey, KeyRefusal> {
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey({ key: pem, format: 'pem' })
  } catch {
    return refuse({ code: 'malformed-key' })
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') return refuse({ code: 'wrong-key-type' })
  return accept(fromPrivateKey(privateKey))
}

/** Takes a public key into trust. The id must be the key's own, so that a message can name it. */
export function trustedKeyOf(named: {
  readonly key_id: string
  readonly public_key: string
}): Result<TrustedKey, KeyRefusal> {
  const der = Buffer.from(named.public_key, 'base64')
  if (der.length !== SPKI_LENGTH || der.toString('base64') !== named.public_key) {
    return refuse({ code: 'malformed-key' })
  }
  let publicKey: KeyObject
  try {
    publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch {
    return refuse({ code: 'malformed-key' })
  }
  if (publicKey.asymmetricKeyType !== 'ed25519') return refuse({ code: 'wrong-key-type' })
  const keyId = digestOf(der)
  return keyId === named.key_id ? accept({ keyId, publicKey }) : refuse({ code: 'key-id-mismatch' })
}

function fromPrivateKey(privateKey: KeyObject): SigningKey {
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return { keyId: digestOf(der), publicKey: der.toString('base64'), privateKey }
}
