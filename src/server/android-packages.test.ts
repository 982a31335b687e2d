/** Packages for Android, from the order to what Android's own tools and a phone's browser see. */
import { spawnSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../../test/needs.ts'
import { temporaryFolder } from '../store/testing/folder.ts'
import { type AssembledServer, startAssembledServer } from './testing/assembled.ts'

const APP = readFileSync(join(import.meta.dirname, '../../assets/android/agent.apk'))

type Link = {
  readonly distribution_url: string
  readonly enrolment_url: string
  readonly file_name: string
  readonly sha256: string
}

let server: AssembledServer
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  server = await startAssembledServer()
  folder = await temporaryFolder()
  await publishApp(server, '1.2.3.4')
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** For both processors; the manifest digest of the one for arm64. */
async function publishApp(to: AssembledServer, version: string): Promise<string> {
  const digest = await to.upload(APP)
  const files = [{ path: 'agent.apk', digest, executable: false }]
  let manifest = ''
  for (const arch of ['x64', 'arm64']) {
    const order = { version, platform: 'android', arch, libc: 'none', launcher: digest, files }
    const published = await to.call('releases/publish', order)
    expect(published).toMatchObject({ status: 200 })
    manifest = String(published.body.reply.manifest_digest)
  }
  return manifest
}

async function order(name: string): Promise<string> {
  const asked = { name, platform: 'android', package_type: 'standalone' }
  const created = await server.call('distributions/create', asked)
  expect(created).toMatchObject({ status: 200 })
  await server.assembled.drain()
  return String(created.body.reply.distribution_id)
}

async function linkTo(distribution_id: string, package_type: 'apk' | 'qr'): Promise<Link> {
  const answer = await server.call('distributions/get_dist_url', { distribution_id, package_type })
  expect(answer).toMatchObject({ status: 200 })
  return answer.body.reply as unknown as Link // As the contract says.
}

async function bytesAt(url: string): Promise<Buffer> {
  const answer = await fetch(url)
  expect(answer.status).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}

function run(program: string, ...words: readonly string[]): string {
  const done = spawnSync(program, words, { encoding: 'utf8' })
  expect([program, done.status, done.stderr]).toEqual([program, 0, expect.any(String)])
  return done.stdout
}

function saved(name: string, bytes: Uint8Array): string {
  const path = join(folder.path, name)
  writeFileSync(path, bytes)
  return path
}

describe('a distribution for Android', () => {
  it('has an app and a code, whichever processor a device has', async () => {
    const distribution_id = await order('phones')
    const status = await server.call('distributions/get_status', { distribution_id })
    expect(status.body.reply).toMatchObject({
      status: 'Completed',
      supported_packages: ['apk', 'qr'],
    })
    const link = await linkTo(distribution_id, 'apk')
    expect(link.file_name).toBe('drydock-agent-1.2.3.4-android.apk')
    const bytes = await bytesAt(link.distribution_url)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(link.sha256)
    expect(bytes.length).toBeLessThan(64 * 1024)
  })

  it.skipIf(!needs('apksigner'))(
    'is signed with the key whose certificate the server gives away (needs apksigner)',
    async () => {
      const key = await server.call('trust/get_package_key', { format: 'apk' })
      const { fingerprint, public_key: pem } = key.body.reply
      const { raw, subject } = new X509Certificate(String(pem))
      expect(subject).toBe('CN=Drydock agent for Android')
      const digest = createHash('sha256').update(raw).digest('hex')
      expect(fingerprint).toBe(digest.toUpperCase())
      for (const name of ['signed once', 'signed twice']) {
        const { distribution_url } = await linkTo(await order(name), 'apk')
        const path = saved('signed.apk', await bytesAt(distribution_url))
        const told = run('apksigner', 'verify', '--verbose', '--print-certs', path)
        expect(told).toContain('v2 scheme (APK Signature Scheme v2): true')
        expect(told).toContain(`certificate SHA-256 digest: ${digest}`)
      }
    },
  )

  it.skipIf(!needs('zbarimg'))(
    'has a code that says what the JSON says, and leads to the app (needs zbarimg)',
    async () => {
      const id = await order('kiosks')
      const { distribution_url, enrolment_url } = await linkTo(id, 'qr')
      const picture = await bytesAt(distribution_url)
      const read = run('zbarimg', '--quiet', '--raw', saved('code.png', picture))
      const json = await (await fetch(`${enrolment_url}/provisioning.json`)).json()
      expect(JSON.parse(read)).toEqual(json)
      const prefix = 'android.app.extra.PROVISIONING_'
      const told = json as Record<string, string>
      const key = await server.call('trust/get_package_key', { format: 'apk' })
      const checksum = Buffer.from(String(key.body.reply.fingerprint), 'hex').toString('base64url')
      expect(told[`${prefix}DEVICE_ADMIN_SIGNATURE_CHECKSUM`]).toBe(checksum)
      const location = String(told[`${prefix}DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION`])
      const app = await linkTo(id, 'apk')
      const bytes = await bytesAt(location)
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(app.sha256)
      expect(told[`${prefix}ADMIN_EXTRAS_BUNDLE`]).toMatchObject({ distribution_id: id })
    },
  )
})

describe('the enrolment link', () => {
  it('shows a page without scripts, which offers the app and the code', async () => {
    const { enrolment_url } = await linkTo(await order('<b>staff, phones'), 'apk')
    const answer = await fetch(enrolment_url)
    const headers = Object.fromEntries(answer.headers)
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringMatching(/^default-src 'none'; img-src 'self'; /),
    })
    const text = await answer.text()
    expect(text).not.toMatch(/<script|<b>|\son\w+=/)
    expect(text).toContain('&#60;b>staff, phones'.replace('>', '&#62;'))
    // The test's server speaks plain HTTP.
    expect(text).toContain('This does not work yet:')
    const path = new URL(enrolment_url).pathname
    expect(text).toContain(`href="${path}/agent.apk"`)
    const picture = await fetch(`${enrolment_url}/code.png`)
    expect(picture.headers.get('content-type')).toBe('image/png')
    expect((await picture.arrayBuffer()).byteLength).toBeGreaterThan(1000)
    const app = await fetch(`${enrolment_url}/agent.apk`, { method: 'HEAD' })
    expect(app.headers.get('content-type')).toBe('application/vnd.android.package-archive')
    expect(app.headers.get('content-disposition')).toMatch(/^attachment; /)
  })

  it('is good for longer than a day, and is in no log', async () => {
    const { enrolment_url } = await linkTo(await order('logged'), 'apk')
    const secret = enrolment_url.split('/').at(-1) ?? ''
    expect(secret).toMatch(/^[\w-]{43}$/)
    for (const path of ['', '/agent.apk', '/nothing.txt']) {
      await (await fetch(`${enrolment_url}${path}`)).text()
    }
    const logged = server.answered.filter(({ route }) => route?.path.startsWith('/enrol/'))
    expect(logged.length).toBeGreaterThanOrEqual(3)
    // Nor where there is no route: clients probe with other methods, and people add to links.
    const elsewhere = [
      fetch(enrolment_url, { method: 'POST' }),
      fetch(enrolment_url, { method: 'OPTIONS' }),
      fetch(`${enrolment_url}/agent.apk/more`),
      fetch(enrolment_url.replace('/enrol/', '/Enrol/')),
      fetch(`${enrolment_url}%`),
    ]
    for (const answer of await Promise.all(elsewhere)) await answer.text()
    expect(server.answered.filter(({ route }) => route === null).length).toBeGreaterThanOrEqual(5)
    expect(server.answered.map(({ path }) => path).join('\n')).not.toContain(secret)
  })

  it('is gone with its distribution, and with its token', async () => {
    const gone = async (url: string) => (await fetch(url)).status
    const revoked = await order('revoked')
    const first = (await linkTo(revoked, 'apk')).enrolment_url
    const asked = { distribution_id: revoked, revoke_token: true }
    expect((await server.call('distributions/update', asked)).status).toBe(200)
    await server.assembled.drain()
    const second = (await linkTo(revoked, 'apk')).enrolment_url
    expect([await gone(first), await gone(`${first}/agent.apk`)]).toEqual([404, 404])
    expect([await gone(second), await gone(`${second}/agent.apk`)]).toEqual([200, 200])
    await server.call('distributions/delete', { distribution_id: revoked })
    expect([await gone(second), await gone(`${second}/code.png`)]).toEqual([404, 404])
  })

  it.each([
    ['another secret', (url: string) => url.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['no secret', (url: string) => url.replace(/[^/]+$/, 'x')],
    ['another distribution', (url: string) => url.replace(/[0-9a-f]{32}/, 'e'.repeat(32))],
    ['no distribution', (url: string) => url.replace(/[0-9a-f]{32}/, 'nobody')],
    ['another file', (url: string) => `${url}/enrolment.json`],
  ])('is a 404 with %s', async (name, change) => {
    const { enrolment_url } = await linkTo(await order(`wrong, ${name}`), 'apk')
    const answer = await fetch(change(enrolment_url))
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringMatching(/^This link/)])
  })

  it('is offered for no other package', async () => {
    await server.publish('1.2.3.4')
    const asked = { name: 'servers', platform: 'linux', package_type: 'standalone' }
    const created = await server.call('distributions/create', asked)
    await server.assembled.drain()
    const { distribution_id } = created.body.reply
    const link = { distribution_id, package_type: 'sh' }
    const answer = await server.call('distributions/get_dist_url', link)
    expect(answer.body.reply).not.toHaveProperty('enrolment_url')
  })
})

describe('the key for Android', () => {
  it('is one for two servers that need it at once, and is never stored in the clear', async () => {
    await using one = await startAssembledServer()
    await using other = await startAssembledServer({ beside: one })
    const keys = await Promise.all(
      [one, other].map((each) => each.call('trust/get_package_key', { format: 'apk' })),
    )
    expect(keys[0]?.body).toEqual(keys[1]?.body)
    const { read } = one.assembled.needs.database
    const rows = await read.selectFrom('android_key').selectAll().execute()
    expect(rows).toHaveLength(1)
    const [row] = rows
    expect(row?.sealed_private.toString('latin1')).not.toContain('PRIVATE KEY')
  })

  it('is not used when it does not fit its certificate', async () => {
    await using one = await startAssembledServer()
    await one.call('trust/get_package_key', { format: 'apk' })
    const { database } = one.assembled.needs
    await database.write((tx) =>
      tx
        .updateTable('android_key')
        .set({ certificate: Buffer.from('another') })
        .execute(),
    )
    await using other = await startAssembledServer({ beside: one })
    const answer = await other.call('trust/get_package_key', { format: 'apk' })
    expect(answer.status).toBe(500)
  })
})

describe('releases for Android', () => {
  it('are the app alone, and no other program', async () => {
    const digest = await server.upload(APP)
    const order = { version: '9.9.9.9', platform: 'android', arch: 'arm64', libc: 'none' }
    const publish = (...paths: readonly string[]) =>
      server.call('releases/publish', {
        ...order,
        launcher: digest,
        files: paths.map((path) => ({ path, digest, executable: false })),
      })
    expect((await publish('agent.mjs')).status).toBe(400)
    expect((await publish('agent.apk', 'payload/x')).status).toBe(400)
  })

  it.each([
    ['a program that is no app', Buffer.from('no archive'), '2.0.0.1', 'malformed|no end'],
    ['a version that Android cannot order', APP, '3000.0.0.1', 'up to 2047.1023.1023'],
  ])('%s can be packaged by nobody, and says why', async (name, content, version, why) => {
    await using own = await startAssembledServer()
    const digest = await own.upload(content)
    const files = [{ path: 'agent.apk', digest, executable: false }]
    const target = { platform: 'android', arch: 'arm64', libc: 'none' }
    const published = await own.call('releases/publish', {
      ...target,
      version,
      launcher: digest,
      files,
    })
    expect(published.status).toBe(200)
    const asked = { name, platform: 'android', package_type: 'standalone' }
    const created = await own.call('distributions/create', asked)
    await own.assembled.drain()
    const { distribution_id } = created.body.reply
    const status = await own.call('distributions/get_status', { distribution_id })
    expect(status.body.reply).toMatchObject({
      status: 'Failed',
      message: expect.stringMatching(why),
    })
  })
})
