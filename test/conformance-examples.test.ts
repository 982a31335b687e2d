/**
 * Every example that a call documents, sent to a real server, and its answer held against the
 * schema of the call. Ids in it are placeholders: something of the kind is made in their place.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PublicCall } from '../src/contract/public/call.ts'
import { bodyOf } from '../src/server/openapi/operation.ts'
import { PUBLIC_ROUTES } from '../src/server/public-api/routes.ts'
import { type AssembledServer, startAssembledServer } from '../src/server/testing/assembled.ts'
import { TEST_CODE_CERTIFICATE } from '../src/trust/testing/code-certificate.ts'
import { endUpgrade, enrolAgent, enrolEndpoint, orderFor, publishFor } from './small-fleet.ts'
import { send } from './wire.ts'

let server: AssembledServer
beforeAll(async () => {
  server = await startAssembledServer({ keyRequests: { perS: 1e6, burst: 1e6 } })
  for (const version of ['8.6.0.1', '8.6.0.5678', '8.8.0.10594']) await server.publish(version)
  await publishFor(server, 'windows', ['8.6.0.1234'])
  await publishFor(server, 'macos', ['8.6.0.9012'])
  await publishFor(server, 'android', ['8.6.0.9012'])
  await enrolEndpoint(server, 'example-1', 'linux')
  // The artifact of the example of releases/publish.
  await server.upload(Buffer.from('test'))
  const group = { group_name: 'Packagers', members: [] }
  expect(await server.call('rbac/set_user_group', group)).toMatchObject({ status: 200 })
  const user = { user_email: 'ada@example.org', role_name: 'Operator' }
  expect(await server.call('rbac/create_user', user)).toMatchObject({ status: 200 })
})
afterAll(() => server[Symbol.asyncDispose]())

describe('the examples of every call', () => {
  const rows = PUBLIC_ROUTES.flatMap(({ call }) =>
    call.examples.map((example) => ({ title: `${call.path}: ${example.name}`, call, example })),
  )
  it.each(rows)('$title', async ({ title, call, example }) => {
    const body = call.method === 'GET' ? {} : { body: await filled(bodyOf(example), title) }
    const sent = { method: call.method, headers: server.headers(), ...body }
    const answer = await send(`${server.url}/public_api/v1/${call.path}`, sent)
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
    expectReply(call, JSON.parse(answer.text))
    if (call.origin !== 'ours') return
    const answered = JSON.parse(answer.text)
    expectShape(example.reply, call.envelope === 'bare' ? answered : answered.reply)
  })
})

/**
 * Where an example shows something, the answer has it too, of the same kind; what is not there yet
 * is null, as the call's schema allows.
 */
function expectShape(shown: unknown, answered: unknown): void {
  if (typeof shown !== 'object' || shown === null || answered === null) return
  if (Array.isArray(shown)) {
    expect(answered).toEqual(expect.any(Array))
    const [first] = Object(answered)
    if (first !== undefined) expectShape(shown[0], first)
    return
  }
  expect(Object.keys(Object(answered))).toEqual(expect.arrayContaining(Object.keys(shown)))
  for (const [name, value] of Object.entries(shown)) expectShape(value, Object(answered)[name])
}

/** Every placeholder, and what makes something that it can stand for. */
const PLACEHOLDERS: readonly (readonly [RegExp, (title: string) => Promise<string | number>])[] = [
  [/588a56de313549b49d70d14d4c1fd0e3|36ffe3f7ab7c4e7188e27d633ea72c3d/g, newDistribution],
  [/\bendpoint_id_1\b/g, (title) => enrolEndpoint(server, `${title} 1`, 'windows')],
  [/\bendpoint_id_2\b|0123456789abcdef0123456789abcdef/g, newEndpoint],
  [/(?<="group_action_id":)17\b/g, newAction],
  [/(?<="id":)4267\b/g, newKey],
  // Each order under a name of its own, or the second would be another under the first one's.
  [/(?<="name":")(?:n|<installation package name>)(?=")/g, async (title) => nameOf(title)],
  [/MIIQGwIBAzCCD9EGCSqG/g, async () => TEST_CODE_CERTIFICATE.asSent],
]

async function filled(body: unknown, title: string): Promise<string> {
  let text = JSON.stringify(body)
  for (const [pattern, make] of PLACEHOLDERS) {
    if (text.search(pattern) >= 0) text = text.replaceAll(pattern, String(await make(title)))
  }
  return text
}

async function newDistribution(title: string): Promise<string> {
  const id = await orderFor(server, nameOf(title))
  await server.assembled.drain()
  return id
}

function nameOf(title: string): string {
  return title.replaceAll(/[^\w ]/g, ' ')
}

async function newKey(): Promise<number> {
  const { body } = await server.call('api_keys/generate', { roles: ['Viewer'] })
  return Number(body.reply.id)
}

async function newEndpoint(title: string): Promise<string> {
  return await enrolEndpoint(server, title, 'linux')
}

async function newAction(title: string): Promise<number> {
  if (title.includes('/skip_wave')) return await twoWaves(title)
  if (title.includes('/retry')) return await endedAction(title, 'failed')
  if (title.includes('/revert')) return await endedAction(title, 'succeeded')
  return await upgradeOf([await newEndpoint(title)])
}

async function upgradeOf(endpoint_ids: readonly string[], more: object = {}): Promise<number> {
  const asked = { endpoint_ids, target_versions: { linux: '8.6.0.5678' }, ...more }
  const { body } = await server.call('endpoints/upgrade', asked)
  return Number(body.reply.group_action_id)
}

/** Of two waves, so that there is one to skip. */
async function twoWaves(title: string): Promise<number> {
  const both = [await newEndpoint(`${title} 1`), await newEndpoint(`${title} 2`)]
  return await upgradeOf(both, { rollout: { canary: { count: 1 } } })
}

/** Whose endpoint has said how its attempt ended. */
async function endedAction(title: string, phase: 'failed' | 'succeeded'): Promise<number> {
  const agent = await enrolAgent(server, title, 'linux')
  const action = await upgradeOf([agent.endpointId])
  await endUpgrade(server, agent, phase)
  return action
}

function expectReply(call: PublicCall, answer: unknown): void {
  const reply = call.envelope === 'bare' ? answer : Object(answer).reply
  expect(call.reply.safeParse(reply).error?.issues ?? []).toEqual([])
}
