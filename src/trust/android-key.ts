/**
 * The Android key: RSA, whose signatures of the same bytes are the same, with a certificate that it
 * signed itself. To Android the certificate is only a name (it asks nobody who vouches for it, and
 * not whether it has expired), but a name for ever: an installed app is replaced only by one with
 * the same certificate. So both are made once and kept together.
 */
import {
  createPrivateKey,
  generateKeyPair,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto'
import { promisify } from 'node:util'
import forge from 'node-forge'
import { type Digest, digestOf } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { fromBinary } from './der.ts'
import type { KeyRefusal } from './keys.ts'

export type AndroidSigningKey = {
  readonly privateKey: KeyObject
  /** DER. */
  readonly certificate: Uint8Array
}

/** Bits; NIST SP 800-57 part 1, table 2: 128 bits of strength, good beyond 2030. */
const MODULUS_LENGTH = 3072
/** 9999-12-31T23:59:59Z: RFC 5280, 4.1.2.5, for a certificate that is to have no end. */
const NO_END_MS = 253_402_300_799_000
const SUBJECT = [{ name: 'commonName', value: 'Drydock agent for Android' }]

const generate = promisify(generateKeyPair)

/** Only the library can draw an RSA key, by its own chance. Valid from `now`, in milliseconds. */
export async function newAndroidKey(now: number): Promise<AndroidSigningKey> {
  const { privateKey, publicKey } = await generate('rsa', { modulusLength: MODULUS_LENGTH })
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(
    publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  )
  certificate.serialNumber = '01'
  certificate.validity.notBefore = new Date(now)
  certificate.validity.notAfter = new Date(NO_END_MS)
  certificate.setSubject(SUBJECT)
  certificate.setIssuer(SUBJECT)
  const pem = privateKey.export({ format: 'pem', type: 'pkcs1' }).toString()
  certificate.sign(forge.pki.privateKeyFromPem(pem), forge.md.sha256.create())
  const der = forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes()
  return { privateKey, certificate: fromBinary(der) }
}

/** SHA-256 of the certificate: what Android and its tools show. */
export function androidKeyId({ certificate }: AndroidSigningKey): Digest {
  return digestOf(certificate)
}

export function androidKeyToPem({ privateKey }: AndroidSigningKey): string {
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}

/** Refused, too, where the certificate is another key's. */
export function androidKeyFromPem(
  pem: string,
  certificate: Uint8Array,
): Result<AndroidSigningKey, KeyRefusal> {
  try {
    const privateKey = createPrivateKey({ key: pem, format: 'pem' })
    const isPair = new X509Certificate(certificate).checkPrivateKey(privateKey)
    return isPair ? accept({ privateKey, certificate }) : refuse({ code: 'malformed-key' })
  } catch {
    return refuse({ code: 'malformed-key' })
  }
}

/** The public half, as SubjectPublicKeyInfo. */
export function androidPublicKey({ certificate }: AndroidSigningKey): Uint8Array {
  const { publicKey } = new X509Certificate(certificate)
  return publicKey.export({ format: 'der', type: 'spki' })
}

export function androidCertificatePem({ certificate }: AndroidSigningKey): string {
  return new X509Certificate(certificate).toString()
}

/** RSASSA-PKCS1-v1_5 with SHA-256. */
export async function androidSignature(
  bytes: Uint8Array,
  { privateKey }: AndroidSigningKey,
): Promise<Uint8Array> {
  // With a callback it is computed beside everything else: some milliseconds at this length.
  return await new Promise((resolve, reject) => {
    sign('sha256', bytes, privateKey, (error, signature) => {
      if (error === null) resolve(signature)
      else reject(error)
    })
  })
}
