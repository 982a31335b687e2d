/**
 * Certificates and programs that somebody changed: bits flipped, bytes taken out or put in, lengths
 * that lie. Each gets an answer, in time; nothing is read that could not sign.
 */
import { createHmac } from 'node:crypto'
import forge from 'node-forge'
import { describe, expect, it } from 'vitest'
import { Chance } from '../../test/fuzz/chance.ts'
import { describeNeeds } from '../../test/needs.ts'
import { systemClock } from '../base/clock.ts'
import { readCodeCertificate } from './code-certificate.ts'
import { signProgram } from './portable-executable.ts'
import { TEST_CODE_CERTIFICATE } from './testing/code-certificate.ts'
import { issueCertificate } from './testing/issue.ts'

const CASES = 20_000
/** Always the same: what fails here fails again. */
const SEED = 20_261_122
const PASSWORD = 'x'
const LENGTHS = [0x00, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xff]

function changed(bytes: Uint8Array, chance: Chance): Buffer {
  let made = Buffer.from(bytes)
  for (let changes = 1 + chance.below(4); changes > 0; changes--) {
    const place = chance.below(made.length)
    const kind = chance.below(5)
    if (kind === 0) made[place] = (made[place] ?? 0) ^ (1 << chance.below(8))
    else if (kind === 1) made[place] = chance.of(LENGTHS)
    else if (kind === 2) made = made.subarray(0, Math.max(1, place))
    else if (kind === 3) made.copyWithin(place, chance.below(made.length))
    else made = Buffer.concat([made.subarray(0, place), made.subarray(chance.below(made.length))])
    if (made.length === 0) return made
  }
  return made
}

/** How often each answer came. */
function answers(cases: number, make: (chance: Chance) => Buffer): Record<string, number> {
  const chance = new Chance(SEED)
  const counts: Record<string, number> = {}
  const given = { password: PASSWORD, purpose: 'windows', keys: 'any' } as const
  for (let index = 0; index < cases; index++) {
    const read = readCodeCertificate({ ...given, file: make(chance), now: systemClock.now() })
    const answer = read.ok ? 'read' : read.refusal.code
    counts[answer] = (counts[answer] ?? 0) + 1
  }
  return counts
}

describe('changed files', () => {
  it(`of PEM get an answer, ${CASES} times`, () => {
    const counts = answers(CASES, (chance) => changed(TEST_CODE_CERTIFICATE.pem, chance))
    expect(counts['certificate-malformed']).toBeGreaterThan(CASES / 10)
    expect(counts['certificate-without-key']).toBeGreaterThan(0)
  })

  it(`of programs get an answer, ${CASES} times`, async () => {
    const chance = new Chance(SEED)
    const read = readCodeCertificate({
      ...{ file: TEST_CODE_CERTIFICATE.pem, password: '', purpose: 'windows', keys: 'any' },
      now: systemClock.now(),
    })
    if (!read.ok) throw new Error(read.refusal.code)
    let signed = 0
    for (let index = 0; index < CASES; index++) {
      const outcome = await signProgram(changed(PROGRAM, chance), read.value)
      if (outcome.ok) signed += 1
    }
    expect(signed).toBeGreaterThan(CASES / 20)
    expect(signed).toBeLessThan(CASES)
  })
})

describeNeeds(['openssl'], 'changed PKCS #12 (needs openssl)', () => {
  it(`gets an answer, ${CASES} times`, () => {
    using issued = issueCertificate()
    const file = issued.pkcs12(PASSWORD, '-iter', '1')
    const counts = answers(CASES, (chance) => changed(file, chance))
    expect(counts['certificate-password-wrong']).toBeGreaterThan(CASES / 20)
    // Some bytes of the frame do not matter, such as how often a digest is repeated.
    expect(counts.read ?? 0).toBeLessThan(CASES / 20)
  })

  it(`also when whoever changed it knows the password, ${CASES} times`, () => {
    using issued = issueCertificate()
    const options = ['-iter', '1', '-keypbe', 'NONE', '-certpbe', 'NONE'] as const
    const plain = issued.pkcs12(PASSWORD, ...options)
    const locked = issued.pkcs12(PASSWORD, '-iter', '1')
    const counts = answers(CASES, (chance) => rewritten(chance.of([plain, locked]), chance))
    expect(counts['certificate-password-wrong'] ?? 0).toBe(0)
    expect(counts['certificate-malformed']).toBeGreaterThan(CASES / 10)
    expect(counts['certificate-without-key'] ?? 0).toBeGreaterThan(0)
  })
})

/** Changed inside, with a digest that fits. */
function rewritten(file: Buffer, chance: Chance): Buffer {
  const { asn1 } = forge
  const pfx = asn1.fromDer(file.toString('latin1'))
  const at = (der: forge.asn1.Asn1, ...path: readonly number[]): forge.asn1.Asn1 => {
    return path.reduce((inner, index) => (inner.value as forge.asn1.Asn1[])[index] ?? inner, der)
  }
  const content = changed(Buffer.from(String(at(pfx, 1, 1, 0).value), 'latin1'), chance)
  at(pfx, 1, 1, 0).value = content.toString('latin1')
  const salt = forge.util.createBuffer(String(at(pfx, 2, 1).value))
  // One round, which openssl leaves out, for integrity.
  const kind = [3, 1, 32, forge.md.sha256.create()] as const
  const key = Buffer.from(forge.pkcs12.generateKey(PASSWORD, salt, ...kind).getBytes(), 'latin1')
  at(pfx, 2, 0, 1).value = createHmac('sha256', key).update(content).digest('latin1')
  return Buffer.from(asn1.toDer(pfx).getBytes(), 'latin1')
}

/** As little of a program as has everything that is looked at. */
const PROGRAM = (() => {
  const program = Buffer.alloc(400, 7)
  program.write('MZ', 0, 'latin1')
  program.writeUInt32LE(64, 0x3c)
  program.write('PE\0\0', 64, 'latin1')
  program.writeUInt16LE(240, 84)
  program.writeUInt16LE(0x20b, 88)
  program.writeUInt32LE(16, 88 + 108)
  program.writeUInt32LE(0, 88 + 112 + 32)
  program.writeUInt32LE(0, 88 + 112 + 36)
  return program
})()
