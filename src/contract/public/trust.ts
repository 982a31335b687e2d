/** `trust/*`: what people need to check what this server makes. Ours. */
import * as z from 'zod'
import { sha256Hex } from '../schema.ts'
import { publicCall } from './call.ts'
import { CERTIFICATE_CHARACTERS_MAX, PASSWORD_CHARACTERS_MAX } from './limits.ts'

export const getPackageKey = z.strictObject({
  /** Which packages. */
  format: z.enum(['rpm', 'apk']),
})
export const packageKeyReply = z.object({
  /**
   * In capitals. For rpm the OpenPGP fingerprint (version 4), as gpg and rpm show it; for apk the
   * SHA-256 of the certificate.
   */
  fingerprint: z.string(),
  /**
   * For rpm in ASCII armour, as `rpm --import` and a repository's `gpgkey` take it; for apk the
   * certificate in PEM.
   */
  public_key: z.string(),
  /** Milliseconds UTC. */
  created_at: z.int(),
})

export const getPackageKeyCall = publicCall({
  path: 'trust/get_package_key',
  summary: 'Gives the public half of the key that packages of a format are signed with.',
  origin: 'ours',
  request: getPackageKey,
  reply: packageKeyReply,
  isRepeatable: true,
  examples: [
    {
      name: 'rpm',
      request: { format: 'rpm' },
      reply: {
        fingerprint: 'C0FFEE00C0FFEE00C0FFEE00C0FFEE00C0FFEE00',
        public_key:
          '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n...\n-----END PGP PUBLIC KEY BLOCK-----\n',
        created_at: 1_704_067_200_000,
      },
    },
  ],
})

/** What is signed: Windows Installer packages, or installer packages of macOS. */
const purpose = z.enum(['windows', 'macos'])

export const certificateObject = z.object({
  purpose,
  /** SHA-256 of the signer's certificate. */
  fingerprint: sha256Hex,
  subject: z.string(),
  issuer: z.string(),
  /** Milliseconds UTC, all of them. */
  not_before: z.int(),
  not_after: z.int(),
  imported_at: z.int(),
  /** `api-key:1`. */
  imported_by: z.string(),
})
const EXAMPLE_CERTIFICATE = {
  purpose: 'windows',
  fingerprint: 'c0ffee00'.repeat(8),
  subject: 'C=DE, O=Example GmbH, CN=Example GmbH',
  issuer: 'C=US, O=Example CA, CN=Example CA Code Signing',
  not_before: 1_704_067_200_000,
  not_after: 1_798_761_600_000,
  imported_at: 1_704_153_600_000,
  imported_by: 'api-key:1',
}

export const importCertificate = z.strictObject({
  purpose,
  /** PKCS #12, or PEM with the private key and the certificates; base64. */
  certificate: z.base64().min(1).max(CERTIFICATE_CHARACTERS_MAX),
  /** Of the PKCS #12, or of the PEM's key. */
  password: z.string().max(PASSWORD_CHARACTERS_MAX).nullish(),
})
export const importCertificateCall = publicCall({
  path: 'trust/import_certificate',
  summary:
    'Takes a certificate with its private key, to sign packages with from now on; it takes the ' +
    'place of the one before.',
  origin: 'ours',
  request: importCertificate,
  reply: certificateObject,
  isRepeatable: true,
  examples: [
    {
      name: 'for Windows, shortened',
      request: { purpose: 'windows', certificate: 'MIIQGwIBAzCCD9EGCSqG', password: 'secret' },
      reply: EXAMPLE_CERTIFICATE,
    },
  ],
})

export const getCertificatesCall = publicCall({
  path: 'trust/get_certificates',
  summary: 'Lists the certificates that packages are signed with, without their keys.',
  origin: 'ours',
  request: z.strictObject({}),
  reply: z.object({ certificates: z.array(certificateObject) }),
  isRepeatable: true,
  examples: [{ name: 'all', request: {}, reply: { certificates: [EXAMPLE_CERTIFICATE] } }],
})

export const removeCertificateCall = publicCall({
  path: 'trust/remove_certificate',
  summary: 'Removes a certificate with its private key; packages built from now on are unsigned.',
  origin: 'ours',
  request: z.strictObject({ purpose }),
  reply: certificateObject,
  isRepeatable: false,
  examples: [{ name: 'of Windows', request: { purpose: 'windows' }, reply: EXAMPLE_CERTIFICATE }],
})
