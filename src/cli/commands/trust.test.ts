import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startTestCli } from '../testing/terminal.ts'

const ARMOURED =
  '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n'
const KEY = { fingerprint: 'AB'.repeat(20), public_key: ARMOURED, created_at: 1_760_000_000_000 }

describe('trust export', () => {
  it('prints the key as rpm --import takes it, and with --json what else is known', async () => {
    await using cli = await startTestCli({ 'trust/get_package_key': () => KEY })
    expect((await cli.run('trust', 'export', '--rpm')).stdout).toBe(ARMOURED)
    expect(JSON.parse((await cli.run('trust', 'export', '--rpm', '--json')).stdout)).toEqual(KEY)
  })

  it('prints the certificate of the packages for Android', async () => {
    const asked: unknown[] = []
    await using cli = await startTestCli({
      'trust/get_package_key': (request) => {
        asked.push(request)
        return KEY
      },
    })
    expect((await cli.run('trust', 'export', '--android')).stdout).toBe(ARMOURED)
    expect(asked).toEqual([{ format: 'apk' }])
    expect((await cli.run('trust', 'export', '--android', '--rpm')).code).toBe(2)
  })

  it('wants to be told which key', async () => {
    await using cli = await startTestCli({})
    const told = await cli.run('trust', 'export')
    expect(told).toMatchObject({ code: 2, stdout: '' })
    expect(told.stderr).toContain('say which key: --rpm or --android')
  })
})

const CERTIFICATE = {
  purpose: 'windows' as const,
  fingerprint: 'ab'.repeat(32),
  subject: 'CN=Signer',
  issuer: 'CN=Authority',
  not_before: 1_700_000_000_000,
  not_after: 1_760_000_000_000,
  imported_at: 1_750_000_000_000,
  imported_by: 'api-key:1',
}

describe('certificates that packages are signed with', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-trust-'))
  const at = (name: string) => join(folder, name)
  writeFileSync(at('certificate.pem'), 'a certificate\n')
  writeFileSync(at('key.pem'), 'a key\n')
  writeFileSync(at('password'), 'secret word\r\nand more\n')
  writeFileSync(at('large'), Buffer.alloc(65_539))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('go to the server with their key, and the first line of the password', async () => {
    const asked: unknown[] = []
    await using cli = await startTestCli({
      'trust/import_certificate': (data) => {
        asked.push(data)
        return CERTIFICATE
      },
    })
    const files = [at('certificate.pem'), '--private-key', at('key.pem'), '--for', 'windows']
    const command = ['trust', 'import-certificate', ...files, '--password-file', at('password')]
    const told = await cli.run(...command)
    expect(told.code).toBe(0)
    expect(told.stdout).toContain('CN=Signer')
    expect(asked).toEqual([
      {
        purpose: 'windows',
        certificate: Buffer.from('a certificate\na key\n').toString('base64'),
        password: 'secret word',
      },
    ])
  })

  it('are not sent when something is wrong with the command line', async () => {
    await using cli = await startTestCli({})
    const run = (...words: readonly string[]) => cli.run('trust', 'import-certificate', ...words)
    const unknown = await run(at('certificate.pem'), '--for', 'linux')
    expect(unknown.stderr).toContain('--for is one of windows, macos')
    const missing = await run(at('nothing'), '--for', 'macos')
    expect(missing.stderr).toContain('cannot be read')
    const large = await run(at('large'), '--for', 'macos')
    expect(large.stderr).toContain('larger than 65538 bytes')
    const codes = [unknown, missing, large].map(({ code }) => code)
    expect(codes).toEqual([2, 2, 2])
  })

  it('are listed, with whether they still sign, and removed', async () => {
    const later = { ...CERTIFICATE, purpose: 'macos' as const, not_after: 4_900_000_000_000 }
    const asked: unknown[] = []
    await using cli = await startTestCli({
      'trust/get_certificates': () => ({ certificates: [CERTIFICATE, later] }),
      'trust/remove_certificate': (data) => {
        asked.push(data)
        return CERTIFICATE
      },
    })
    const { stdout } = await cli.run('trust', 'list-certificates')
    expect(stdout).toMatch(/windows .* expired/)
    expect(stdout).toMatch(/macos .* signs/)
    const removed = await cli.run('trust', 'remove-certificate', '--for', 'windows')
    expect(removed.stdout).toContain('Removed CN=Signer')
    expect(asked).toEqual([{ purpose: 'windows' }])
    expect((await cli.run('trust', 'remove-certificate', '--for', 'rpm')).code).toBe(2)
  })
})
