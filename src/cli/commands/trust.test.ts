import { describe, expect, it } from 'vitest'
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

  it('wants to be told which key', async () => {
    await using cli = await startTestCli({})
    const told = await cli.run('trust', 'export')
    expect(told).toMatchObject({ code: 2, stdout: '' })
    expect(told.stderr).toContain('say which key: --rpm')
  })
})
