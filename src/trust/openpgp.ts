/**
 * As much of OpenPGP (RFC 4880) as rpm, gpg and Sequoia need of a key of ours: its public half with
 * one self-signed user id, and signatures over bytes. Version 4, RSA, SHA-256. Packets have the old
 * form of header, which is what gpg writes and EL7's rpm has always read. PKCS #1 v1.5 has no
 * chance in it: the same bytes, key and time give the same signature.
 */
import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { concatBytes, toHex, utf8 } from '../base/bytes.ts'
import { invariant } from '../base/invariant.ts'

/** A private RSA key, and since when it is there, in seconds since 1970: both make its name. */
export type OpenPgpKey = { readonly privateKey: KeyObject; readonly createdAt: number }

/** RFC 4880, 4.3: packet tags. */
const SIGNATURE_PACKET = 2
const PUBLIC_KEY_PACKET = 6
const USER_ID_PACKET = 13
/** RFC 4880, 9.1 and 9.4. */
const RSA = 1
const SHA256 = 8
const SHA512 = 10
/** RFC 4880, 5.2.1. */
const OF_BYTES = 0x00
const OF_USER_ID = 0x13
/** RFC 4880, 5.2.3.1; the last one is of RFC 9580, 5.2.3.35, and older readers pass over it. */
const CREATED = 2
const ISSUER = 16
const PREFERRED_DIGESTS = 21
const KEY_FLAGS = 27
const ISSUER_FINGERPRINT = 33
/** RFC 4880, 5.2.3.21: this key certifies and signs. */
const CERTIFY_AND_SIGN = 0x03

const VERSION = 4

const signBytes = promisify(sign)

/** RFC 4880, 12.2: 20 bytes, in hexadecimal. */
export function fingerprintOf(key: OpenPgpKey): string {
  return toHex(fingerprint(key))
}

/** One signature packet over bytes. */
export async function signatureOver(
  bytes: Uint8Array,
  key: OpenPgpKey,
  madeAt: number,
): Promise<Uint8Array> {
  return await signature(key, { type: OF_BYTES, signed: bytes, madeAt, more: [] })
}

/** The public key for people and programs: in ASCII armour, with `userId` as its name. */
export async function armouredPublicKey(key: OpenPgpKey, userId: string): Promise<string> {
  const body = keyBody(key)
  const id = utf8(userId)
  // RFC 4880, 5.2.4: a certification is over the key and the user id, each after its length.
  const signed = concatBytes([Uint8Array.of(0x99), number16(body.length), body])
  const named = concatBytes([Uint8Array.of(0xb4), number32(id.length), id])
  const certification = await signature(key, {
    type: OF_USER_ID,
    signed: concatBytes([signed, named]),
    madeAt: key.createdAt,
    more: [
      subpacket(KEY_FLAGS, Uint8Array.of(CERTIFY_AND_SIGN)),
      subpacket(PREFERRED_DIGESTS, Uint8Array.of(SHA256, SHA512)),
    ],
  })
  const packets = [packet(PUBLIC_KEY_PACKET, body), packet(USER_ID_PACKET, id), certification]
  return armour('PGP PUBLIC KEY BLOCK', concatBytes(packets))
}

/** RFC 4880, 5.2.3 and 5.2.4. */
async function signature(
  key: OpenPgpKey,
  made: {
    readonly type: number
    readonly signed: Uint8Array
    readonly madeAt: number
    readonly more: readonly Uint8Array[]
  },
): Promise<Uint8Array> {
  const name = fingerprint(key)
  const hashed = concatBytes([
    subpacket(CREATED, number32(made.madeAt)),
    subpacket(ISSUER_FINGERPRINT, concatBytes([Uint8Array.of(VERSION), name])),
    ...made.more,
  ])
  const head = concatBytes([
    Uint8Array.of(VERSION, made.type, RSA, SHA256),
    number16(hashed.length),
    hashed,
  ])
  const end = concatBytes([Uint8Array.of(VERSION, 0xff), number32(head.length)])
  const whole = concatBytes([made.signed, head, end])
  const digest = createHash('sha256').update(whole).digest()
  const unhashed = subpacket(ISSUER, name.subarray(-8))
  const number = await signBytes('sha256', whole, key.privateKey)
  return packet(
    SIGNATURE_PACKET,
    concatBytes([
      head,
      number16(unhashed.length),
      unhashed,
      digest.subarray(0, 2),
      multiprecision(number),
    ]),
  )
}

/** RFC 4880, 5.5.2. */
function keyBody(key: OpenPgpKey): Uint8Array {
  const { n, e } = createPublicKey(key.privateKey).export({ format: 'jwk' })
  invariant(n !== undefined && e !== undefined, 'an RSA key has a modulus and an exponent')
  return concatBytes([
    Uint8Array.of(VERSION),
    number32(key.createdAt),
    Uint8Array.of(RSA),
    multiprecision(Buffer.from(n, 'base64url')),
    multiprecision(Buffer.from(e, 'base64url')),
  ])
}

function fingerprint(key: OpenPgpKey): Uint8Array {
  const body = keyBody(key)
  const hash = createHash('sha1').update(Uint8Array.of(0x99)).update(number16(body.length))
  return hash.update(body).digest()
}

/** RFC 4880, 4.2.1: the old form, with a length of one or two bytes. */
function packet(tag: number, body: Uint8Array): Uint8Array {
  const isShort = body.length < 256
  const head = 0x80 | (tag << 2) | (isShort ? 0 : 1)
  const length = isShort ? Uint8Array.of(body.length) : number16(body.length)
  return concatBytes([Uint8Array.of(head), length, body])
}

/** RFC 4880, 5.2.3.1: all of ours are shorter than 192 bytes. */
function subpacket(type: number, body: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(body.length + 1, type), body])
}

/** RFC 4880, 3.2: the number's length in bits, then its bytes without leading zeros. */
function multiprecision(number: Uint8Array): Uint8Array {
  const first = number.findIndex((byte) => byte !== 0)
  const bytes = number.subarray(first)
  const bits = (bytes.length - 1) * 8 + (32 - Math.clz32(bytes[0] ?? 0))
  return concatBytes([number16(bits), bytes])
}

function number16(value: number): Uint8Array {
  invariant(value <= 0xffff, 'a length fits two bytes')
  return Uint8Array.of(value >> 8, value & 0xff)
}

function number32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

/** RFC 4880, 6.2: base64 in lines of 64, and a checksum. */
function armour(kind: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  const sum = Buffer.from(checksum(bytes)).toString('base64')
  return [`-----BEGIN ${kind}-----`, '', ...lines, `=${sum}`, `-----END ${kind}-----`, ''].join(
    '\n',
  )
}

/** RFC 4880, 6.1: CRC-24, with the constants that stand there. */
function checksum(bytes: Uint8Array): Uint8Array {
  let sum = 0xb704ce
  for (const byte of bytes) {
    sum ^= byte << 16
    for (let bit = 0; bit < 8; bit++) {
      sum <<= 1
      if ((sum & 0x1000000) !== 0) sum ^= 0x1864cfb
    }
  }
  return Uint8Array.of((sum >> 16) & 0xff, (sum >> 8) & 0xff, sum & 0xff)
}
