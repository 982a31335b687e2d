import type { Instant } from '../base/clock.ts'
import type { Reader, Writer } from './open.ts'

export type CodePurpose = 'windows' | 'macos'

export type StoredCodeCertificate = {
  readonly purpose: CodePurpose
  /** SHA-256 of the signer's certificate. */
  readonly certificateId: string
  readonly subject: string
  readonly issuer: string
  readonly notBefore: Instant
  readonly notAfter: Instant
  /** DER, the signer's own first. */
  readonly chain: readonly Uint8Array[]
  /** PKCS #8, sealed with the instance secret. */
  readonly sealedPrivate: Uint8Array
  readonly createdAt: Instant
  readonly createdBy: string
}

/** At most one for each purpose. */
export async function loadCodeCertificates(
  reader: Reader,
): Promise<readonly StoredCodeCertificate[]> {
  const rows = await reader
    .selectFrom('code_certificate')
    .selectAll()
    .orderBy('purpose', 'desc')
    .execute()
  return rows.map((row) => ({
    purpose: row.purpose,
    certificateId: row.certificate_id,
    subject: row.subject,
    issuer: row.issuer,
    notBefore: row.not_before,
    notAfter: row.not_after,
    chain: row.chain.map((der) => Buffer.from(der, 'base64')),
    sealedPrivate: row.sealed_private,
    createdAt: row.created_at,
    createdBy: row.created_by,
  }))
}

/** In place of the one before. */
export async function saveCodeCertificate(
  writer: Writer,
  certificate: StoredCodeCertificate,
): Promise<void> {
  const told = {
    certificate_id: certificate.certificateId,
    subject: certificate.subject,
    issuer: certificate.issuer,
    not_before: certificate.notBefore,
    not_after: certificate.notAfter,
    chain: JSON.stringify(certificate.chain.map((der) => Buffer.from(der).toString('base64'))),
    sealed_private: Buffer.from(certificate.sealedPrivate),
    created_at: certificate.createdAt,
    created_by: certificate.createdBy,
  }
  await writer
    .insertInto('code_certificate')
    .values({ purpose: certificate.purpose, ...told })
    .onConflict((conflict) => conflict.column('purpose').doUpdateSet(told))
    .execute()
}

export async function removeCodeCertificate(writer: Writer, purpose: CodePurpose): Promise<void> {
  await writer.deleteFrom('code_certificate').where('purpose', '=', purpose).execute()
}
