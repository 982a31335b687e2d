/**
 * Authenticode ("Windows Authenticode Portable Executable Signature Format", Microsoft 2008): PKCS
 * #7 (RFC 2315) around the digest of a program or a Windows Installer package. There is no time
 * stamp of an authority, for which the server would have to reach the internet while it builds, and
 * no signing time, which would only be a claim of ours: with an RSA key the same content gets the
 * same bytes.
 */
import { createHash, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { Digest } from '../base/digest.ts'
import { invariant } from '../base/invariant.ts'
import type { CodeCertificate } from './code-certificate.ts'
import {
  contentBytes,
  context,
  contextBytes,
  type Der,
  derBytes,
  inOrder,
  integer,
  membersOf,
  noBits,
  nothing,
  octets,
  oid,
  readDer,
  sequence,
  setOf,
} from './der.ts'

export type AuthenticodeContent = {
  /** `pe`: a program (.exe); `msi`: a Windows Installer package. */
  readonly kind: 'pe' | 'msi'
  /** SHA-256, over what Authenticode has the kind's digest taken of. */
  readonly digest: Digest
}

/** Shown by Windows when it asks whether to let a package in. */
const PROGRAM_NAME = 'Drydock agent'

/** RFC 2315, 14, and PKCS #9. */
const SIGNED_DATA = '1.2.840.113549.1.7.2'
const CONTENT_TYPE = '1.2.840.113549.1.9.3'
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4'
/** RFC 5754, 2 and 3. */
const SHA256 = '2.16.840.1.101.3.4.2.1'
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'
/** Authenticode, "Authenticode-Specific Structures in SignedData". */
const INDIRECT_DATA = '1.3.6.1.4.1.311.2.1.4'
const STATEMENT_TYPE = '1.3.6.1.4.1.311.2.1.11'
const OPUS_INFO = '1.3.6.1.4.1.311.2.1.12'
const PE_IMAGE_DATA = '1.3.6.1.4.1.311.2.1.15'
const INDIVIDUAL_CODE_SIGNING = '1.3.6.1.4.1.311.2.1.21'
/** What signtool and osslsigncode write for a package: SpcSipInfo, not in Microsoft's document. */
const SIP_INFO = '1.3.6.1.4.1.311.2.1.30'
/** {000C10F1-0000-0000-C000-000000000046}: the provider that reads Windows Installer packages. */
const MSI_PROVIDER = Buffer.from('f1100c0000000000c000000000000046', 'hex')

const signBytes = promisify(sign)

/** The DER of the PKCS #7. */
export async function authenticodeSignature(
  content: AuthenticodeContent,
  certificate: CodeCertificate,
): Promise<Uint8Array> {
  const indirect = indirectData(content)
  // RFC 2315, 9.3: of what stands in it, without its own tag and length.
  const digest = createHash('sha256').update(contentBytes(indirect)).digest()
  const attributes = inOrder(attributesOver(digest))
  // RFC 2315, 9.3: signed as a set, stored under a tag of their own.
  const signed = derBytes(setOf(...attributes))
  const signature = await signBytes('sha256', signed, certificate.privateKey)
  const chain = certificate.chain.map((raw) => readDer(raw, 'the certificate'))
  const signedData = sequence(
    integer(1),
    setOf(sha256()),
    sequence(oid(INDIRECT_DATA), context(0, indirect)),
    context(0, ...inOrder(chain)),
    setOf(
      sequence(
        integer(1),
        issuerAndSerial(certificate.chain),
        sha256(),
        context(0, ...attributes),
        signatureAlgorithm(certificate.privateKey),
        octets(signature),
      ),
    ),
  )
  return derBytes(sequence(oid(SIGNED_DATA), context(0, signedData)))
}

/** SpcIndirectDataContent. */
function indirectData({ kind, digest }: AuthenticodeContent): Der {
  const what = kind === 'pe' ? peImageData() : sipInfo()
  return sequence(what, sequence(sha256(), octets(Buffer.from(digest, 'hex'))))
}

/** SpcPeImageData: no flags, and the name of a file that has none. */
function peImageData(): Der {
  const file = context(2, contextBytes(0, new Uint8Array()))
  return sequence(oid(PE_IMAGE_DATA), sequence(noBits(), context(0, file)))
}

function sipInfo(): Der {
  const zeros = [0, 0, 0, 0, 0].map(integer)
  return sequence(oid(SIP_INFO), sequence(integer(1), octets(MSI_PROVIDER), ...zeros))
}

function attributesOver(digest: Uint8Array): readonly Der[] {
  // SpcString, unicode: a BMPString, high byte first.
  const name = Buffer.from(PROGRAM_NAME, 'utf16le').swap16()
  return [
    attribute(CONTENT_TYPE, oid(INDIRECT_DATA)),
    attribute(STATEMENT_TYPE, sequence(oid(INDIVIDUAL_CODE_SIGNING))),
    attribute(OPUS_INFO, sequence(context(0, contextBytes(0, name)))),
    attribute(MESSAGE_DIGEST, octets(digest)),
  ]
}

function attribute(type: string, value: Der): Der {
  return sequence(oid(type), setOf(value))
}

/** RFC 5280, 4.1: the issuer and the serial number, as they stand in the certificate. */
function issuerAndSerial([signer]: CodeCertificate['chain']): Der {
  invariant(signer !== undefined, 'a chain begins with its signer')
  const [certificate] = membersOf(readDer(signer, 'the certificate'), 'certificate')
  // Version 3, which every certificate with an extended key usage has, comes before them.
  const [, serial, , issuer] = membersOf(certificate, 'certificate')
  invariant(serial !== undefined && issuer !== undefined, 'a certificate has an issuer')
  return sequence(issuer, serial)
}

function sha256(): Der {
  return sequence(oid(SHA256), nothing())
}

function signatureAlgorithm(key: KeyObject): Der {
  // RFC 5754, 3.3: ECDSA has no parameters.
  if (key.asymmetricKeyType === 'ec') return sequence(oid(ECDSA_WITH_SHA256))
  return sequence(oid(RSA_ENCRYPTION), nothing())
}
