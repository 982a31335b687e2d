import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { needs } from '../../test/needs.ts'
import { startAssembledServer } from './testing/assembled.ts'

type Server = Awaited<ReturnType<typeof startAssembledServer>>

async function publicKey(server: Server): Promise<Record<string, unknown>> {
  const answer = await server.call('trust/get_package_key', { format: 'rpm' })
  expect(answer.status).toBe(200)
  return answer.body.reply
}

/** An rpm as the server gives it. */
async function download(server: Server, name: string): Promise<Buffer> {
  const order = { name, platform: 'linux', package_type: 'standalone' }
  const created = await server.call('distributions/create', order)
  await server.assembled.drain()
  const asked = { distribution_id: created.body.reply.distribution_id, package_type: 'rpm' }
  const link = await server.call('distributions/get_dist_url', asked)
  const answer = await fetch(String(link.body.reply.distribution_url))
  return Buffer.from(await answer.arrayBuffer())
}

describe('trust/get_package_key', () => {
  it('gives one key, made at first need, to every server of an instance', async () => {
    await using first = await startAssembledServer()
    await using second = await startAssembledServer({ beside: first })
    const [left, right] = await Promise.all([publicKey(first), publicKey(second)])
    expect(left).toMatchObject({
      fingerprint: expect.stringMatching(/^[0-9A-F]{40}$/),
      public_key: expect.stringMatching(/^-----BEGIN PGP PUBLIC KEY BLOCK-----\n/),
    })
    expect(right.fingerprint).toBe(left.fingerprint)
    expect(await publicKey(first)).toEqual(left)
    const { read } = first.assembled.needs.database
    const rows = await read.selectFrom('package_key').selectAll().execute()
    expect(rows.map((row) => row.key_id.toUpperCase())).toEqual([left.fingerprint])
    expect(rows[0]?.sealed_private.includes('PRIVATE KEY')).toBe(false)
  })

  it('says what is wrong with a request', async () => {
    await using server = await startAssembledServer()
    for (const data of [{}, { format: 'deb' }, { format: 'rpm', more: 1 }]) {
      expect((await server.call('trust/get_package_key', data)).status).toBe(400)
    }
  })

  it('a key that does not open is a fault, and no reason to make another one', async () => {
    await using server = await startAssembledServer()
    const { database } = server.assembled.needs
    await database.write((tx) =>
      tx
        .insertInto('package_key')
        .values({ key_id: 'ab', sealed_private: Buffer.from('x'), created_at: 0 })
        .execute(),
    )
    expect((await server.call('trust/get_package_key', { format: 'rpm' })).status).toBe(500)
    const rows = await database.read.selectFrom('package_key').selectAll().execute()
    expect(rows).toHaveLength(1)
  })
})

describe.skipIf(!needs('rpm', 'rpmkeys'))('an rpm of a server (needs rpm, rpmkeys)', () => {
  it('is trusted by a machine that knows the key, and not by one that does not', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4')
    const folder = mkdtempSync(join(tmpdir(), 'drydock-signed-'))
    try {
      const database = join(folder, 'rpmdb')
      mkdirSync(database)
      const file = join(folder, 'x.rpm')
      const keys = (...words: readonly string[]) => {
        const done = spawnSync('rpmkeys', ['--dbpath', database, ...words], { encoding: 'utf8' })
        return { status: done.status, output: `${done.stdout}${done.stderr}` }
      }
      const good = await download(server, 'one')
      writeFileSync(file, good)
      expect(keys('-Kv', file).output).toMatch(/Header V4 RSA\/SHA256 Signature, .*: NOKEY/)
      const asc = join(folder, 'drydock.asc')
      const key = await publicKey(server)
      writeFileSync(asc, String(key.public_key))
      expect(keys('--import', asc)).toMatchObject({ status: 0 })
      const told = keys('-Kv', file)
      const id = String(key.fingerprint).slice(-8).toLowerCase()
      expect(told).toEqual({
        status: 0,
        output:
          `${file}:\n    Header V4 RSA/SHA256 Signature, key ID ${id}: OK\n` +
          '    Header SHA256 digest: OK\n    Header SHA1 digest: OK\n' +
          '    Payload SHA256 digest: OK\n',
      })
      writeFileSync(file, await download(server, 'two'))
      expect(keys('-K', file)).toMatchObject({ status: 0 })
      const bad = Buffer.from(good)
      bad.writeUInt8(bad.readUInt8(96 + 500) ^ 1, 96 + 500)
      writeFileSync(file, bad)
      expect(keys('-K', file)).toMatchObject({ status: 1 })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
