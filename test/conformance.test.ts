/**
 * The public API against its documents, over a real port: every example body of the two documents,
 * every body that clients of the field send, and the ways in which those clients bend HTTP.
 */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DistributionId } from '../src/base/ids.ts'
import { errorBody } from '../src/contract/public/error.ts'
import { enrolmentToken } from '../src/server/enrolment-token.ts'
import { type AssembledServer, startAssembledServer } from '../src/server/testing/assembled.ts'
import { testFacts } from '../src/server/testing/fleet.ts'

const MINUTE_MS = 60_000
const CREATE = '/public_api/v1/distributions/create'
const UPGRADE = '/public_api/v1/endpoints/upgrade'
const VERSIONS = '/public_api/v1/distributions/get_versions'

let server: AssembledServer
beforeAll(async () => {
  server = await startAssembledServer()
  for (const version of ['8.6.0.1', '8.6.0.5678', '8.8.0.10594']) await server.publish(version)
  await publishFor('windows', ['8.6.0.1', '8.6.0.1234'])
  await publishFor('macos', ['8.6.0.9012'])
})
afterAll(() => server[Symbol.asyncDispose]())

async function publishFor(platform: string, versions: readonly string[]): Promise<void> {
  const launcher = await server.upload(Buffer.from(`the launcher for ${platform}`))
  for (const version of versions) {
    const digest = await server.upload(Buffer.from(`the agent ${version} for ${platform}`))
    const files = [{ path: 'agent.mjs', digest, executable: false }]
    const made = { version, platform, arch: 'x64', libc: 'none', launcher, files }
    expect(await server.call('releases/publish', made)).toMatchObject({ status: 200 })
  }
}

type Sent = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
}
type Answer = {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** `node:http`, because `fetch` joins headers that come twice, and adds what was not asked for. */
function send(path: string, sent: Sent = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const headers = sent.headers ?? server.headers()
  const asked = request(`${server.url}${path}`, { method: sent.method ?? 'POST', headers })
  asked.on('error', reject)
  asked.on('response', async (response) => {
    let text = ''
    for await (const part of response.setEncoding('utf8')) text += part
    resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
  })
  asked.end(sent.body)
  return promise
}

/** The parsed error, which says the same in both places. */
function errorOf(answer: Answer) {
  const error = errorBody.strict().parse(JSON.parse(answer.text))
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
  expect(error.err_code).toBe(String(answer.status))
  expect(error.reply.err_code).toBe(answer.status)
  expect(error.reply.err_msg).toBe(error.err_msg)
  expect(error.err_extra === '').toBe(error.reply.err_extra.length === 0)
  expect(error.reply.reason).toMatch(/^[a-z]+(-[a-z0-9]+)*$/)
  return error
}

describe('distributions/create: what the document shows', () => {
  const name = 'Windows servers'
  const kubernetes = {
    name: 'PAPI Dist K8s',
    description: 'Created using PAPI',
    endpoint_tags: ['new-tag'],
    package_type: 'kubernetes',
    platform: 'linux',
    agent_version: '8.8.0.10594',
    deployment_platform: 'standard',
    default_namespace: 'cortex-xdr',
    node_selector: { key: 'val' },
    proxy: ['10.10.10.1:8080'],
    cluster_name: 'some_name',
    run_on_master_node: true,
    run_on_all_nodes: false,
  }
  /** The generated client samples, as they stand: every value is its own type's name. */
  const sample = {
    name: 'string',
    platform: 'windows',
    package_type: 'string',
    agent_version: 'string',
    windows_version: 'string',
    linux_version: 'string',
    macos_version: 'string',
    deployment_platform: 'string',
    default_namespace: 'string',
    node_selector: { property1: null, property2: null },
    proxy: ['string'],
    cluster_name: 'string',
    run_on_master_node: true,
    run_on_all_nodes: true,
  }
  const filled = {
    ...sample,
    package_type: 'standalone',
    agent_version: '8.6.0.1234',
    windows_version: '8.6.0.1234',
    linux_version: '8.6.0.5678',
    macos_version: '8.6.0.9012',
    deployment_platform: 'standard',
    proxy: ['proxy.example:3128'],
  }
  const windows = { name, platform: 'windows', package_type: 'standalone' }
  const rows: readonly [string, object, string][] = [
    ['standalone', { ...windows, agent_version: 'windows_version' }, 'platform-not-built-yet'],
    [
      'upgrade',
      { name, package_type: 'upgrade', agent_version: 'windows_version' },
      'kind-not-built-yet',
    ],
    ['kubernetes', kubernetes, 'kind-not-built-yet'],
    ['kubernetes as platform', { ...windows, platform: 'kubernetes' }, 'kind-not-built-yet'],
    ['helm as platform', { ...windows, platform: 'helm' }, 'kind-not-built-yet'],
    ['android', { ...windows, platform: 'android' }, 'platform-not-built-yet'],
    ['macos', { ...windows, platform: 'macos' }, 'platform-not-built-yet'],
    ['the generated sample', sample, 'invalid-request'],
    ['the generated sample, filled in', filled, 'platform-not-built-yet'],
    [
      'the placeholder for a name',
      { ...windows, name: '<installation package name>' },
      'invalid-request',
    ],
  ]
  it.each(rows)('%s: a clear 400', async (_name, data, reason) => {
    const answer = await send(CREATE, { body: JSON.stringify({ request_data: data }) })
    expect(answer.status).toBe(400)
    const error = errorOf(answer)
    expect(error.reply.reason).toBe(reason)
    expect(error.err_msg).toMatch(reason === 'invalid-request' ? /request_data/ : /not built yet/)
    const [first] = error.reply.err_extra
    expect(first).toMatchObject({
      loc: ['request_data', expect.any(String)],
      msg: expect.any(String),
    })
  })

  it.each([
    ['agent_version', { agent_version: '8.6.0.5678' }],
    ['agent_version that names its field', { agent_version: 'linux_version' }],
    ['the field that is named', { agent_version: 'linux_version', linux_version: '8.6.0.5678' }],
    ['no version', {}],
    ['everything optional as null', { description: null, proxy: null, cluster_name: null }],
  ])('standalone for linux with %s: an id, and then Completed', async (_name, data) => {
    const order = { name: 'web, db_1', platform: 'linux', package_type: 'standalone', ...data }
    const answer = await send(CREATE, { body: JSON.stringify({ request_data: order }) })
    expect(answer.status).toBe(200)
    const body = JSON.parse(answer.text)
    expect(body).toEqual({ reply: { distribution_id: expect.stringMatching(/^[0-9a-f]{32}$/) } })
    await server.assembled.drain()
    const status = await server.call('distributions/get_status', body.reply)
    expect(status.body.reply).toMatchObject({ status: 'Completed' })
  })
})

describe('distributions/create: what clients of the field send', () => {
  const rows: readonly [string, string, number, string | null][] = [
    [
      'a standalone order with a description',
      '{"name":"n","platform":"linux","package_type":"standalone","agent_version":"8.6.0.5678","description":"d"}',
      200,
      null,
    ],
    [
      'an upgrade that names one version field and nothing else',
      '{"name":"n","package_type":"upgrade","description":null,"windows_version":"8.6.0.1234"}',
      400,
      'kind-not-built-yet',
    ],
    [
      'kubernetes without a platform',
      '{"name":"n","package_type":"kubernetes","agent_version":"8.8.0.10594","deployment_platform":"standard","default_namespace":"cortex-xdr","run_on_master_node":true,"run_on_all_nodes":true}',
      400,
      'kind-not-built-yet',
    ],
    [
      'capital letters',
      '{"name":"n","package_type":"Standalone","platform":"Android"}',
      400,
      'platform-not-built-yet',
    ],
    [
      'capital letters for linux',
      '{"name":"n","package_type":"Standalone","platform":"Linux"}',
      200,
      null,
    ],
    [
      'an object for a word',
      '{"name":"n","package_type":{"upgrade":["8.6.0.1234"]}}',
      400,
      'invalid-request',
    ],
  ]
  it.each(rows)('%s', async (_name, data, status, reason) => {
    const answer = await send(CREATE, { body: `{"request_data":${data}}` })
    expect(answer.status).toBe(status)
    if (reason !== null) expect(errorOf(answer).reply.reason).toBe(reason)
  })
})

async function agentCall(path: string, body: object, credential?: string): Promise<Answer> {
  const headers = credential === undefined ? {} : { authorization: `Bearer ${credential}` }
  const answer = await send(`/agent/v1/${path}`, { headers, body: JSON.stringify(body) })
  expect(answer.status).toBe(200)
  return answer
}

/** An endpoint that has checked in with version 8.6.0.1; its id. */
async function enrol(hostname: string, platform: 'linux' | 'windows'): Promise<string> {
  const order = { name: 'n', platform: 'linux', package_type: 'standalone' }
  const created = await server.call('distributions/create', order)
  const id = String(created.body.reply.distribution_id) as DistributionId
  const libc = platform === 'linux' ? 'glibc' : 'none'
  const facts = { ...testFacts(hostname), platform, libc }
  const run = { protocol: 1, run_id: createHash('md5').update(hostname).digest('hex') }
  const token = enrolmentToken(server.secret, id)
  const asked = { ...run, distribution_id: id, token, facts, is_copy: false }
  const { endpoint_id, credential } = JSON.parse((await agentCall('enrol', asked)).text)
  const report = {
    ...run,
    agent_version: '8.6.0.1',
    manifest_digest: '0'.repeat(64),
    launcher_protocol: 1,
    facts_digest: createHash('sha256').update(JSON.stringify(facts)).digest('hex'),
    facts: null,
    health: { status: 'healthy', details: [] },
    attempt: null,
    skipped: [],
  }
  await agentCall('check-in', report, `${endpoint_id}.${credential}`)
  return endpoint_id
}

describe('endpoints/upgrade: what the document shows', () => {
  const targets = { windows: '8.6.0.1234', linux: '8.6.0.5678' }
  const upgrade = (data: object) => send(UPGRADE, { body: JSON.stringify({ request_data: data }) })

  it('both examples, with the documented reply', async () => {
    const [one, two, three] = [
      await enrol('doc-1', 'windows'),
      await enrol('doc-2', 'windows'),
      await enrol('doc-3', 'linux'),
    ]
    const first = await upgrade({ endpoint_ids: [one, two, three], target_versions: targets })
    expect(first.status).toBe(200)
    expect(JSON.parse(first.text).reply).toMatchObject({
      summary: 'Upgrade action created successfully.',
      details: [
        'Windows: 2 endpoints queued for upgrade to 8.6.0.1234',
        'Linux: 1 endpoint queued for upgrade to 8.6.0.5678',
      ],
      group_action_id: expect.any(Number),
    })
    const second = await upgrade({
      endpoint_ids: [one],
      target_versions: { windows: '8.6.0.1234', macos: '8.6.0.9012' },
      upgrade_timeframe_window: {
        upgrade_timeframe_days: ['monday', 'wednesday', 'friday'],
        upgrade_timeframe_start_time: '02:00',
        upgrade_timeframe_end_time: '06:00',
      },
    })
    expect(second.status).toBe(200)
    expect(JSON.parse(second.text).reply).toMatchObject({
      details: ['Windows: 1 endpoint queued for upgrade to 8.6.0.1234'],
    })
  })

  it('the example ids as they stand name nobody: a business refusal, as clients know it', async () => {
    const data = { endpoint_ids: ['endpoint_id_1', 'endpoint_id_2'], target_versions: targets }
    const answer = await upgrade(data)
    expect(answer.status).toBe(500)
    const error = errorOf(answer)
    expect(error.reply.reason).toBe('nothing-eligible')
    expect(error.err_msg).toMatch(/^An error occurred while processing the public API request - /)
    expect(error.err_extra).toMatch(/^No endpoint was found for creating the requested action/)
  })

  const window = {
    upgrade_timeframe_days: ['string'],
    upgrade_timeframe_start_time: 'string',
    upgrade_timeframe_end_time: 'string',
  }
  it.each<[string, object]>([
    [
      'the generated sample',
      {
        endpoint_ids: ['string'],
        target_versions: { property1: 'string', property2: 'string' },
        upgrade_timeframe_window: window,
      },
    ],
    ['no endpoint', { endpoint_ids: [], target_versions: targets }],
    ['no endpoint_ids', { target_versions: targets }],
    ['no target', { endpoint_ids: ['e'], target_versions: {} }],
    [
      'a version that was never released',
      { endpoint_ids: ['e'], target_versions: { linux: '9.9.9.9' } },
    ],
  ])('%s: 400, naming the place', async (_name, data) => {
    const answer = await upgrade(data)
    expect(answer.status).toBe(400)
    expect(errorOf(answer).err_msg).toMatch(/^request_data\./)
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
    const order = { name: 'n', platform: 'linux', package_type: 'standalone' }
    const { body } = await server.call('distributions/create', order)
    await server.assembled.drain()
    const asked = { ...body.reply, package_type: 'deb' }
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
    const other = { ...body.reply, package_type: 'sh' }
    const answer = await send('/public_api/v1/distributions/get_dist_url', {
      body: JSON.stringify({ request_data: other }),
    })
    expect(answer.status).toBe(500)
    const error = errorOf(answer)
    expect(error.reply.reason).toBe('artifact-missing')
    expect(error.err_msg).toMatch(/^An error occurred while processing the public API request - /)
  })
})
