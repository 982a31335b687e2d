/**
 * An operator's certificate for signing code, with its key: from PKCS #12 or PEM, checked before
 * anything is signed with it. That a machine trusts who issued it is that machine's affair; what no
 * machine could accept is refused here, where somebody can still do something about it.
 */
import { createPrivateKey, type KeyObject, sign, verify, X509Certificate } from 'node:crypto'
import { fromUtf8, utf8 } from '../base/bytes.ts'
import { type Digest, digestOf } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { derBytes, readDer } from './der.ts'
import { checkLockedKey, openPkcs12, type Pkcs12Content, type Pkcs12Refusal } from './pkcs12.ts'

export const CODE_PURPOSES = ['windows', 'macos'] as const
export type CodePurpose = (typeof CODE_PURPOSES)[number]

export type CodeCertificate = {
  /** SHA-256 of the signer's certificate: its name. */
  readonly id: Digest
  readonly privateKey: KeyObject
  /** DER: the signer's own, then whoever vouches for the one before. */
  readonly chain: readonly Uint8Array[]
  readonly subject: string
  readonly issuer: string
  /** Milliseconds UTC. */
  readonly notBefore: number
  readonly notAfter: number
}

export type CodeCertificateRefusal =
  | Pkcs12Refusal
  | { readonly code: 'certificate-too-large'; readonly limitBytes: number }
  | { readonly code: 'certificate-without-key' }
  | { readonly code: 'certificate-key-mismatch' }
  | { readonly code: 'certificate-key-unsuitable'; readonly wanted: string }
  | { readonly code: 'certificate-not-for-code'; readonly purpose: CodePurpose }
  | { readonly code: 'certificate-expired'; readonly notAfter: number }
  | { readonly code: 'certificate-not-yet-valid'; readonly notBefore: number }

export type GivenCertificate = {
  /** PKCS #12, or PEM with the key and the certificates. */
  readonly file: Uint8Array
  /** Of the PKCS #12, or of the PEM's key. */
  readonly password: string
  readonly purpose: CodePurpose
  /** Milliseconds UTC. */
  readonly now: number
  /**
   * `rsa`: PKCS #1 v1.5 has no chance in it, so the same package gets the same signature. With
   * `any`, ECDSA too, for what is signed once and kept.
   */
  readonly keys: 'rsa' | 'any'
}

export const CERTIFICATE_FILE_BYTES_MAX = 64 * 1024
const CHAIN_MAX = 10
const PEM_BLOCKS_MAX = 20
/** A PEM block, and nothing of the next one. */
const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----(?:[^-]|-(?!----))*-----END \1-----/g
/** X.690, 8.9.1: what DER files begin with. */
const SEQUENCE = 0x30
const MODULUS_BITS = { least: 2048, most: 4096 }
const CURVES = ['prime256v1', 'secp384r1']

/** RFC 5280, 4.2.1.12: code signing. */
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3'
/** Apple's: installer packages of the Mac App Store, and of a Developer ID. */
const APPLE_INSTALLERS = ['1.2.840.113635.100.4.9', '1.2.840.113635.100.4.13']

export function readCodeCertificate(
  given: GivenCertificate,
): Result<CodeCertificate, CodeCertificateRefusal> {
  if (given.file.length > CERTIFICATE_FILE_BYTES_MAX) {
    return refuse({ code: 'certificate-too-large', limitBytes: CERTIFICATE_FILE_BYTES_MAX })
  }
  const isDer = given.file[0] === SEQUENCE
  const content = isDer ? openPkcs12(given.file, given.password) : openPem(given)
  return content.ok ? certificateOf(content.value, given) : content
}

function certificateOf(
  content: Pkcs12Content,
  { purpose, now, keys }: GivenCertificate,
): Result<CodeCertificate, CodeCertificateRefusal> {
  const certificates = certificatesFrom(content.certificates)
  const [key] = content.privateKeys.map(keyFrom)
  if (key === undefined) return refuse({ code: 'certificate-without-key' })
  if (certificates === null || key === null) {
    return unreadable(`what is in it is no ${key === null ? 'private key' : 'X.509 certificate'}`)
  }
  const signer = certificates.find((each) => each.checkPrivateKey(key))
  if (signer === undefined) return refuse({ code: 'certificate-key-mismatch' })
  const wanted = purpose === 'macos' ? 'rsa' : keys
  if (!isSuitable(key, wanted)) {
    return refuse({ code: 'certificate-key-unsuitable', wanted: wordsFor(wanted) })
  }
  if (!isWhole(key, signer)) return unreadable('its private key is damaged')
  // Node's name for what RFC 5280 calls extended key usage.
  const usage: readonly string[] = signer.keyUsage ?? []
  const accepted = purpose === 'macos' ? [CODE_SIGNING, ...APPLE_INSTALLERS] : [CODE_SIGNING]
  if (!accepted.some((each) => usage.includes(each))) {
    return refuse({ code: 'certificate-not-for-code', purpose })
  }
  const notBefore = signer.validFromDate.getTime()
  const notAfter = signer.validToDate.getTime()
  if (now > notAfter) return refuse({ code: 'certificate-expired', notAfter })
  if (now < notBefore) return refuse({ code: 'certificate-not-yet-valid', notBefore })
  return accept({
    id: digestOf(signer.raw),
    privateKey: key,
    chain: chainFrom(signer, certificates),
    subject: nameText(signer.subject),
    issuer: nameText(signer.issuer),
    notBefore,
    notAfter,
  })
}

/** RFC 7468. A key with a password is PKCS #8 in PBES2, or what openssl once wrote. */
function openPem({
  file,
  password,
}: GivenCertificate): Result<Pkcs12Content, CodeCertificateRefusal> {
  let text: string
  try {
    text = fromUtf8(file)
  } catch {
    return unreadable('it is neither PKCS #12 nor PEM')
  }
  const blocks = text.match(PEM_BLOCK) ?? []
  if (blocks.length === 0) return unreadable('it is neither PKCS #12 nor PEM')
  if (blocks.length > PEM_BLOCKS_MAX) return unreadable(`it has more than ${PEM_BLOCKS_MAX} parts`)
  const certificates = blocks.filter((block) => block.startsWith('-----BEGIN CERTIFICATE-----'))
  const keys = blocks.filter((block) => /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(block))
  const [pem] = keys
  const key = pem === undefined ? null : openPemKey(pem, password)
  if (key !== null && !key.ok) return key
  const privateKeys = key === null ? [] : [key.value]
  return accept({ privateKeys, certificates: certificates.map(bytesOfPem) })
}

/** What openssl once wrote costs one round; the other kind says how many it wants. */
function openPemKey(pem: string, password: string): Result<Uint8Array, CodeCertificateRefusal> {
  const isLockedPkcs8 = pem.startsWith('-----BEGIN ENCRYPTED PRIVATE KEY-----')
  const der = isLockedPkcs8 ? Buffer.from(bytesOfPem(pem)) : null
  const checked = der === null ? accept(null) : checkLockedKey(der)
  if (!checked.ok) return checked
  try {
    // What was looked at, and not what somebody else would read in its text.
    const key =
      der === null
        ? createPrivateKey({ key: pem, format: 'pem', passphrase: password })
        : createPrivateKey({ key: der, format: 'der', type: 'pkcs8', passphrase: password })
    return accept(key.export({ format: 'der', type: 'pkcs8' }))
  } catch {
    if (pem.includes('ENCRYPTED')) return refuse({ code: 'certificate-password-wrong' })
    return unreadable('its private key is damaged, or of a kind that is not known here')
  }
}

function bytesOfPem(block: string): Uint8Array {
  return Buffer.from(block.replace(/-----[^-]*-----/g, ''), 'base64')
}

function keyFrom(der: Uint8Array): KeyObject | null {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })
  } catch {
    // Best effort: whoever asks tells the operator what null means.
    return null
  }
}

/** Null unless each of them is one. What is no DER to the letter would change when it is copied. */
function certificatesFrom(raws: readonly Uint8Array[]): readonly X509Certificate[] | null {
  try {
    const isExact = raws.every((raw) => Buffer.from(raw).equals(derBytes(readDer(raw, 'it'))))
    return isExact ? raws.map((raw) => new X509Certificate(Buffer.from(raw))) : null
  } catch {
    // Best effort: whoever asks tells the operator what null means.
    return null
  }
}

/** Whether it signs: that the public halves agree says nothing about the private one. */
function isWhole(key: KeyObject, { publicKey }: X509Certificate): boolean {
  const bytes = utf8('a trial')
  try {
    return verify('sha256', bytes, publicKey, sign('sha256', bytes, key))
  } catch {
    // Best effort: whoever asks tells the operator that it does not.
    return false
  }
}

function isSuitable(key: KeyObject, wanted: GivenCertificate['keys']): boolean {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa') {
    return modulusLength >= MODULUS_BITS.least && modulusLength <= MODULUS_BITS.most
  }
  return wanted === 'any' && key.asymmetricKeyType === 'ec' && CURVES.includes(namedCurve)
}

function wordsFor(wanted: GivenCertificate['keys']): string {
  const rsa = `RSA of ${MODULUS_BITS.least} to ${MODULUS_BITS.most} bits`
  return wanted === 'rsa' ? rsa : `${rsa}, or ECDSA on P-256 or P-384`
}

function chainFrom(
  signer: X509Certificate,
  certificates: readonly X509Certificate[],
): readonly Uint8Array[] {
  const chain = [signer]
  let last = signer
  while (chain.length < CHAIN_MAX) {
    const next = certificates.find((each) => !chain.includes(each) && last.checkIssued(each))
    if (next === undefined) break
    chain.push(next)
    last = next
  }
  return chain.map((each) => Uint8Array.from(each.raw))
}

/** Node puts each part of a name on a line of its own. */
function nameText(name: string): string {
  return name.split('\n').join(', ')
}

function unreadable(detail: string): Result<never, CodeCertificateRefusal> {
  return refuse({ code: 'certificate-malformed', detail })
}
