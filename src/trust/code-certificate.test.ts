import { execFileSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeNeeds } from '../../test/needs.ts'
import { utf8 } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import {
  CERTIFICATE_FILE_BYTES_MAX,
  type GivenCertificate,
  readCodeCertificate,
} from './code-certificate.ts'
import { TEST_CODE_CERTIFICATE } from './testing/code-certificate.ts'
import { type Issued, issueCertificate } from './testing/issue.ts'

const DAY_MS = 86_400_000
const PASSWORD = 'Pässwörd €'
const EC = ['-algorithm', 'EC', '-pkeyopt']

function read(file: Uint8Array, more: Partial<GivenCertificate> = {}) {
  const given = { password: '', purpose: 'windows', now: systemClock.now(), keys: 'rsa' } as const
  return readCodeCertificate({ file, ...given, ...more })
}

function refusalOf(file: Uint8Array, more: Partial<GivenCertificate> = {}) {
  const outcome = read(file, more)
  return outcome.ok ? null : outcome.refusal
}

/** Of what `openssl x509` says: the SHA-256 of the certificate. */
function fingerprintOf({ folder }: Issued): string {
  const args = ['x509', '-in', join(folder, 'certificate.pem'), '-noout', '-fingerprint', '-sha256']
  const text = execFileSync('openssl', args, { encoding: 'utf8' })
  return text.replace(/.*=|:|\n/g, '').toLowerCase()
}

describeNeeds(['openssl'], 'a certificate for code (needs openssl)', () => {
  it.each([
    ['of today', []],
    ['of old: RC2 and triple DES', ['-legacy']],
    ['with triple DES', ['-legacy', '-certpbe', 'PBE-SHA1-3DES']],
    ['with plain certificates and another digest', ['-certpbe', 'NONE', '-macalg', 'sha512']],
    ['with AES of 128 bits', ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-192-CBC']],
  ])('comes out of PKCS #12 %s, and with a wrong password does not', (_name, more) => {
    using issued = issueCertificate()
    const file = issued.pkcs12(PASSWORD, ...more)
    const outcome = read(file, { password: PASSWORD })
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        id: fingerprintOf(issued),
        subject: 'C=DE, O=Prüfstelle, CN=Signer',
        issuer: 'CN=Authority',
      },
    })
    // Its own first, then who issued it.
    expect(outcome.ok && outcome.value.chain.length).toBe(2)
    expect(refusalOf(file, { password: 'x' })).toEqual({ code: 'certificate-password-wrong' })
    expect(refusalOf(file)).toEqual({ code: 'certificate-password-wrong' })
  })

  it('comes out of PEM in any order, the key with a password or without', () => {
    using issued = issueCertificate()
    const { authority, certificate, key } = issued
    const parts = Buffer.concat([authority, key, certificate])
    expect(read(parts)).toMatchObject({ ok: true, value: { id: fingerprintOf(issued) } })
    const args = ['pkcs8', '-topk8', '-in', join(issued.folder, 'key.pem'), '-passout', 'pass:x']
    const locked = Buffer.concat([certificate, execFileSync('openssl', args)])
    expect(read(locked, { password: 'x' }).ok).toBe(true)
    expect(refusalOf(locked, { password: 'y' })).toEqual({ code: 'certificate-password-wrong' })
  })

  it('is refused without its key, with the key of another, and for another use', () => {
    using issued = issueCertificate()
    using other = issueCertificate({ usage: 'serverAuth' })
    using any = issueCertificate({ usage: '' })
    expect(refusalOf(issued.certificate)).toEqual({ code: 'certificate-without-key' })
    const mixed = Buffer.concat([issued.certificate, other.key])
    expect(refusalOf(mixed)).toEqual({ code: 'certificate-key-mismatch' })
    const unfit = { code: 'certificate-not-for-code', purpose: 'windows' }
    for (const { certificate, key } of [other, any]) {
      expect(refusalOf(Buffer.concat([certificate, key]))).toEqual(unfit)
    }
  })

  it('of Apple is for macOS only', () => {
    using issued = issueCertificate({ usage: '1.2.840.113635.100.4.13' })
    const both = Buffer.concat([issued.certificate, issued.key])
    expect(read(both, { purpose: 'macos' }).ok).toBe(true)
    expect(refusalOf(both)).toMatchObject({ code: 'certificate-not-for-code' })
  })

  it('is refused when it has ended, or has not begun', () => {
    using issued = issueCertificate({ days: 2 })
    const both = Buffer.concat([issued.certificate, issued.key])
    expect(refusalOf(both, { now: systemClock.now() + 3 * DAY_MS })).toMatchObject({
      code: 'certificate-expired',
    })
    expect(refusalOf(both, { now: systemClock.now() - DAY_MS })).toMatchObject({
      code: 'certificate-not-yet-valid',
    })
  })

  it('with an ECDSA key is for what is signed once, not for what is built again', () => {
    using p256 = issueCertificate({ key: [...EC, 'ec_paramgen_curve:P-256'] })
    using p521 = issueCertificate({ key: [...EC, 'ec_paramgen_curve:P-521'] })
    const file = p256.pkcs12('x')
    expect(read(file, { password: 'x', keys: 'any' }).ok).toBe(true)
    const unsuitable = { code: 'certificate-key-unsuitable' }
    expect(refusalOf(file, { password: 'x' })).toMatchObject(unsuitable)
    expect(refusalOf(file, { password: 'x', keys: 'any', purpose: 'macos' })).toMatchObject(
      unsuitable,
    )
    expect(refusalOf(p521.pkcs12('x'), { password: 'x', keys: 'any' })).toMatchObject(unsuitable)
  })

  it('with RSA of less than 2048 bits is refused', () => {
    const key = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024']
    using issued = issueCertificate({ key })
    const both = Buffer.concat([issued.certificate, issued.key])
    expect(refusalOf(both)).toMatchObject({ code: 'certificate-key-unsuitable' })
  })

  it('is refused when it would have to be derived for too long', () => {
    using issued = issueCertificate()
    const file = issued.pkcs12('x', '-iter', '60000')
    expect(refusalOf(file, { password: 'x' })).toMatchObject({
      code: 'certificate-malformed',
      detail: expect.stringContaining('number of rounds'),
    })
  })

  it.each([
    ['too many rounds', ['-iter', '100001'], 'number of rounds'],
    ['memory, whose cost nobody counts here', ['-scrypt'], 'key derivation'],
  ])('is refused when the key of a PEM would have to be derived with %s', (_name, more, detail) => {
    using issued = issueCertificate()
    const args = ['pkcs8', '-topk8', '-in', join(issued.folder, 'key.pem'), '-passout', 'pass:x']
    const key = execFileSync('openssl', [...args, ...more])
    expect(refusalOf(Buffer.concat([issued.certificate, key]), { password: 'x' })).toEqual({
      code: 'certificate-malformed',
      detail: expect.stringContaining(detail),
    })
  })

  it('comes out of PEM with a key as openssl once locked it', () => {
    using issued = issueCertificate()
    const args = ['rsa', '-traditional', '-aes256', '-in', join(issued.folder, 'key.pem')]
    const key = execFileSync('openssl', [...args, '-passout', 'pass:x'], { stdio: 'pipe' })
    const both = Buffer.concat([issued.certificate, key])
    expect(read(both, { password: 'x' }).ok).toBe(true)
    expect(refusalOf(both, { password: 'y' })).toEqual({ code: 'certificate-password-wrong' })
  })
})

describe('what is no certificate', () => {
  it.each([
    ['nothing', new Uint8Array()],
    ['a text', utf8('no certificate')],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe)],
    ['DER that is no PKCS #12', Buffer.from('3003020105', 'hex')],
    ['a length beyond the end', Buffer.from('3084ffffffff0201', 'hex')],
    ['a length without an end', Buffer.from('3080', 'hex')],
    ['a length of nine bytes', Buffer.from(`3089${'ff'.repeat(9)}`, 'hex')],
    ['a PEM without an end', utf8('-----BEGIN CERTIFICATE-----\nAAAA\n')],
    ['many PEM blocks without an end', utf8('-----BEGIN CERTIFICATE-----\n'.repeat(2000))],
    ['a version without bytes', Buffer.from('30020200', 'hex')],
    ['a version that is too large', Buffer.from('300b0209010000000000000003', 'hex')],
    ['deep nesting', Buffer.from(nested(2000), 'hex')],
  ])('is refused: %s', (_name, file) => {
    expect(refusalOf(file)).toMatchObject({ code: 'certificate-malformed' })
  })

  it('is refused: more than anybody has', () => {
    const limitBytes = CERTIFICATE_FILE_BYTES_MAX
    const refusal = { code: 'certificate-too-large', limitBytes }
    expect(refusalOf(new Uint8Array(limitBytes + 1))).toEqual(refusal)
  })

  it('is refused: a key that belongs to it and does not sign', () => {
    const jwk = createPrivateKey(TEST_CODE_CERTIFICATE.key).export({ format: 'jwk' })
    // The public half stays; what signs is exchanged.
    const broken = { ...jwk, d: jwk.p, dp: jwk.dq, dq: jwk.dp }
    const damaged = createPrivateKey({ key: broken as typeof jwk, format: 'jwk' })
    const key = damaged.export({ format: 'pem', type: 'pkcs8' }).toString()
    expect(refusalOf(utf8(key + TEST_CODE_CERTIFICATE.certificate))).toEqual({
      code: 'certificate-malformed',
      detail: 'its private key is damaged',
    })
  })

  it('is refused: a certificate and a key that are none', () => {
    const { key, certificate } = TEST_CODE_CERTIFICATE
    const damaged = certificate.replace('MII', 'AAA')
    expect(refusalOf(utf8(key + damaged))).toMatchObject({ code: 'certificate-malformed' })
    const short = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'
    expect(refusalOf(utf8(short + certificate))).toMatchObject({ code: 'certificate-malformed' })
  })
})

/** Sequences in sequences, each with the right length. */
function nested(depth: number): string {
  let inner = ''
  for (let level = 0; level < depth; level++) {
    const length = (inner.length / 2).toString(16)
    const head = inner.length < 256 ? length.padStart(2, '0') : `82${length.padStart(4, '0')}`
    inner = `30${head}${inner}`
  }
  return inner
}
