import type * as z from 'zod'
import type { certificateObject } from '../../../contract/public/trust.ts'
import type { StoredCodeCertificate } from '../../../store/code-certificates.ts'

/** Everything of it but its key. */
export function renderCertificate(
  certificate: StoredCodeCertificate,
): z.output<typeof certificateObject> {
  return {
    purpose: certificate.purpose,
    fingerprint: certificate.certificateId,
    subject: certificate.subject,
    issuer: certificate.issuer,
    not_before: certificate.notBefore,
    not_after: certificate.notAfter,
    imported_at: certificate.createdAt,
    imported_by: certificate.createdBy,
  }
}
