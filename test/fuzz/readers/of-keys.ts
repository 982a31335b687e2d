/** Keys and certificates that operators give, and programs that are signed with them. */
import { X509Certificate } from 'node:crypto'
import { utf8 } from '../../../src/base/bytes.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { readCodeCertificate } from '../../../src/trust/code-certificate.ts'
import { MalformedDer, readDer } from '../../../src/trust/der.ts'
import { signingKeyFromPem, signingKeyToPem, trustedKeyOf } from '../../../src/trust/keys.ts'
import { signProgram } from '../../../src/trust/portable-executable.ts'
import { TEST_CODE_CERTIFICATE } from '../../../src/trust/testing/code-certificate.ts'
import { issueCertificate } from '../../../src/trust/testing/issue.ts'
import type { Reader } from './reader.ts'
import { SIGNING_KEY, TRUSTED_KEYS } from './signed.ts'

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
const DER = new X509Certificate(TEST_CODE_CERTIFICATE.certificate).raw

function isTrusted(bytes: Uint8Array): boolean {
  const [key_id = '', public_key = ''] = textOf(bytes).split(' ')
  return trustedKeyOf({ key_id, public_key }).ok
}

function isDer(bytes: Uint8Array): boolean {
  try {
    readDer(bytes, 'it')
    return true
  } catch (error) {
    if (error instanceof MalformedDer) return false
    throw error
  }
}

export const OF_KEYS: readonly Reader[] = [
  {
    name: 'public key for releases',
    samples: TRUSTED_KEYS.map(({ key_id, public_key }) => utf8(`${key_id} ${public_key}`)),
    read: isTrusted,
  },
  {
    name: 'private key for releases',
    samples: [utf8(signingKeyToPem(SIGNING_KEY))],
    words: ['-----BEGIN PRIVATE KEY-----\n', '-----END PRIVATE KEY-----\n', 'ENCRYPTED '],
    read: (bytes) => signingKeyFromPem(textOf(bytes)).ok,
  },
  { name: 'DER', samples: [DER], words: ['0\u0080', '0\u0084', '\0\0'], read: isDer },
]

const PASSWORD = 'x'

function isCertificate(file: Uint8Array): boolean {
  const given = { password: PASSWORD, purpose: 'windows', keys: 'any' } as const
  return readCodeCertificate({ ...given, file, now: systemClock.now() }).ok
}

const SIGNER = (() => {
  const given = { password: '', purpose: 'windows', keys: 'any' } as const
  const file = TEST_CODE_CERTIFICATE.pem
  const read = readCodeCertificate({ ...given, file, now: systemClock.now() })
  if (!read.ok) throw new Error(read.refusal.code)
  return read.value
})()

/** A Windows program with as much as a signature looks at. */
function program(): Buffer {
  const bytes = Buffer.alloc(400, 7)
  bytes.write('MZ', 0, 'latin1')
  bytes.writeUInt32LE(64, 0x3c)
  bytes.write('PE\0\0', 64, 'latin1')
  bytes.writeUInt16LE(240, 84)
  bytes.writeUInt16LE(0x20b, 88)
  bytes.writeUInt32LE(16, 88 + 108)
  bytes.fill(0, 88 + 112 + 32, 88 + 112 + 40)
  return bytes
}

/**
 * Those that put bytes through RSA or a derivation of keys: a case takes a millisecond, so the
 * suite has them where they are at home (src/trust/foreign-files.test.ts), with cases of their own.
 */
export function slowReaders(): readonly Reader[] {
  using issued = issueCertificate()
  const plain = ['-iter', '1', '-keypbe', 'NONE', '-certpbe', 'NONE'] as const
  return [
    {
      name: 'certificate for code, PEM',
      samples: [TEST_CODE_CERTIFICATE.pem],
      words: ['-----BEGIN CERTIFICATE-----', '-----END PRIVATE KEY-----', 'ENCRYPTED '],
      read: isCertificate,
    },
    {
      name: 'certificate for code, PKCS #12',
      samples: [issued.pkcs12(PASSWORD, '-iter', '1'), issued.pkcs12(PASSWORD, ...plain)],
      read: isCertificate,
    },
    {
      name: 'Windows program to be signed',
      samples: [program()],
      words: ['MZ', 'PE\0\0'],
      read: async (bytes) => (await signProgram(bytes, SIGNER)).ok,
    },
  ]
}
