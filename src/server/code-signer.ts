/**
 * Signs packages with the certificates that the operator gave, where one was given. A certificate
 * that has run out fails the build: an unsigned package, or one with a signature that no machine
 * accepts, would go unnoticed until it is refused where it was sent. Removing the certificate says
 * that unsigned is wanted.
 */
import { createPrivateKey, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock } from '../base/clock.ts'
import { isDigest } from '../base/digest.ts'
import { Fault } from '../base/fault.ts'
import { invariant } from '../base/invariant.ts'
import type { InstallerSigner, WriterNeeds } from '../pack/writer.ts'
import { loadCodeCertificates, type StoredCodeCertificate } from '../store/code-certificates.ts'
import type { Database } from '../store/open.ts'
import type { InstanceSecret } from '../store/secret.ts'
import { authenticodeSignature } from '../trust/authenticode.ts'
import type { CodeCertificate, CodePurpose } from '../trust/code-certificate.ts'

type Needs = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'open'>
  readonly clock: Clock
}

export const CERTIFICATE_EXPIRED = 'code-certificate-expired'

const signBytes = promisify(sign)

export function createCodeSigner(
  needs: Needs,
): Pick<WriterNeeds, 'signAuthenticode' | 'installerSigner'> {
  return {
    async signAuthenticode(content) {
      const certificate = await certificateFor(needs, 'windows')
      return certificate === null ? null : await authenticodeSignature(content, certificate)
    },
    async installerSigner() {
      const certificate = await certificateFor(needs, 'macos')
      return certificate === null ? null : installerSignerWith(certificate)
    },
  }
}

function installerSignerWith({ chain, privateKey }: CodeCertificate): InstallerSigner {
  const bits = privateKey.asymmetricKeyDetails?.modulusLength
  invariant(bits !== undefined, 'a certificate for macOS has an RSA key')
  return {
    certificates: chain,
    signatureSize: Math.ceil(bits / 8),
    sign: (bytes, digest) => signBytes(digest, bytes, privateKey),
  }
}

/** Asked for each package: another server may have taken it away a moment ago. */
async function certificateFor(needs: Needs, purpose: CodePurpose): Promise<CodeCertificate | null> {
  const all = await loadCodeCertificates(needs.database.read)
  const stored = all.find((each) => each.purpose === purpose)
  if (stored === undefined) return null
  if (needs.clock.now() > stored.notAfter) {
    const when = new Date(stored.notAfter).toISOString()
    const doing = `signing for ${purpose}: the certificate of ${stored.subject} ended at ${when}`
    throw new Fault({ code: CERTIFICATE_EXPIRED, doing, retry: 'never' })
  }
  return opened(needs, stored)
}

function opened({ secret }: Needs, stored: StoredCodeCertificate): CodeCertificate {
  const { certificateId: id, chain, subject, issuer, notBefore, notAfter } = stored
  invariant(isDigest(id), 'a certificate is stored under its SHA-256')
  const key = Buffer.from(secret.open(stored.sealedPrivate, contextOf(stored.purpose, id)))
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  return { id, privateKey, chain, subject, issuer, notBefore, notAfter }
}

/** What a private key is sealed for: it does not open beside another certificate. */
export function contextOf(purpose: CodePurpose, certificateId: string): string {
  return `code-certificate:${purpose}:${certificateId}`
}
