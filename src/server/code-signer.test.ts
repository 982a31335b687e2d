import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { describeNeeds, needs } from '../../test/needs.ts'
import { systemClock } from '../base/clock.ts'
import { ManualClock } from '../base/clock-manual.ts'
import { msiWriter } from '../pack/msi/msi.ts'
import { sampleProgram } from '../pack/msi/program.suite.ts'
import { sampleNeeds, sampleRelease } from '../pack/sample.suite.ts'
import { loadAudit } from '../store/audit.ts'
import { TEST_CODE_CERTIFICATE } from '../trust/testing/code-certificate.ts'
import { issueCertificate } from '../trust/testing/issue.ts'
import { type AssembledServer, startAssembledServer } from './testing/assembled.ts'

const { asSent } = TEST_CODE_CERTIFICATE
const withOpenssl = it.skipIf(!needs('openssl'))
const DAY_MS = 86_400_000
const MACOS = { platform: 'macos', libc: 'none' } as never

async function importFor(server: AssembledServer, purpose: string, certificate = asSent) {
  return await server.call('trust/import_certificate', { purpose, certificate })
}

async function certificates(server: AssembledServer) {
  return (await server.call('trust/get_certificates')).body.reply.certificates
}

/** Orders a package for macOS; what became of the order. */
async function order(server: AssembledServer, name: string) {
  const data = { name, platform: 'macos', package_type: 'standalone' }
  const created = await server.call('distributions/create', data)
  expect([created.status, created.body]).toEqual([200, expect.anything()])
  await server.assembled.drain()
  const { distribution_id } = created.body.reply
  const { body } = await server.call('distributions/get_status', { distribution_id })
  return { id: String(distribution_id), status: body.reply }
}

async function download(server: AssembledServer, distribution_id: string): Promise<Buffer> {
  const asked = { distribution_id, package_type: 'pkg' }
  const link = await server.call('distributions/get_dist_url', asked)
  const answer = await fetch(String(link.body.reply.distribution_url))
  return Buffer.from(await answer.arrayBuffer())
}

describe('certificates that packages are signed with', () => {
  it('are imported, listed without their keys, replaced and removed', async () => {
    await using server = await startAssembledServer()
    expect(await certificates(server)).toEqual([])
    const imported = await importFor(server, 'windows')
    expect(imported).toMatchObject({
      status: 200,
      body: {
        reply: {
          purpose: 'windows',
          fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
          subject: 'O=Test, CN=Test signer of code',
          issuer: 'CN=Test authority for code',
          not_after: Date.parse('2120-01-01T00:00:00Z'),
          imported_by: `api-key:${server.key.id}`,
        },
      },
    })
    expect((await importFor(server, 'macos')).status).toBe(200)
    expect((await importFor(server, 'windows')).status).toBe(200)
    expect(await certificates(server)).toMatchObject([{ purpose: 'windows' }, { purpose: 'macos' }])
    const removed = await server.call('trust/remove_certificate', { purpose: 'windows' })
    expect(removed.status).toBe(200)
    expect(await certificates(server)).toMatchObject([{ purpose: 'macos' }])
    const again = await server.call('trust/remove_certificate', { purpose: 'windows' })
    expect(again).toMatchObject({
      status: 404,
      body: { reply: { reason: 'certificate-unknown' } },
    })
  })

  withOpenssl('leave neither key nor password where they can be read (needs openssl)', async () => {
    using issued = issueCertificate()
    await using server = await startAssembledServer()
    const certificate = issued.pkcs12('the password of it').toString('base64')
    const data = { purpose: 'windows', certificate, password: 'the password of it' }
    const answer = await server.call('trust/import_certificate', data)
    expect(answer.status).toBe(200)
    const { read } = server.assembled.needs.database
    const [row] = await read.selectFrom('code_certificate').selectAll().execute()
    const kept = JSON.stringify([row, await loadAudit(read, 100), answer.body])
    expect(kept).not.toContain('the password of it')
    expect(kept).not.toContain('PRIVATE KEY')
    // PKCS #8 of RSA begins so (RFC 5958; RFC 8017, A.1).
    expect(row?.sealed_private.includes(Buffer.from('300d06092a864886f70d0101010500', 'hex'))).toBe(
      false,
    )
  })

  it.each([
    [{ purpose: 'linux', certificate: asSent }, undefined],
    [{ purpose: 'windows', certificate: '-----' }, undefined],
    [{ purpose: 'windows', certificate: 'A'.repeat(87_388) }, undefined],
    [{ purpose: 'windows', certificate: asSent, password: 'x'.repeat(1001) }, undefined],
    [{ purpose: 'windows', certificate: 'AAAA' }, 'certificate-malformed'],
    [{ purpose: 'windows', certificate: onlyIts('certificate') }, 'certificate-without-key'],
    [{ purpose: 'windows', certificate: onlyIts('key') }, 'certificate-key-mismatch'],
  ])('are refused when they are no good: %#', async (data, reason = 'invalid-request') => {
    await using server = await startAssembledServer()
    const answer = await server.call('trust/import_certificate', data)
    expect(answer).toMatchObject({ status: 400, body: { reply: { reason } } })
    expect(JSON.stringify(answer.body)).not.toContain('PRIVATE KEY')
    expect(await certificates(server)).toEqual([])
  })
})

function onlyIts(part: 'key' | 'certificate'): string {
  return Buffer.from(TEST_CODE_CERTIFICATE[part]).toString('base64')
}

describe('a package for macOS', () => {
  it('stays as it is when a certificate comes or goes; one ordered later is signed', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.0.0.1', MACOS)
    const before = await order(server, 'before')
    const unsigned = await download(server, before.id)
    await importFor(server, 'macos')
    expect((await download(server, before.id)).equals(unsigned)).toBe(true)
    const after = await order(server, 'after')
    expect(tableOf(unsigned).text).not.toContain('<signature')
    expect(tableOf(await download(server, after.id)).text).toContain('<signature style="RSA">')
    await server.call('trust/remove_certificate', { purpose: 'macos' })
    const last = await order(server, 'last')
    expect(tableOf(await download(server, last.id)).text).not.toContain('<signature')
  })

  withOpenssl(
    'is not built with one that has ended, and is without it (needs openssl)',
    async () => {
      using issued = issueCertificate({ days: 2 })
      const clock = new ManualClock(systemClock.now())
      await using server = await startAssembledServer({ clock })
      await server.publish('1.0.0.1', MACOS)
      const { key, certificate } = issued
      const file = Buffer.concat([key, certificate]).toString('base64')
      expect((await importFor(server, 'macos', file)).status).toBe(200)
      clock.advance(3 * DAY_MS)
      const failed = await order(server, 'late')
      expect(failed.status).toMatchObject({
        status: 'Failed',
        reason: 'code-certificate-expired',
        message: expect.stringContaining('CN=Signer ended at'),
      })
      await server.call('trust/remove_certificate', { purpose: 'macos' })
      expect((await order(server, 'late')).status).toMatchObject({ status: 'Completed' })
    },
  )
})

describeNeeds(['openssl', 'bsdtar'], 'the signature of a pkg (needs openssl, bsdtar)', () => {
  it('is good for openssl, and does not keep bsdtar from reading', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.0.0.1', MACOS)
    await importFor(server, 'macos')
    const made = await download(server, (await order(server, 'signed')).id)
    const { packed, text, signature } = tableOf(made)
    const [, shown = ''] = /<X509Certificate>([^<]+)/.exec(text) ?? []
    const folder = mkdtempSync(join(tmpdir(), 'drydock-pkg-'))
    try {
      const at = (name: string) => join(folder, name)
      const run = (program: string, ...args: readonly string[]) =>
        spawnSync(program, args, { encoding: 'utf8' })
      writeFileSync(at('certificate.der'), Buffer.from(shown, 'base64'))
      const der = ['-inform', 'DER', '-in', at('certificate.der')]
      writeFileSync(at('public.pem'), run('openssl', 'x509', ...der, '-noout', '-pubkey').stdout)
      writeFileSync(at('signature'), signature)
      const verify = ['dgst', '-sha1', '-verify', at('public.pem'), '-signature', at('signature')]
      writeFileSync(at('table'), packed)
      expect(run('openssl', ...verify, at('table')).stdout).toBe('Verified OK\n')
      packed[20] = (packed[20] ?? 0) ^ 1
      writeFileSync(at('table'), packed)
      expect(run('openssl', ...verify, at('table')).status).not.toBe(0)
      writeFileSync(at('signed.pkg'), made)
      expect(run('bsdtar', '-tf', at('signed.pkg')).stdout).toContain('Distribution')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describeNeeds(['osslsigncode'], 'the signature of an msi (needs osslsigncode)', () => {
  it('is good for osslsigncode, until a byte of the package is flipped', async () => {
    await using server = await startAssembledServer()
    await importFor(server, 'windows')
    const { spec, store } = sampleRelease()
    const launcher = store.add(sampleProgram([1, 2, 3, 4]))
    const target = { platform: 'windows', arch: 'x64', libc: 'none' } as const
    const { signAuthenticode } = server.assembled.needs.writerNeeds
    const needs = { ...sampleNeeds(store), signAuthenticode }
    const write = async () => {
      return Buffer.from(
        store.assemble(await msiWriter.write({ ...spec, target, launcher }, needs)),
      )
    }
    const made = await write()
    expect((await write()).equals(made)).toBe(true)
    const folder = mkdtempSync(join(tmpdir(), 'drydock-msi-'))
    try {
      const file = join(folder, 'signed.msi')
      const authority = join(folder, 'authority.pem')
      writeFileSync(authority, TEST_CODE_CERTIFICATE.authority)
      const verified = (bytes: Uint8Array) => {
        writeFileSync(file, bytes)
        const args = ['verify', '-CAfile', authority, '-in', file]
        return spawnSync('osslsigncode', args, { encoding: 'utf8' })
      }
      const { status, stdout } = verified(made)
      expect([status, stdout]).toEqual([0, expect.stringContaining('Signature verification: ok')])
      const place = made.indexOf('MSCF') + 60
      made[place] = (made[place] ?? 0) ^ 1
      expect(verified(made).status).not.toBe(0)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

/** xar: 28 bytes of header, the packed table, then the heap with digest and signature. */
function tableOf(made: Buffer) {
  const end = 28 + Number(made.readBigUInt64BE(8))
  const packed = Buffer.from(made.subarray(28, end))
  const text = inflateSync(packed).toString()
  return { packed, text, signature: made.subarray(end + 20, end + 20 + 256) }
}
