import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeNeeds } from '../../test/needs.ts'
import { utf8 } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import { type CodeCertificate, readCodeCertificate } from './code-certificate.ts'
import { signProgram } from './portable-executable.ts'
import { TEST_CODE_CERTIFICATE } from './testing/code-certificate.ts'
import { issueCertificate } from './testing/issue.ts'

const COMPILER = 'x86_64-w64-mingw32-gcc'
const given = { purpose: 'windows', keys: 'any' } as const
const certificate = certificateIn(TEST_CODE_CERTIFICATE.pem)

function certificateIn(file: Uint8Array, password = ''): CodeCertificate {
  const outcome = readCodeCertificate({ ...given, file, password, now: systemClock.now() })
  if (!outcome.ok) throw new Error(outcome.refusal.code)
  return outcome.value
}

async function signed(program: Uint8Array, by = certificate): Promise<Uint8Array> {
  const outcome = await signProgram(program, by)
  if (!outcome.ok) throw new Error(outcome.refusal.detail)
  return outcome.value
}

/** As little of a program as can be signed: headers and some content. */
function smallProgram(): Uint8Array {
  const program = new Uint8Array(1001).fill(7, 400)
  const bytes = new DataView(program.buffer)
  bytes.setUint16(0, 0x5a4d, true)
  bytes.setUint32(0x3c, 64, true)
  bytes.setUint32(64, 0x4550, true)
  bytes.setUint16(64 + 20, 240, true)
  bytes.setUint16(64 + 24, 0x20b, true)
  bytes.setUint32(64 + 24 + 108, 16, true)
  return program
}

describe('a signed program', () => {
  it('has the same bytes each time, also when it was signed before', async () => {
    const once = await signed(smallProgram())
    expect(await signed(smallProgram())).toEqual(once)
    expect(await signed(once)).toEqual(once)
  })

  it('does not change the one that it was made of', async () => {
    const program = smallProgram()
    await signed(program)
    expect(program).toEqual(smallProgram())
  })

  it.each([
    ['a text', utf8('#!/bin/sh\n'.repeat(100))],
    ['nothing', new Uint8Array()],
    ['a program that was cut off', smallProgram().subarray(0, 200)],
    ['a header beyond the end', changed((bytes) => bytes.setUint32(0x3c, 0xfffffff0, true))],
    ['no PE header', changed((bytes) => bytes.setUint32(64, 0x4551, true))],
    ['an unknown kind of header', changed((bytes) => bytes.setUint16(88, 0x107, true))],
    ['an optional header that is too small', changed((bytes) => bytes.setUint16(84, 100, true))],
    ['no room for a signature', changed((bytes) => bytes.setUint32(88 + 108, 4, true))],
    ['a signature in the middle', changed((bytes) => placeSignature(bytes, 500, 100))],
    ['a signature over the header', changed((bytes) => placeSignature(bytes, 8, 993))],
    ['a signature beyond the end', changed((bytes) => placeSignature(bytes, 0xffffffff, 1002))],
  ])('cannot be made of %s', async (_name, program) => {
    expect(await signProgram(program, certificate)).toMatchObject({
      ok: false,
      refusal: { code: 'not-a-windows-program' },
    })
  })
})

function changed(change: (bytes: DataView) => void): Uint8Array {
  const program = smallProgram()
  change(new DataView(program.buffer))
  return program
}

function placeSignature(bytes: DataView, offset: number, size: number): void {
  bytes.setUint32(88 + 112 + 32, offset, true)
  bytes.setUint32(88 + 112 + 36, size, true)
}

describeNeeds(['osslsigncode', COMPILER], 'osslsigncode (needs osslsigncode)', () => {
  let folder: string
  let program: Uint8Array
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'drydock-program-'))
    writeFileSync(join(folder, 'program.c'), 'int main(void) { return 7; }\n')
    writeFileSync(join(folder, 'authority.pem'), TEST_CODE_CERTIFICATE.authority)
    const args = ['-s', '-o', join(folder, 'program.exe'), join(folder, 'program.c')]
    expect(spawnSync(COMPILER, args).status).toBe(0)
    program = await readFile(join(folder, 'program.exe'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function verify(bytes: Uint8Array, authority = join(folder, 'authority.pem')) {
    const file = join(folder, 'signed.exe')
    writeFileSync(file, bytes)
    const args = ['verify', '-CAfile', authority, '-in', file]
    const { status, stdout } = spawnSync('osslsigncode', args, { encoding: 'utf8' })
    return { status, stdout }
  }

  it('finds the signature good, its chain, its checksum and what it says', async () => {
    const { status, stdout } = verify(await signed(program))
    expect([status, stdout]).toEqual([0, expect.stringContaining('Signature verification: ok')])
    expect(stdout).toContain('Number of verified signatures: 1')
    expect(stdout).toContain('Text description: Drydock agent')
    expect(stdout).toContain('Message digest algorithm  : SHA256')
    expect(stdout).not.toContain('invalid PE checksum')
  })

  it('refuses a flipped byte, wherever it stands, and another authority', async () => {
    const bytes = await signed(program)
    for (const place of [0x60, 0x400, program.length - 1, bytes.length - 200]) {
      const flipped = Uint8Array.from(bytes)
      flipped[place] = (flipped[place] ?? 0) ^ 1
      expect([place, verify(flipped).status]).not.toEqual([place, 0])
    }
    using other = issueCertificate()
    expect(verify(bytes, other.authorityFile).status).not.toBe(0)
  })

  it.each([
    ['RSA of 3072 bits', ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:3072']],
    ['ECDSA on P-256', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']],
    ['ECDSA on P-384', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384']],
  ])('takes %s, out of PKCS #12', async (_name, key) => {
    using issued = issueCertificate({ key })
    const by = certificateIn(issued.pkcs12('x'), 'x')
    const { status, stdout } = verify(await signed(program, by), issued.authorityFile)
    expect([status, stdout]).toEqual([0, expect.stringContaining('Signature verification: ok')])
  })

  it('and the signature of another tool is taken off first', async () => {
    using issued = issueCertificate()
    const [before, after] = [join(folder, 'program.exe'), join(folder, 'foreign.exe')]
    const by = ['-certs', join(issued.folder, 'certificate.pem')]
    const key = ['-key', join(issued.folder, 'key.pem'), '-in', before, '-out', after]
    expect(spawnSync('osslsigncode', ['sign', ...by, ...key]).status).toBe(0)
    const again = await signed(await readFile(after))
    expect(again).toEqual(await signed(program))
    expect(verify(again).status).toBe(0)
  })
})
