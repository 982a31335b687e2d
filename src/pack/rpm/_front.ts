/** What stands before the header: the lead, and the signature with its digests of the header. */
import { createHash } from 'node:crypto'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import type { Arch } from '../../base/platform.ts'
import { headerBytes, SIGNATURE_REGION } from './_header.ts'

const LEAD_LENGTH = 96
/** "RPM Package Lead format": 65 characters and a NUL. */
const LEAD_NAME_MAX = 65
/** "RPM Package Lead format", archnum: the numbers of rpm's `rpmrc`; only file(1) looks. */
const LEAD_ARCHES: Readonly<Record<Arch, number>> = { x64: 1, arm64: 19 }

/** "RPM Package Lead format": of all this, readers want the magic and the signature type. */
export function leadBytes(named: { readonly name: string; readonly arch: Arch }): Uint8Array {
  const bytes = new Uint8Array(LEAD_LENGTH)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0xedab_eedb)
  view.setUint8(4, 3) // the format's version
  view.setUint16(6, 0) // a binary package
  view.setUint16(8, LEAD_ARCHES[named.arch])
  bytes.set(utf8(named.name).subarray(0, LEAD_NAME_MAX), 10)
  view.setUint16(76, 1) // Linux
  view.setUint16(78, 5) // a signature in the form of a header
  return bytes
}

/** "V4 Package format", Signature; the number of SHA256 is rpm's own (include/rpm/rpmtag.h). */
const RSA = 268
const SHA1 = 269
const SHA256 = 273
const SIZE = 1000
const PAYLOADSIZE = 1007
/** "V4 Package format", Signature: filled up to a multiple of eight bytes. */
const ALIGNMENT = 8

/**
 * Without MD5 (tag 1004), which is over header and payload. No rpm since EL7's 4.11 needs it: that
 * one checks the signature of the header and the digest of each file; 4.14 and later check the
 * payload's SHA-256, which the signed header holds. And it is the one digest that cannot be
 * continued from a remembered state, because the header, which differs, comes first: it would cost
 * reading the whole payload for every distribution.
 */
export function signatureBytes(signed: {
  readonly header: Uint8Array
  readonly rsa: Uint8Array
  /** Compressed, as it stands in the file. */
  readonly payloadLength: number
  /** The cpio archive alone. */
  readonly archiveLength: number
}): Uint8Array {
  const { header } = signed
  const sha1 = createHash('sha1').update(header).digest('hex')
  const size = header.length + signed.payloadLength
  const bytes = headerBytes(SIGNATURE_REGION, [
    { tag: RSA, type: 'bin', bytes: signed.rsa },
    { tag: SHA1, type: 'string', value: sha1 },
    { tag: SHA256, type: 'string', value: digestOf(header) },
    { tag: SIZE, type: 'int32', values: [size] },
    { tag: PAYLOADSIZE, type: 'int32', values: [signed.archiveLength] },
  ])
  const filler = new Uint8Array((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT)
  return concatBytes([bytes, filler])
}
