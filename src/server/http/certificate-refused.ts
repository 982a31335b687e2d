/** The rows of `error-reply.ts` on certificates for code. */
import type { FieldError } from '../../contract/schema.ts'
import type { CodeCertificateRefusal } from '../../trust/code-certificate.ts'

export type CertificateRefusal =
  | CodeCertificateRefusal
  | { readonly code: 'certificate-unknown'; readonly purpose: string }

type Row = {
  readonly status: number
  readonly message: string
  readonly extra: string | readonly FieldError[]
}

type ByCode = {
  readonly [Code in CertificateRefusal['code']]: Extract<
    CertificateRefusal,
    { readonly code: Code }
  >
}

export const CERTIFICATE_REFUSED: {
  readonly [Code in keyof ByCode]: (refusal: ByCode[Code]) => Row
} = {
  'certificate-malformed': ({ detail }) =>
    invalid('certificate', `it is not PKCS #12 or PEM as it is read here: ${detail}`),
  'certificate-password-wrong': () =>
    invalid('password', 'the password does not open the certificate'),
  'certificate-too-large': ({ limitBytes }) =>
    invalid('certificate', `it is larger than ${limitBytes} bytes`),
  'certificate-without-key': () =>
    invalid('certificate', 'there is no private key with it, and nothing is signed without one'),
  'certificate-key-mismatch': () =>
    invalid('certificate', 'none of the certificates belongs to the private key'),
  'certificate-key-unsuitable': ({ wanted }) =>
    invalid('certificate', `its key is of another kind than what can be used here: ${wanted}`),
  'certificate-not-for-code': ({ purpose }) => {
    const what = purpose === 'macos' ? 'installer packages or code' : 'code'
    const msg = `it was not issued for signing ${what}: its extended key usage does not say so`
    return invalid('certificate', msg)
  },
  'certificate-expired': ({ notAfter }) =>
    invalid('certificate', `it ended at ${new Date(notAfter).toISOString()}`),
  'certificate-not-yet-valid': ({ notBefore }) =>
    invalid('certificate', `it begins at ${new Date(notBefore).toISOString()}`),
  'certificate-unknown': ({ purpose }) => {
    const extra = `there is no certificate that signs for ${purpose}`
    return { status: 404, message: 'Not found', extra }
  },
}

function invalid(field: string, msg: string): Row {
  const loc = ['request_data', field]
  const message = `${loc.join('.')}: ${msg}`
  return { status: 400, message, extra: [{ type: 'value_error', loc, msg }] }
}
