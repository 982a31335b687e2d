/**
 * DER (X.690) as far as certificates, PKCS #12 and Authenticode need it. The ASN.1 itself is
 * node-forge's; here are its limits, its types, and byte arrays in place of its binary strings.
 * Readers throw `MalformedDer`, which the doors of this folder turn into a refusal.
 */
import forge from 'node-forge'

const { asn1 } = forge
const { Class, Type } = asn1

export type Der = forge.asn1.Asn1

/** Bytes are not what they should be; `message` says what was looked for. */
export class MalformedDer extends Error {}

/** Certificates with their keys are a few KiB; forge itself refuses more than 256 levels. */
export const DER_BYTES_MAX = 128 * 1024

/** One value and nothing behind it. */
export function readDer(bytes: Uint8Array, what: string): Der {
  if (bytes.length > DER_BYTES_MAX) throw new MalformedDer(`${what} is too large`)
  try {
    return asn1.fromDer(toBinary(bytes), true)
  } catch (cause) {
    throw new MalformedDer(`${what} is no DER`, { cause })
  }
}

export function derBytes(der: Der): Uint8Array {
  return fromBinary(asn1.toDer(der).getBytes())
}

/** What is inside, without its tag and length. */
export function contentBytes(der: Der): Uint8Array {
  return typeof der.value === 'string'
    ? fromBinary(der.value)
    : Uint8Array.from(der.value.flatMap((child) => [...derBytes(child)]))
}

export function membersOf(der: Der | undefined, what: string): readonly Der[] {
  const isSequence = der?.tagClass === Class.UNIVERSAL && der.type === Type.SEQUENCE
  if (!isSequence || typeof der.value === 'string') throw new MalformedDer(`no ${what}`)
  return der.value
}

/** What stands in `[tag] EXPLICIT`. */
export function inExplicit(der: Der | undefined, tag: number, what: string): Der {
  const isThere = isContext(der, tag) && typeof der.value !== 'string' && der.value.length === 1
  const inner = isThere ? der.value[0] : undefined
  if (inner === undefined || typeof inner === 'string') throw new MalformedDer(`no ${what}`)
  return inner
}

export function isContext(der: Der | undefined, tag: number): der is Der {
  // Its type holds the tag's number, which the library's own names are not meant for.
  return der?.tagClass === Class.CONTEXT_SPECIFIC && Number(der.type) === tag
}

export function oidIn(der: Der | undefined, what: string): string {
  const text = primitive(der, Type.OID, what)
  try {
    return asn1.derToOid(text)
  } catch (cause) {
    throw new MalformedDer(`no ${what}`, { cause })
  }
}

/** Counts and versions: beyond 31 bits nothing is one. */
export function countIn(der: Der | undefined, what: string): number {
  const text = primitive(der, Type.INTEGER, what)
  const isSmall = text.length > 0 && text.length <= 4
  const count = isSmall ? asn1.derToInteger(text) : -1
  if (count < 0) throw new MalformedDer(`no ${what}`)
  return count
}

/** Also in pieces: who writes PKCS #12 as a stream (BER) does it so. */
export function octetsIn(der: Der | undefined, what: string): Uint8Array {
  const isOctets = der?.tagClass === Class.UNIVERSAL && der.type === Type.OCTETSTRING
  if (!isOctets) throw new MalformedDer(`no ${what}`)
  return piecesOf(der, what)
}

/** `[tag] IMPLICIT OCTET STRING`. */
export function implicitOctetsIn(der: Der | undefined, tag: number, what: string): Uint8Array {
  if (!isContext(der, tag)) throw new MalformedDer(`no ${what}`)
  return piecesOf(der, what)
}

function piecesOf(der: Der, what: string): Uint8Array {
  if (typeof der.value === 'string') return fromBinary(der.value)
  return Buffer.concat(der.value.map((piece) => octetsIn(piece, what)))
}

function primitive(der: Der | undefined, type: forge.asn1.Type, what: string): string {
  const isIt = der?.tagClass === Class.UNIVERSAL && der.type === type
  if (!isIt || typeof der.value !== 'string') throw new MalformedDer(`no ${what}`)
  return der.value
}

export function sequence(...members: readonly Der[]): Der {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...members])
}

/** X.690, 11.6: the members of a set stand in the order of their bytes. */
export function setOf(...members: readonly Der[]): Der {
  return asn1.create(Class.UNIVERSAL, Type.SET, true, inOrder(members))
}

export function inOrder(members: readonly Der[]): Der[] {
  return members.toSorted((left, right) => Buffer.compare(derBytes(left), derBytes(right)))
}

/** `[tag]` around values: explicit around one; implicit in place of SEQUENCE or SET around more. */
export function context(tag: number, ...members: readonly Der[]): Der {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, true, [...members])
}

/** `[tag] IMPLICIT` in place of a primitive type. */
export function contextBytes(tag: number, bytes: Uint8Array): Der {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, false, toBinary(bytes))
}

export function oid(dotted: string): Der {
  return asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(dotted).getBytes())
}

export function integer(value: number): Der {
  return asn1.create(Class.UNIVERSAL, Type.INTEGER, false, asn1.integerToDer(value).getBytes())
}

export function octets(bytes: Uint8Array): Der {
  return asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, toBinary(bytes))
}

/** No bit of a bit string is set: its one byte says that none is unused. */
export function noBits(): Der {
  return asn1.create(Class.UNIVERSAL, Type.BITSTRING, false, '\0')
}

export function nothing(): Der {
  return asn1.create(Class.UNIVERSAL, Type.NULL, false, '')
}

export function toBinary(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

export function fromBinary(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}
