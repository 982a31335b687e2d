/** Clients of the field: what they send, how they bend HTTP, and how they say who they are. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:http2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AssembledServer, startAssembledServer } from '../src/server/testing/assembled.ts'
import { TEST_CERTIFICATE } from '../src/server/testing/certificate.ts'
import { publishFor } from './small-fleet.ts'
import { type Answer, CREATE, errorOf, type Sent, send as sendTo, VERSIONS } from './wire.ts'

const MINUTE_MS = 60_000

let server: AssembledServer
beforeAll(async () => {
  server = await startAssembledServer()
  for (const version of ['8.6.0.1', '8.6.0.5678', '8.8.0.10594']) await server.publish(version)
  await publishFor(server, 'windows', ['8.6.0.1', '8.6.0.1234'])
})
afterAll(() => server[Symbol.asyncDispose]())

function send(path: string, sent: Sent = {}): Promise<Answer> {
  return sendTo(`${server.url}${path}`, { headers: server.headers(), ...sent })
}

describe('distributions/create: what clients of the field send', () => {
  const rows: readonly [string, object, number, string | null][] = [
    [
      'a standalone order with a description',
      {
        name: 'n',
        platform: 'linux',
        package_type: 'standalone',
        agent_version: '8.6.0.5678',
        description: 'd',
      },
      200,
      null,
    ],
    [
      'an upgrade that names one version field and nothing else',
      {
        name: 'by a version field',
        package_type: 'upgrade',
        description: null,
        windows_version: '8.6.0.1234',
      },
      200,
      null,
    ],
    [
      'kubernetes without a platform',
      {
        name: 'cluster',
        package_type: 'kubernetes',
        agent_version: '8.8.0.10594',
        deployment_platform: 'standard',
        default_namespace: 'cortex-xdr',
        run_on_master_node: true,
        run_on_all_nodes: true,
      },
      200,
      null,
    ],
    [
      'capital letters, of a platform that has no release',
      { name: 'mobile', package_type: 'Standalone', platform: 'Android' },
      500,
      'nothing-released',
    ],
    [
      'capital letters for linux',
      { name: 'capitals', package_type: 'Standalone', platform: 'Linux' },
      200,
      null,
    ],
    [
      'an object for a word',
      { name: 'n', package_type: { upgrade: ['8.6.0.1234'] } },
      400,
      'invalid-request',
    ],
  ]
  it.each(rows)('%s', async (_name, data, status, reason) => {
    const answer = await send(CREATE, { body: JSON.stringify({ request_data: data }) })
    expect(answer.status).toBe(status)
    if (reason !== null) expect(errorOf(answer).reply.reason).toBe(reason)
  })
})

describe('requests as clients of the field write them', () => {
  const json = 'application/json'
  it.each<[string, Sent & { path?: string }]>([
    ['a content type that comes twice', { headers: { 'content-type': [json, json] } }],
    ['no content type', {}],
    ['another content type', { headers: { 'content-type': 'text/plain; charset=latin1' } }],
    ['a slash at the end', { path: `${VERSIONS}/` }],
    ['no body', { body: '' }],
    ['an empty object', { body: '{}' }],
    ['an empty request_data', { body: '{"request_data":{}}' }],
    ['a request_data that is null', { body: '{"request_data":null}' }],
    ['keys beside request_data', { body: '{"request_data":{},"mine":1}' }],
    ['white space', { body: ' \r\n\t' }],
  ])('%s', async (_name, { path, headers, body }) => {
    const sent = { headers: { ...server.headers(), ...headers }, body: body ?? '{}' }
    const answer = await send(path ?? VERSIONS, sent)
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.text).reply.linux.at(-1)).toBe('8.8.0.10594')
  })

  it.each<[string, string, object]>([
    ['a bar', '{"request_data": |alter2}', { line: 1, column: 18 }],
    ['a brace that is missing', '{"request_data":\n  {"name": "n"\n', { line: 3, column: 1 }],
    ['a comma too many', '{"request_data": {},\n}', { line: 2, column: 1 }],
    ['a word', 'hello', { line: 1, column: 1 }],
  ])('malformed JSON (%s) is placed, as the document shows', async (_name, body, place) => {
    const answer = await send(CREATE, { body })
    expect(answer.status).toBe(400)
    const error = errorOf(answer)
    expect(error.reply.reason).toBe('malformed-json')
    expect(JSON.parse(error.err_msg)).toEqual({ ...place, message: expect.any(String) })
    expect(error.err_msg).toMatch(/^\{"line": \d+, "column": \d+, "message": "/)
  })

  it.each([
    ['an array', '[]'],
    ['a number', '1'],
    ['no request_data', '{"name":"n"}'],
    ['request_data that is no object', '{"request_data":[1]}'],
    ['a key twice', '{"request_data":{"name":"a","name":"b"}}'],
    ['U+0000, which no database holds', '{"request_data":{"name":"n","description":"\\u0000"}}'],
    ['half of a surrogate pair', '{"request_data":{"name":"n","description":"\\ud83d"}}'],
    ['a field that there is not', '{"request_data":{"nam":"n"}}'],
  ])('%s: 400', async (_name, body) => {
    const answer = await send(CREATE, { body })
    expect(answer.status).toBe(400)
    errorOf(answer)
  })
})

describe('who is let in', () => {
  async function made(level: 'standard' | 'advanced') {
    const { body } = await server.call('api_keys/generate', { security_level: level })
    return { id: String(body.reply.id), key: String(body.reply.key) }
  }

  function signed(key: { id: string; key: string }, ageMs = 0, nonce = 'n'.repeat(64)) {
    const timestamp = String(server.assembled.needs.clock.now() - ageMs)
    const text = key.key + nonce + timestamp
    return {
      'x-xdr-auth-id': key.id,
      'x-xdr-nonce': nonce,
      'x-xdr-timestamp': timestamp,
      authorization: createHash('sha256').update(text).digest('hex'),
    }
  }
  const plain = ({ id, key }: { id: string; key: string }) => {
    return { 'x-xdr-auth-id': id, authorization: key }
  }
  const statusOf = async (headers: Record<string, string>) =>
    (await send(VERSIONS, { headers })).status

  it('a standard key as it is, an advanced one signed, neither as the other', async () => {
    const [standard, advanced] = [await made('standard'), await made('advanced')]
    expect(advanced.key).toHaveLength(128)
    expect(await statusOf(plain(standard))).toBe(200)
    expect(await statusOf(signed(advanced))).toBe(200)
    expect(await statusOf(signed(standard))).toBe(401)
    expect(await statusOf(plain(advanced))).toBe(401)
  })

  it('a signature is good for a quarter of an hour, whichever nonce, and as often as it is sent', async () => {
    const key = await made('advanced')
    const once = signed(key)
    for (let round = 0; round < 3; round++) expect(await statusOf(once)).toBe(200)
    for (const minutes of [14, -14]) {
      expect(await statusOf(signed(key, minutes * MINUTE_MS, 'a-b_c'))).toBe(200)
    }
    for (const minutes of [16, -16]) {
      expect(await statusOf(signed(key, minutes * MINUTE_MS))).toBe(401)
    }
  })

  it('whoever is not gets one answer, whatever is wrong', async () => {
    const key = await made('advanced')
    const wrong = [
      {},
      { ...plain(key), 'x-xdr-auth-id': '999999' },
      { authorization: key.key },
      { 'x-xdr-auth-id': key.id },
      { ...signed(key), authorization: '0'.repeat(64) },
      { ...signed(key), 'x-xdr-nonce': 'another' },
      { ...signed(key), 'x-xdr-timestamp': 'now' },
    ]
    for (const headers of wrong) {
      const answer = await send(VERSIONS, { headers })
      expect(answer.status).toBe(401)
      expect(errorOf(answer)).toMatchObject({
        err_msg: 'Public API request unauthorized',
        err_extra: '',
        reply: { reason: 'unauthorised' },
      })
    }
  })
})

describe('letter case', () => {
  it.each<[string, string, unknown]>([
    ['IN', 'endpoints/get_endpoint', { filters: [filterOf('IN', ['CONNECTED'])] }],
    ['In, and one value for many', 'endpoints/get_endpoint', { filters: [filterOf('In', 'lost')] }],
    ['DESC', 'endpoints/get_endpoint', { sort: { field: 'first_seen', keyword: 'DESC' } }],
    ['asc', 'endpoints/get_endpoint', { sort: { field: 'LAST_SEEN', keyword: 'asc' } }],
    [
      'Platform names',
      'distributions/get_distributions',
      { filters: [{ field: 'platform', operator: 'EQ', value: 'Linux' }] },
    ],
    ['ASC', 'distributions/get_distributions', { sort: { field: 'name', keyword: 'ASC' } }],
  ])('%s', async (_name, path, data) => {
    const { status, body } = await server.call(path, data)
    expect([status, body]).toEqual([200, { reply: expect.any(Object) }])
  })

  function filterOf(operator: string, value: unknown) {
    return { field: 'endpoint_status', operator, value }
  }
})

describe('HTTP/2, which a client in Node needs', () => {
  it('answers calls, errors and other spellings of a path as HTTP/1.1 does', async () => {
    await using secure = await startAssembledServer({ tls: TEST_CERTIFICATE })
    const session = connect(secure.url.replace('127.0.0.1', 'localhost'), {
      ca: TEST_CERTIFICATE.cert,
    })
    const post = async (path: string, body: string, headers = secure.headers()) => {
      const stream = session.request({ ':method': 'POST', ':path': path, ...headers })
      stream.end(body)
      const [told] = await once(stream, 'response')
      let text = ''
      for await (const part of stream.setEncoding('utf8')) text += part
      return { status: Number(told[':status']), headers: told, text }
    }
    try {
      for (const path of [VERSIONS, `${VERSIONS}/`]) {
        expect((await post(path, '{"request_data":{}}')).status).toBe(200)
      }
      expect((await post(VERSIONS, '')).status).toBe(200)
      const malformed = await post(CREATE, '{"request_data": |alter2}')
      expect([malformed.status, errorOf(malformed).reply.reason]).toEqual([400, 'malformed-json'])
      const nobody = await post(VERSIONS, '{}', {})
      expect([nobody.status, errorOf(nobody).reply.reason]).toEqual([401, 'unauthorised'])
    } finally {
      session.destroy()
    }
  })
})
