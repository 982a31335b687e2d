/**
 * PKCS #12 (RFC 7292): one file with a private key and certificates, under a password. Walked here,
 * with limits; what it is encrypted with is node-forge's, RC2 and triple DES of old files included.
 * Only what a code-signing certificate comes in is read: integrity by a password, X.509
 * certificates, private keys.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import forge from 'node-forge'
import { accept, type Result, refuse } from '../base/result.ts'
import {
  countIn,
  type Der,
  derBytes,
  fromBinary,
  implicitOctetsIn,
  inExplicit,
  MalformedDer,
  membersOf,
  octets,
  octetsIn,
  oidIn,
  readDer,
  sequence,
  toBinary,
} from './der.ts'

export type Pkcs12Content = {
  /** PKCS #8, DER. */
  readonly privateKeys: readonly Uint8Array[]
  /** X.509, DER; in the file's order. */
  readonly certificates: readonly Uint8Array[]
}

export type Pkcs12Refusal =
  | { readonly code: 'certificate-malformed'; readonly detail: string }
  | { readonly code: 'certificate-password-wrong' }

/**
 * Rounds of key derivation, all of a file's together: openssl, Windows and Java write 2,000 to
 * 10,000 for each of three. Nothing else is answered meanwhile: 80,000 take a second.
 */
export const ROUNDS_MAX = 100_000
/** Safes in a file, and bags in a safe: usual are two, and one for each certificate of a chain. */
export const PARTS_MAX = 20

/** RFC 2315, 14. */
const DATA = '1.2.840.113549.1.7.1'
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6'
/** RFC 7292, appendix D. */
const KEY_BAG = '1.2.840.113549.1.12.10.1.1'
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2'
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3'
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1'
/** RFC 8018, appendix C. */
const PBES2 = '1.2.840.113549.1.5.13'
const PBKDF2 = '1.2.840.113549.1.5.12'
/** RFC 7292, appendix C: SHA-1 with three-key triple DES, and with 40 bits of RC2. */
const OLD_ENCRYPTIONS = ['1.2.840.113549.1.12.1.3', '1.2.840.113549.1.12.1.6']
/** RFC 7292, B.3: what a derived key is for. */
const FOR_INTEGRITY = 3

const DIGESTS = [
  { oid: '1.3.14.3.2.26', name: 'sha1', bytes: 20, make: forge.md.sha1.create },
  { oid: '2.16.840.1.101.3.4.2.1', name: 'sha256', bytes: 32, make: forge.md.sha256.create },
  { oid: '2.16.840.1.101.3.4.2.2', name: 'sha384', bytes: 48, make: forge.md.sha384.create },
  { oid: '2.16.840.1.101.3.4.2.3', name: 'sha512', bytes: 64, make: forge.md.sha512.create },
] as const

/** The password, and how many rounds it may still be put through. */
type Opening = { readonly password: string; roundsLeft: number }

class WrongPassword extends Error {}

export function openPkcs12(
  file: Uint8Array,
  password: string,
): Result<Pkcs12Content, Pkcs12Refusal> {
  return orRefusal(() => contentOf(file, { password, roundsLeft: ROUNDS_MAX }))
}

/**
 * Whether a key in PKCS #8 that is locked with a password (RFC 5958, 3) may be opened by somebody
 * who counts no rounds: it costs no more than what is opened here.
 */
export function checkLockedKey(key: Uint8Array): Result<null, Pkcs12Refusal> {
  return orRefusal(() => {
    const [algorithm] = membersOf(readDer(key, 'the private key'), 'private key')
    spend({ password: '', roundsLeft: ROUNDS_MAX }, roundsIn(algorithm))
    return null
  })
}

function orRefusal<Value>(read: () => Value): Result<Value, Pkcs12Refusal> {
  try {
    return accept(read())
  } catch (error) {
    if (error instanceof WrongPassword) return refuse({ code: 'certificate-password-wrong' })
    if (!(error instanceof MalformedDer)) throw error
    return refuse({ code: 'certificate-malformed', detail: error.message })
  }
}

/** RFC 7292, 4: PFX. */
function contentOf(file: Uint8Array, opening: Opening): Pkcs12Content {
  const [version, authSafe, mac] = membersOf(readDer(file, 'the file'), 'PKCS #12')
  if (countIn(version, 'version of PKCS #12') !== 3) throw new MalformedDer('no PKCS #12 version 3')
  const content = dataIn(authSafe)
  checkIntegrity(content, mac, opening)
  const safes = limited(membersOf(readDer(content, 'the list of safes'), 'list of safes'))
  const bags = safes.flatMap((safe) => bagsOf(safe, opening))
  return {
    privateKeys: bags.flatMap((bag) => keysIn(bag, opening)),
    certificates: bags.flatMap(certificatesIn),
  }
}

/** RFC 7292, 5.1: a file that is signed with a key in place of a password has no `macData`. */
function checkIntegrity(content: Uint8Array, mac: Der | undefined, opening: Opening): void {
  const [info, salt, rounds] = membersOf(mac, 'integrity by a password')
  const [algorithm, expected] = membersOf(info, 'digest of the content')
  const oid = oidIn(membersOf(algorithm, 'digest algorithm')[0], 'digest algorithm')
  const digest = DIGESTS.find((each) => each.oid === oid)
  if (digest === undefined) throw new MalformedDer(`no known digest algorithm (${oid})`)
  const count = rounds === undefined ? 1 : countIn(rounds, 'number of rounds')
  spend(opening, count)
  const key = forge.pkcs12.generateKey(
    opening.password,
    forge.util.createBuffer(toBinary(octetsIn(salt, 'salt'))),
    ...([FOR_INTEGRITY, count, digest.bytes, digest.make()] as const),
  )
  const actual = createHmac(digest.name, fromBinary(key.getBytes())).update(content).digest()
  const told = octetsIn(expected, 'digest of the content')
  if (told.length !== actual.length || !timingSafeEqual(told, actual)) throw new WrongPassword()
}

/** RFC 7292, 4.1: a safe is plain, or encrypted with the password. */
function bagsOf(safe: Der, opening: Opening): readonly Der[] {
  const [type, content] = membersOf(safe, 'safe')
  const kind = oidIn(type, 'kind of safe')
  if (kind === DATA) return bagsIn(readDer(dataIn(safe), 'a safe'))
  if (kind !== ENCRYPTED_DATA) throw new MalformedDer(`no safe that a password opens (${kind})`)
  const [, encrypted] = membersOf(inExplicit(content, 0, 'encrypted safe'), 'encrypted safe')
  const [, algorithm, bytes] = membersOf(encrypted, 'encrypted safe')
  return bagsIn(decrypt(algorithm, implicitOctetsIn(bytes, 0, 'encrypted safe'), opening))
}

function bagsIn(safe: Der): readonly Der[] {
  return limited(membersOf(safe, 'list of bags'))
}

function keysIn(bag: Der, opening: Opening): readonly Uint8Array[] {
  const [type, value] = membersOf(bag, 'bag')
  const kind = oidIn(type, 'kind of bag')
  if (kind === KEY_BAG) return [derBytes(inExplicit(value, 0, 'key'))]
  if (kind !== SHROUDED_KEY_BAG) return []
  const [algorithm, bytes] = membersOf(inExplicit(value, 0, 'encrypted key'), 'encrypted key')
  return [derBytes(decrypt(algorithm, octetsIn(bytes, 'encrypted key'), opening))]
}

function certificatesIn(bag: Der): readonly Uint8Array[] {
  const [type, value] = membersOf(bag, 'bag')
  if (oidIn(type, 'kind of bag') !== CERTIFICATE_BAG) return []
  const [kind, certificate] = membersOf(inExplicit(value, 0, 'certificate'), 'certificate')
  if (oidIn(kind, 'kind of certificate') !== X509_CERTIFICATE) return []
  return [octetsIn(inExplicit(certificate, 0, 'certificate'), 'certificate')]
}

function dataIn(contentInfo: Der | undefined): Uint8Array {
  const [type, content] = membersOf(contentInfo, 'content')
  if (oidIn(type, 'kind of content') !== DATA) throw new MalformedDer('no integrity by a password')
  return octetsIn(inExplicit(content, 0, 'content'), 'content')
}

function decrypt(algorithm: Der | undefined, bytes: Uint8Array, opening: Opening): Der {
  spend(opening, roundsIn(algorithm))
  // RFC 7292, B.1: UTF-16 for what PKCS #12 itself defines; RFC 8018, 3 recommends UTF-8.
  const isNew = oidIn(membersOf(algorithm, 'encryption')[0], 'encryption') === PBES2
  const password = isNew ? forge.util.encodeUtf8(opening.password) : opening.password
  let opened: Der | null
  try {
    const asKey = sequence(sequence(...membersOf(algorithm, 'encryption')), octets(bytes))
    opened = forge.pki.decryptPrivateKeyInfo(asKey, password)
  } catch (cause) {
    // The integrity was proven with this password, so it is not the password that is wrong.
    throw new MalformedDer('no encryption that is known here', { cause })
  }
  if (opened === null) throw new MalformedDer('no content that the password opens')
  return opened
}

function roundsIn(algorithm: Der | undefined): number {
  const [type, parameters] = membersOf(algorithm, 'encryption')
  const oid = oidIn(type, 'encryption')
  return oid === PBES2 ? newRounds(parameters) : oldRounds(oid, parameters)
}

/** RFC 8018, A.4 and A.2. */
function newRounds(parameters: Der | undefined): number {
  const [type, derivation] = membersOf(membersOf(parameters, 'encryption')[0], 'key derivation')
  const oid = oidIn(type, 'key derivation')
  if (oid !== PBKDF2) throw new MalformedDer(`no known key derivation (${oid})`)
  return countIn(membersOf(derivation, 'key derivation')[1], 'number of rounds')
}

function oldRounds(oid: string, parameters: Der | undefined): number {
  if (!OLD_ENCRYPTIONS.includes(oid)) throw new MalformedDer(`no known encryption (${oid})`)
  return countIn(membersOf(parameters, 'encryption')[1], 'number of rounds')
}

function spend(opening: Opening, rounds: number): void {
  opening.roundsLeft -= rounds
  if (rounds < 1 || opening.roundsLeft < 0) {
    throw new MalformedDer(`no number of rounds from 1 to ${ROUNDS_MAX}`)
  }
}

function limited(parts: readonly Der[]): readonly Der[] {
  if (parts.length > PARTS_MAX) throw new MalformedDer(`no more than ${PARTS_MAX} parts are read`)
  return parts
}
