/**
 * Every body that the two documents show, as it stands there, and what is documented as the answer;
 * and every client sample that was generated from them.
 */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AssembledServer, startAssembledServer } from '../src/server/testing/assembled.ts'
import { enrolEndpoint, publishFor } from './small-fleet.ts'
import { type Answer, CREATE, errorOf, send, UPGRADE } from './wire.ts'

let server: AssembledServer
beforeAll(async () => {
  server = await startAssembledServer()
  for (const version of ['8.6.0.1', '8.6.0.5678', '8.8.0.10594']) await server.publish(version)
  await publishFor(server, 'windows', ['8.6.0.1', '8.6.0.1234'])
  await publishFor(server, 'macos', ['8.6.0.9012'])
})
afterAll(() => server[Symbol.asyncDispose]())

function post(path: string, body: string, headers = server.headers()): Promise<Answer> {
  return send(`${server.url}${path}`, { headers, body })
}

/** The keys at the top of a reply, those of the document first. */
function keysOf(answer: Answer): readonly string[] {
  return Object.keys(JSON.parse(answer.text).reply)
}

const CREATE_BODIES = {
  standalone: documented('create-standalone'),
  upgrade: documented('create-upgrade'),
  kubernetes: documented('create-kubernetes'),
  sample: documented('create-sample'),
}

const UPGRADE_BODIES = {
  'target versions': documented('upgrade-targets'),
  'a timeframe window': documented('upgrade-window'),
  sample: documented('upgrade-sample'),
}

/** A body as it stands in the document. */
function documented(name: string): string {
  return readFileSync(`test/documented/${name}.txt`, 'utf8').trim()
}

/** With the placeholders that the text names filled in, and something else changed. */
function filled(body: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries({ '<installation package name>': 'Windows servers', ...changes }).reduce(
    (text, [from, to]) => text.replaceAll(from, to),
    body,
  )
}

describe('distributions/create', () => {
  const { standalone, upgrade, kubernetes, sample } = CREATE_BODIES
  const sampleValues = {
    '"package_type":"string"': '"package_type":"standalone"',
    '"agent_version":"string"': '"agent_version":"windows_version"',
    '"windows_version":"string"': '"windows_version":"8.6.0.1234"',
    '"linux_version":"string"': '"linux_version":"8.6.0.5678"',
    '"macos_version":"string"': '"macos_version":"8.6.0.9012"',
    '"deployment_platform":"string"': '"deployment_platform":"standard"',
    '["string"]': '["proxy.example:3128"]',
  }
  const kindOf = (platform: string) => ({ '"windows"': `"${platform}"` })

  it.each<[string, string, string]>([
    ['the generated samples', sample, 'invalid-request'],
    ['the sample of curl, whose body is empty', '', 'invalid-request'],
  ])('%s: 400, saying why', async (_name, body, reason) => {
    const answer = await post(CREATE, body)
    expect(answer.status).toBe(400)
    const error = errorOf(answer)
    expect(error.reply.reason).toBe(reason)
    expect(error.err_msg).toMatch(/request_data/)
    const [first] = error.reply.err_extra
    expect(first).toMatchObject({ loc: expect.arrayContaining(['request_data']) })
  })

  it.each<[string, string]>([
    ['standalone, as it stands', standalone],
    ['standalone, named', filled(standalone, {})],
    ['upgrade, named', filled(upgrade, { '<installation package name>': 'an upgrade' })],
    ['the generated samples, filled in', filled(sample, sampleValues)],
    ['kubernetes, as it stands', kubernetes],
    [
      'standalone with the platform kubernetes',
      filled(standalone, {
        ...kindOf('kubernetes'),
        windows_version: 'linux_version',
        'Windows servers': 'cluster',
      }),
    ],
    [
      'standalone with the platform helm',
      filled(standalone, {
        ...kindOf('helm'),
        windows_version: 'linux_version',
        'Windows servers': 'chart',
      }),
    ],
    [
      'standalone for macos',
      filled(standalone, {
        ...kindOf('macos'),
        windows_version: 'macos_version',
        'Windows servers': 'Macs',
      }),
    ],
    [
      'standalone for linux',
      filled(standalone, {
        ...kindOf('linux'),
        windows_version: 'linux_version',
        'Windows servers': 'one',
      }),
    ],
    [
      'standalone for linux, its version named',
      filled(standalone, { ...kindOf('linux'), windows_version: '8.6.0.5678', servers: 'two' }),
    ],
    [
      'the generated samples, filled in for linux',
      filled(sample, {
        ...sampleValues,
        '"name":"string"': '"name":"samples for linux"',
        '"agent_version":"string"': '"agent_version":"8.6.0.5678"',
        '"platform":"windows"': '"platform":"linux"',
      }),
    ],
  ])('%s: an id and nothing else, and then Completed', async (_name, body) => {
    const answer = await post(CREATE, body)
    expect(answer.status).toBe(200)
    const { reply } = JSON.parse(answer.text)
    expect(reply).toEqual({ distribution_id: expect.stringMatching(/^[0-9a-f]{32}$/) })
    await server.assembled.drain()
    const status = await server.call('distributions/get_status', reply)
    expect(status.body.reply).toMatchObject({ status: 'Completed' })
    // The same order again is the same order.
    expect(JSON.parse((await post(CREATE, body)).text)).toEqual({ reply })
  })
})

/** An order of which something is still to be said. */
const ORDERED = '{"request_data":{"endpoint_ids":["e"],"target_versions":{"linux":"8.6.0.1"}'

describe('endpoints/upgrade', () => {
  const { sample, ...bodies } = UPGRADE_BODIES

  it.each(Object.entries(bodies))(
    '%s, as it stands: nobody has these ids, a business refusal as clients know it',
    async (_name, body) => {
      const answer = await post(UPGRADE, body)
      expect(answer.status).toBe(500)
      const error = errorOf(answer)
      expect(error.reply.reason).toBe('nothing-eligible')
      expect(error.err_msg).toMatch(/^An error occurred while processing the public API request - /)
      expect(error.err_extra).toMatch(/^No endpoint was found for creating the requested action/)
    },
  )

  it('both, with ids of endpoints: the documented reply', async () => {
    const ids = [
      await enrolEndpoint(server, 'doc-1', 'windows'),
      await enrolEndpoint(server, 'doc-2', 'windows'),
      await enrolEndpoint(server, 'doc-3', 'linux'),
    ] as const
    const first = await post(
      UPGRADE,
      filled(bodies['target versions'], {
        '"endpoint_id_1"': `"${ids[0]}", "${ids[1]}"`,
        endpoint_id_2: ids[2],
      }),
    )
    expect(first.status).toBe(200)
    expect(keysOf(first).slice(0, 2)).toEqual(['summary', 'details'])
    expect(JSON.parse(first.text).reply).toMatchObject({
      summary: 'Upgrade action created successfully.',
      details: [
        'Windows: 2 endpoints queued for upgrade to 8.6.0.1234',
        'Linux: 1 endpoint queued for upgrade to 8.6.0.5678',
      ],
      group_action_id: expect.any(Number),
    })
    const second = await post(
      UPGRADE,
      filled(bodies['a timeframe window'], { endpoint_id_1: ids[0] }),
    )
    expect(second.status).toBe(200)
    expect(JSON.parse(second.text).reply).toMatchObject({
      summary: 'Upgrade action created successfully.',
      details: ['Windows: 1 endpoint queued for upgrade to 8.6.0.1234'],
    })
  })

  it.each<[string, string]>([
    ['the generated samples', sample],
    ['the sample of curl, whose body is empty', ''],
    ['no endpoint', '{"request_data":{"endpoint_ids":[],"target_versions":{"linux":"8.6.0.1"}}}'],
    ['no endpoint_ids', '{"request_data":{"target_versions":{"linux":"8.6.0.1"}}}'],
    ['no target', '{"request_data":{"endpoint_ids":["e"],"target_versions":{}}}'],
    [
      'a version that was never released',
      '{"request_data":{"endpoint_ids":["e"],"target_versions":{"linux":"9.9.9.9"}}}',
    ],
    ['a window whose name is misspelt', `${ORDERED},"upgrade_timeframe_windows":{}}}`],
    [
      'a window with half of it misspelt',
      `${ORDERED},"upgrade_timeframe_window":{"upgrade_timeframe_day":["monday"]}}}`,
    ],
  ])('%s: 400, naming the place', async (_name, body) => {
    const answer = await post(UPGRADE, body)
    expect(answer.status).toBe(400)
    expect(errorOf(answer).err_msg).toMatch(/^request_data\./)
  })
})

describe('the generated samples with the credentials that they show', () => {
  it.each<[string, string, Readonly<Record<string, string>>]>([
    [CREATE, CREATE_BODIES.sample, { authorization: 'SOME_STRING_VALUE' }],
    [UPGRADE, UPGRADE_BODIES.sample, { authorization: 'SOME_STRING_VALUE' }],
    [CREATE, '', { authorization: 'authorization_example' }],
    [UPGRADE, '', { authorization: 'authorization_example' }],
  ])('%s: 401', async (path, body, headers) => {
    const id = headers.authorization?.replace('authorization', 'xXdrAuthId') ?? ''
    const answer = await post(path, body, { ...headers, 'x-xdr-auth-id': id })
    expect(answer.status).toBe(401)
    expect(errorOf(answer).err_msg).toBe('Public API request unauthorized')
  })
})
