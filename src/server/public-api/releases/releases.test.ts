import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { isDigest } from '../../../base/digest.ts'
import { MANIFEST_BYTES_MAX, MANIFEST_PAYLOAD_TYPE, manifest } from '../../../contract/manifest.ts'
import { loadEnvelope } from '../../../store/releases.ts'
import { loadSigningKeys } from '../../../store/signing-keys.ts'
import { trustedKeyOf } from '../../../trust/keys.ts'
import { verifyEnvelope } from '../../../trust/verify.ts'
import { startAssembledServer } from '../../testing/assembled.ts'

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

const RELEASE = { version: '2.0.0.1', platform: 'linux', arch: 'x64', libc: 'glibc' }

async function partialFiles(folder: string): Promise<readonly string[]> {
  return await readdir(`${folder}/artifacts/partial`)
}

describe('uploading an artifact', () => {
  it('takes what is missing; sending it again changes nothing', async () => {
    await using server = await startAssembledServer()
    const digest = sha256('hello')
    const missing = () => server.call('releases/missing_artifacts', { digests: [digest] })
    expect((await missing()).body.reply).toEqual({ missing: [digest] })
    for (let round = 0; round < 2; round++) await server.upload(Buffer.from('hello'))
    expect((await missing()).body.reply).toEqual({ missing: [] })
  })

  it('refuses bytes that are not those of the path, and keeps nothing', async () => {
    await using server = await startAssembledServer()
    const path = `${server.url}/public_api/v1/releases/artifacts/${sha256('a')}`
    const answer = await fetch(path, { method: 'PUT', headers: server.headers(), body: 'b' })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ reply: { reason: 'digest-mismatch' } })
    expect(await partialFiles(server.folder)).toEqual([])
  })

  it('refuses whoever has no key before it reads anything', async () => {
    await using server = await startAssembledServer()
    const path = `${server.url}/public_api/v1/releases/artifacts/${sha256('a')}`
    const answer = await fetch(path, { method: 'PUT', body: 'a' })
    expect(answer.status).toBe(401)
  })

  it('a client that goes away in the middle leaves nothing', async () => {
    await using server = await startAssembledServer()
    const { hostname, port } = new URL(server.url)
    const socket = connect({ host: hostname, port: Number(port) })
    const headers = Object.entries({ ...server.headers(), host: 'x', 'content-length': '1000000' })
    const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    const path = `/public_api/v1/releases/artifacts/${sha256('never')}`
    socket.write(`PUT ${path} HTTP/1.1\r\n${head}\r\nsome of it`)
    while ((await partialFiles(server.folder)).length === 0) await new Promise(setImmediate)
    socket.destroy()
    while ((await partialFiles(server.folder)).length > 0) await new Promise(setImmediate)
  })
})

describe('publishing a release', () => {
  it('signs a manifest that agents accept; the same again is the same', async () => {
    await using server = await startAssembledServer()
    const digest = await server.publish('1.0.0.1')
    expect(await server.publish('1.0.0.1')).toBe(digest)
    const { read } = server.assembled.needs.database
    if (!isDigest(digest)) throw new Error('a manifest digest')
    const envelope = (await loadEnvelope(read, digest)) ?? new Uint8Array()
    const keys = (await loadSigningKeys(read)).map(({ keyId, publicKey }) => {
      const key = trustedKeyOf({ key_id: keyId, public_key: publicKey })
      if (!key.ok) throw new Error(key.refusal.code)
      return key.value
    })
    const expected = { payloadType: MANIFEST_PAYLOAD_TYPE, payloadBytesMax: MANIFEST_BYTES_MAX }
    const verified = verifyEnvelope(envelope, expected, keys)
    if (!verified.ok) throw new Error(verified.refusal.code)
    expect(verified.value.digest).toBe(digest)
    const payload = JSON.parse(Buffer.from(verified.value.payload).toString())
    expect(manifest.parse(payload)).toMatchObject({
      version: '1.0.0.1',
      files: [{ path: 'agent.mjs' }],
    })
  })

  it('sorts the files, so that the order they were named in means nothing', async () => {
    await using server = await startAssembledServer()
    const digest = await server.upload(Buffer.from('x'))
    const paths = ['payload/b', 'agent.mjs', 'payload/a', 'payload/B/c']
    const files = paths.map((path) => ({ path, digest, executable: false }))
    const first = await server.call('releases/publish', { ...RELEASE, launcher: digest, files })
    const again = await server.call('releases/publish', {
      ...RELEASE,
      launcher: digest,
      files: files.toReversed(),
    })
    expect(first.body.reply.is_new).toBe(true)
    expect(again.body.reply).toEqual({ ...first.body.reply, is_new: false })
    const listed = await server.call('releases/list')
    const [release] = listed.body.reply.releases as { files: { path: string }[] }[]
    expect(release?.files.map((file) => file.path)).toEqual(paths.toSorted())
  })

  it('takes as many files as a manifest may have, and refuses what agents would not read', async () => {
    await using server = await startAssembledServer()
    const digest = await server.upload(Buffer.from('x'))
    const publish = (version: string, letter: string) => {
      const paths = Array.from({ length: 9_999 }, (_, index) => `${index}`.padEnd(150, letter))
      const files = ['agent.mjs', ...paths].map((path) => ({ path, digest, executable: false }))
      return server.call('releases/publish', { ...RELEASE, version, launcher: digest, files })
    }
    expect((await publish('2.0.0.1', 'a')).body.reply).toMatchObject({ is_new: true })
    const refused = await publish('2.0.0.2', 'é')
    expect(refused).toMatchObject({
      status: 400,
      body: { reply: { reason: 'manifest-too-large' } },
    })
  })

  it('refuses a version that is there with other content, and absent artifacts', async () => {
    await using server = await startAssembledServer()
    const [one, two] = [
      await server.upload(Buffer.from('1')),
      await server.upload(Buffer.from('2')),
    ]
    const files = (digest: string) => [{ path: 'agent.mjs', digest, executable: false }]
    const publish = (digest: string) =>
      server.call('releases/publish', { ...RELEASE, launcher: one, files: files(digest) })
    expect((await publish(one)).status).toBe(200)
    expect(await publish(two)).toMatchObject({
      status: 409,
      body: { reply: { reason: 'version-exists-with-other-content' } },
    })
    expect(await publish(sha256('3'))).toMatchObject({
      status: 409,
      body: { reply: { reason: 'artifact-not-uploaded' } },
    })
  })

  it('lists versions ascending, every platform named, withdrawn ones left out', async () => {
    await using server = await startAssembledServer()
    for (const version of ['10.0.0.1', '9.0.0.1', '9.0.0.10']) await server.publish(version)
    await server.publish('9.0.0.1', { arch: 'arm64' })
    await server.call('releases/withdraw', { version: '9.0.0.10', platform: 'linux' })
    expect((await server.call('distributions/get_versions')).body.reply).toEqual({
      windows: [],
      linux: ['9.0.0.1', '10.0.0.1'],
      macos: [],
    })
  })
})
