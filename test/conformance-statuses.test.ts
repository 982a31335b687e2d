/** Every documented status of the two calls, and the other statuses of docs/http-status.md. */
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AssembledServer, startAssembledServer } from '../src/server/testing/assembled.ts'
import { orderFor } from './small-fleet.ts'
import { type Answer, CREATE, errorOf, type Sent, send as sendTo, UPGRADE } from './wire.ts'

let server: AssembledServer
beforeAll(async () => {
  server = await startAssembledServer()
  await server.publish('8.6.0.1')
})
afterAll(() => server[Symbol.asyncDispose]())

function send(path: string, sent: Sent = {}): Promise<Answer> {
  return sendTo(`${server.url}${path}`, { headers: server.headers(), ...sent })
}

const BODIES = {
  [CREATE]: { name: 'web', platform: 'linux', package_type: 'standalone' },
  [UPGRADE]: { endpoint_ids: ['endpoint_id_1'], target_versions: { linux: '8.6.0.1' } },
}
const bodyOf = (path: string) =>
  JSON.stringify({ request_data: Object.entries(BODIES).find(([each]) => each === path)?.[1] })

/** As the documents type it: three strings, and beside them what real clients read. */
function expectDocumented(answer: Answer, status: number): string {
  expect(answer.status).toBe(status)
  const error = errorOf(answer)
  const { reply, ...top } = error
  const text = expect.any(String)
  expect(top).toEqual({ err_code: String(status), err_msg: text, err_extra: text })
  expect(reply).toMatchObject({ err_code: status, err_msg: top.err_msg })
  return reply.reason
}

describe.each([CREATE, UPGRADE])('the documented errors of %s', (path) => {
  it('400: no valid JSON, as the document shows it', async () => {
    const answer = await send(path, { body: '{"request_data": |alter2}' })
    expect(expectDocumented(answer, 400)).toBe('malformed-json')
    const place = JSON.parse(JSON.parse(answer.text).err_msg)
    expect(Object.keys(place)).toEqual(['line', 'column', 'message'])
  })

  it('401: a key that is none', async () => {
    const answer = await send(path, { headers: {}, body: bodyOf(path) })
    expect(expectDocumented(answer, 401)).toBe('unauthorised')
  })

  it('402: a licence that does not cover it', async () => {
    // Each document names another licence for its call.
    const product = path === CREATE ? 'xsiam-premium' : 'xdr-prevent'
    await using licensed = await startAssembledServer({
      licence: { products: [product], addOns: [] },
    })
    const sent = { headers: licensed.headers(), body: bodyOf(path) }
    const answer = await sendTo(`${licensed.url}${path}`, sent)
    expect(expectDocumented(answer, 402)).toBe('licence-missing')
  })

  it('403: a key that may only look, and the permission that it lacks', async () => {
    const { body } = await server.call('api_keys/generate', { roles: ['Viewer'] })
    const headers = {
      authorization: String(body.reply.key),
      'x-xdr-auth-id': String(body.reply.id),
    }
    const answer = await send(path, { headers, body: bodyOf(path) })
    expect(expectDocumented(answer, 403)).toBe('forbidden')
    expect(answer.text).toContain(path === CREATE ? 'distributions.edit' : 'upgrades.edit')
  })

  it('500: what cannot be done, and why', async () => {
    await using empty = await startAssembledServer()
    if (path === UPGRADE) await empty.publish('8.6.0.1')
    const sent = { headers: empty.headers(), body: bodyOf(path) }
    const answer = await sendTo(`${empty.url}${path}`, sent)
    const reason = path === CREATE ? 'nothing-released' : 'nothing-eligible'
    expect(expectDocumented(answer, 500)).toBe(reason)
  })
})

describe('the other statuses of docs/http-status.md', () => {
  it('404, 405, 413 and 431', async () => {
    const nowhere = await send('/public_api/v1/nowhere')
    expect([nowhere.status, errorOf(nowhere).reply.reason]).toEqual([404, 'route-unknown'])
    const wrong = await send(CREATE, { method: 'DELETE' })
    expect([wrong.status, errorOf(wrong).reply.reason]).toEqual([405, 'method-not-allowed'])
    expect(wrong.headers.allow).toBe('POST')
    const large = await send(CREATE, { body: ' '.repeat(1024 * 1024 + 1) })
    expect([large.status, errorOf(large).reply.reason]).toEqual([413, 'body-too-large'])
    const headers = { ...server.headers(), 'x-long': 'x'.repeat(17 * 1024) }
    expect(await send(CREATE, { headers })).toMatchObject({ status: 431, text: '' })
  })

  it('206, 304, 416 and 403 of a download, and a fault that names its reason', async () => {
    const distribution_id = await orderFor(server, 'downloaded')
    await server.assembled.drain()
    const asked = { distribution_id, package_type: 'deb' }
    const { reply } = (await server.call('distributions/get_dist_url', asked)).body
    const path = String(reply.distribution_url).slice(server.url.length)
    const get = (headers: Record<string, string>) => send(path, { method: 'GET', headers })
    const whole = await get({})
    expect([whole.status, whole.headers['content-length']]).toEqual([200, String(reply.size)])
    expect((await get({ range: 'bytes=0-9' })).status).toBe(206)
    expect((await get({ range: 'bytes=999999999-' })).status).toBe(416)
    const current = await get({ 'if-none-match': String(whole.headers.etag) })
    expect(current).toMatchObject({ status: 304, text: '' })
    const forged = await send(path.replace(/signature=.{4}/, 'signature=AAAA'), { method: 'GET' })
    expect(forged.status).toBe(200) // It came with a key.
    const link = path.replace(/signature=.{4}/, 'signature=AAAA')
    const refused = await send(link, { method: 'GET', headers: {} })
    expect([refused.status, errorOf(refused).reply.reason]).toEqual([403, 'link-invalid'])
    await rm(`${server.folder}/artifacts`, { recursive: true })
    const other = { distribution_id, package_type: 'sh' }
    const answer = await send('/public_api/v1/distributions/get_dist_url', {
      body: JSON.stringify({ request_data: other }),
    })
    expect(answer.status).toBe(500)
    const error = errorOf(answer)
    expect(error.reply.reason).toBe('artifact-missing')
    expect(error.err_msg).toMatch(/^An error occurred while processing the public API request - /)
  })
})
