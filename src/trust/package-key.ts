/**
 * The package key: RSA, because it is the one algorithm that every rpm since EL7's verifies. Its
 * creation time is part of its name, so both travel together; the private half is kept as PKCS #8
 * PEM.
 */
import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { accept, type Result, refuse } from '../base/result.ts'
import type { KeyRefusal } from './keys.ts'
import type { OpenPgpKey } from './openpgp.ts'

/** Bits; NIST SP 800-57 part 1, table 2: 128 bits of strength, good beyond 2030. */
const MODULUS_LENGTH = 3072

const generate = promisify(generateKeyPair)

/** `createdAt` in seconds since 1970. Only the library can draw an RSA key, by its own chance. */
export async function newPackageKey(createdAt: number): Promise<OpenPgpKey> {
  const { privateKey } = await generate('rsa', { modulusLength: MODULUS_LENGTH })
  return { privateKey, createdAt }
}

export function packageKeyToPem(key: OpenPgpKey): string {
  return key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}

export function packageKeyFromPem(pem: string, createdAt: number): Result<OpenPgpKey, KeyRefusal> {
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey({ key: pem, format: 'pem' })
  } catch {
    return refuse({ code: 'malformed-key' })
  }
  if (privateKey.asymmetricKeyType !== 'rsa') return refuse({ code: 'wrong-key-type' })
  return accept({ privateKey, createdAt })
}
