import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../base/clock.ts'
import { silentLog } from '../../../base/log.ts'
import { systemRandom } from '../../../base/random.ts'
import { accept } from '../../../base/result.ts'
import { parseLicence } from '../../../domain/access/licence.ts'
import { openDatabase } from '../../../store/open.ts'
import { instanceSecret } from '../../../store/secret.ts'
import { createAdmission } from '../../http/admission.ts'
import { createKeyRing } from '../../http/authenticate.ts'
import { publicRoute } from '../../http/public-edge.ts'
import { startAssembledServer } from '../../testing/assembled.ts'
import { OUTSIDE_PATHS } from '../outside.ts'
import { healthcheckRoute } from './healthcheck.ts'

function licenceOf(text: string) {
  const parsed = parseLicence(text)
  if (!parsed.ok) throw new Error(text)
  return parsed.value
}

describe('healthcheck', () => {
  it('is these 22 bytes, for any key, with a slash and without', async () => {
    await using server = await startAssembledServer()
    for (const path of ['healthcheck', 'healthcheck/']) {
      const url = `${server.url}/public_api/v1/${path}`
      const answer = await fetch(url, { headers: server.headers() })
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
      expect(await answer.text()).toBe('{"status":"available"}')
      expect((await fetch(url)).status).toBe(401)
      expect((await fetch(url, { method: 'POST', headers: server.headers() })).status).toBe(405)
    }
  })
})

it('healthcheck says 503 while the database is away', async () => {
  const needs = { clock: systemClock, random: systemRandom, log: silentLog }
  const connection = { kind: 'url', url: 'postgres://nobody@127.0.0.1:1/none' } as const
  await using database = openDatabase({ connection, ...needs })
  const secret = instanceSecret(systemRandom.bytes(32), systemRandom)
  const keyRing = createKeyRing({ database, secret, ...needs })
  const rateLimit = { take: () => null }
  const admission = createAdmission({ keyRing, rateLimit, licence: null })
  const refusedAttempts = { note() {}, drain: async () => undefined }
  const route = publicRoute(healthcheckRoute, { ...needs, admission, refusedAttempts })
  const body = { read: async () => accept(new Uint8Array()), async *stream() {} }
  const request = {
    method: 'GET',
    path: '/',
    params: {},
    query: new URLSearchParams(),
    body,
  } as const
  const answer = await route.answer({ ...request, headers: {}, remoteAddress: '192.0.2.1' })
  expect(answer.status).toBe(503)
  expect(answer.headers).toHaveProperty('retry-after')
})

describe('get_tenant_info', () => {
  it.each(['', '{}', '{"request_data":{}}', '{"request_data":null}'])(
    'answers %s',
    async (body) => {
      await using server = await startAssembledServer()
      const url = `${server.url}/public_api/v1/system/get_tenant_info`
      const answer = await fetch(url, { method: 'POST', headers: server.headers(), body })
      const { reply } = (await answer.json()) as { reply: Record<string, unknown> }
      expect(Object.keys(reply).length).toBeGreaterThanOrEqual(10)
      expect(reply).toMatchObject({
        xsiam_premium_expiration: expect.any(Number),
        purchased_xsiam_premium: { users: 1_000_000, gb: 1_000_000, agents: 1_000_000 },
        installed_prevent: 0,
        licence: 'everything',
        version: '0.0.0-test',
        instance_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      })
    },
  )

  it('tells what is licensed, and the same instance at every server', async () => {
    const licence = licenceOf('xsiam+cloud-posture-security')
    await using server = await startAssembledServer({ licence })
    await using beside = await startAssembledServer({ beside: server })
    const { reply } = (await server.call('system/get_tenant_info')).body
    expect(reply).toMatchObject({
      licence: 'xsiam+cloud-posture-security',
      xsiam_premium_expiration: 0,
      purchased_xsiam_premium: 0,
      purchased_prevent: 0,
      purchased_cloud_posture: { workloads: 1_000_000 },
      purchased_pro_cloud: 0,
    })
    const other = (await beside.call('system/get_tenant_info')).body.reply
    expect(other.instance_id).toBe(reply.instance_id)
  })
})

describe('the licence', () => {
  it.each([
    ['xdr-prevent', 400, 402],
    ['xsiam', 402, 402],
    ['xsiam+cloud-runtime-security', 402, 400],
    ['xsiam-premium', 402, 400],
    ['xdr-pro-per-endpoint+xsiam-premium', 400, 400],
    ['everything', 400, 400],
  ])('%s: an order that names nothing gets %i for a package, %i for an upgrade', async (...row) => {
    const [text, ofPackage, ofUpgrade] = row
    await using server = await startAssembledServer({ licence: licenceOf(text) })
    const asked = [
      ['distributions/create', ofPackage, 'XDR Prevent or XDR Pro per Endpoint'],
      ['endpoints/upgrade', ofUpgrade, 'XSIAM Premium, or any XSIAM product with'],
    ] as const
    for (const [call, status, needed] of asked) {
      const answer = await server.call(call, { nonsense: true })
      expect(answer.status).toBe(status)
      if (status !== 402) continue
      expect(answer.body.reply).toMatchObject({ reason: 'licence-missing' })
      expect(answer.body.reply.err_extra).toContain(needed)
    }
  })
})

describe('the rate limit', () => {
  it('is of a key, says when it may again, and counts every call', async () => {
    await using server = await startAssembledServer({ keyRequests: { perS: 0.001, burst: 3 } })
    const made = await server.call('api_keys/generate')
    const { id, key } = made.body.reply as { id: number; key: string }
    const check = () =>
      fetch(`${server.url}/public_api/v1/healthcheck`, { headers: server.headers() })
    expect((await check()).status).toBe(200)
    const download = `${server.url}/dist/${'0'.repeat(32)}/deb/x`
    expect((await fetch(download, { headers: server.headers() })).status).toBe(404)
    const refused = await check()
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(900)
    const { reply } = (await refused.json()) as { reply: unknown }
    expect(reply).toMatchObject({ err_msg: 'Rate limit exceeded', reason: 'rate-limited' })
    const headers = { authorization: key, 'x-xdr-auth-id': String(id) }
    const other = await fetch(`${server.url}/public_api/v1/healthcheck`, { headers })
    expect(other.status).toBe(200)
  })
})

describe('calls that are outside the product', () => {
  it('are answered with a sentence, once the key is good', async () => {
    await using server = await startAssembledServer()
    const ask = (path: string, init: RequestInit) =>
      fetch(`${server.url}/public_api/v1/${path}`, init)
    const paths = OUTSIDE_PATHS.map((path) => path.replaceAll(/:\w+/g, 'x'))
    for (const path of [...paths, 'endpoints/isolate/', 'xql/start_xql_query/']) {
      expect((await ask(path, { method: 'POST' })).status).toBe(401)
      const answer = await ask(path, { method: 'POST', headers: server.headers(), body: '{' })
      expect([path, answer.status]).toEqual([path, 501])
      const { reply } = (await answer.json()) as { reply: Record<string, string> }
      expect(reply.reason).toBe('not-in-this-product')
      expect(reply.err_extra).toMatch(/^\S+ is outside this product: Drydock builds/)
    }
    expect((await ask('scripts/get_scripts', { headers: server.headers() })).status).toBe(501)
    expect((await ask('scripts/get_scripts', { method: 'PUT' })).status).toBe(405)
    for (const unknown of ['endpoints/isolated', 'nonsense', 'nonsense/get']) {
      expect((await ask(unknown, { method: 'POST', headers: server.headers() })).status).toBe(404)
    }
  })
})
