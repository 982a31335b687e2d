/** Certificates for code as openssl makes them, in a folder of the test's own. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Issued = Disposable & {
  readonly folder: string
  /** Whom a verifier has to trust. */
  readonly authorityFile: string
  readonly key: Buffer
  readonly certificate: Buffer
  readonly authority: Buffer
  /** Certificates and key under a password; `more` as `openssl pkcs12 -export` takes it. */
  pkcs12(password: string, ...more: readonly string[]): Buffer
}

export type IssueOptions = {
  /** As `openssl genpkey` takes it. */
  readonly key?: readonly string[]
  readonly usage?: string
  readonly days?: number
}

const RSA = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']
const SUBJECT = '/C=DE/O=Prüfstelle/CN=Signer'

export function issueCertificate(options: IssueOptions = {}): Issued {
  const { key = RSA, usage = 'codeSigning', days = 30 } = options
  const folder = mkdtempSync(join(tmpdir(), 'drydock-certificate-'))
  const at = (name: string) => join(folder, name)
  const openssl = (...args: readonly string[]) => {
    const { status, stderr } = spawnSync('openssl', [...args], { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`)
  }
  const [authority, authorityKey] = [at('authority.pem'), at('authority-key.pem')]
  openssl('genpkey', ...RSA, '-out', authorityKey)
  const name = ['-subj', '/CN=Authority', '-days', '3650']
  openssl('req', '-x509', '-new', '-key', authorityKey, '-out', authority, ...name)
  openssl('genpkey', ...key, '-out', at('key.pem'))
  const asked = ['-key', at('key.pem'), '-out', at('request.pem'), '-subj', SUBJECT, '-utf8']
  openssl('req', '-new', ...asked)
  writeFileSync(at('extensions'), usage === '' ? '' : `extendedKeyUsage=${usage}\n`)
  const by = ['-CA', authority, '-CAkey', authorityKey, '-CAcreateserial', '-days', String(days)]
  const request = ['-in', at('request.pem'), '-extfile', at('extensions')]
  openssl('x509', '-req', ...request, ...by, '-out', at('certificate.pem'))
  return {
    folder,
    authorityFile: authority,
    key: readFileSync(at('key.pem')),
    certificate: readFileSync(at('certificate.pem')),
    authority: readFileSync(authority),
    pkcs12(password, ...more) {
      const parts = ['-inkey', at('key.pem'), '-in', at('certificate.pem'), '-certfile', authority]
      const out = at('bundle.p12')
      openssl('pkcs12', '-export', ...parts, '-passout', `pass:${password}`, '-out', out, ...more)
      return readFileSync(out)
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
