/**
 * A key of one tag against the whole server, call by call: nothing it is told names or counts what
 * lies outside, and nothing it asks for changes it. A new call is not there until it has a row.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PUBLIC_ROUTES } from '../src/server/public-api/routes.ts'
import { type AssembledServer, startAssembledServer } from '../src/server/testing/assembled.ts'
import { enrolEndpoint } from './small-fleet.ts'

type Data = Readonly<Record<string, unknown>>
type World = { readonly mine: string; readonly other: string; readonly action: number }
type Asked = (world: World) => Data

const IDS = { field: 'endpoint_id_list', operator: 'in' }
const nothing: Asked = () => ({})
const withOther: Asked = ({ mine, other }) => ({ filters: [{ ...IDS, value: [mine, other] }] })
const target_versions = { linux: '8.6.0.2' }

/** What shows or changes endpoints; all else is the same for whoever may call it. */
const ASKED: Readonly<Record<string, readonly Asked[]>> = {
  'endpoints/get_endpoint': [nothing, withOther],
  'endpoints/get_endpoints': [nothing, withOther],
  'endpoints/get_policy': [({ other }) => ({ endpoint_id: other })],
  'endpoints/upgrade/list': [nothing],
  'endpoints/upgrade/get': [
    ({ other }) => ({ endpoint_id: other }),
    ({ action }) => ({ group_action_id: action }),
  ],
  'endpoints/upgrade/policies/get': [nothing],
  'actions/get_action_status': [({ action }) => ({ group_action_id: action })],
  'audits/management_logs': [nothing],
  'audits/agents_reports': [nothing],
  'system/get_tenant_info': [nothing],
  'tags/agents/assign': [(world) => ({ ...withOther(world), tag: 'theirs' })],
  'tags/agents/remove': [(world) => ({ ...withOther(world), tag: 'web' })],
  'endpoints/update_agent_name': [(world) => ({ ...withOther(world), alias: 'renamed' })],
  'endpoints/upgrade/cancel': [({ action }) => ({ group_action_id: action })],
  'endpoints/upgrade/pause': [({ action }) => ({ group_action_id: action })],
  'endpoints/upgrade/resume': [({ action }) => ({ group_action_id: action })],
  'endpoints/upgrade/skip_wave': [({ action }) => ({ group_action_id: action })],
  'endpoints/upgrade/retry': [({ action }) => ({ group_action_id: action })],
  'endpoints/upgrade/revert': [({ action }) => ({ group_action_id: action })],
  'endpoints/upgrade/explain': [
    ({ other }) => ({ endpoint_id: other }),
    ({ mine, action }) => ({ endpoint_id: mine, group_action_id: action }),
  ],
  'endpoints/upgrade': [({ other }) => ({ endpoint_ids: [other], target_versions })],
  'endpoints/delete': [({ other }) => ({ filters: [{ ...IDS, value: [other] }] })],
}

let server: AssembledServer
let world: World
let headers: Record<string, string>
beforeAll(async () => {
  server = await startAssembledServer()
  await server.publish('8.6.0.1')
  await server.publish('8.6.0.2')
  const mine = await enrolEndpoint(server, 'mine', 'linux')
  const other = await enrolEndpoint(server, 'secret-other', 'linux')
  await server.call('tags/agents/assign', { filters: [{ ...IDS, value: [mine] }], tag: 'mine' })
  const order = { endpoint_ids: [mine, other], target_versions }
  const ordered = await server.call('endpoints/upgrade', order)
  world = { mine, other, action: Number(ordered.body.reply.group_action_id) }
  const asked = { roles: ['Operator'], scope: { tags: ['mine'] } }
  const { id, key } = (await server.call('api_keys/generate', asked)).body.reply
  headers = { authorization: String(key), 'x-xdr-auth-id': String(id) }
})
afterAll(() => server[Symbol.asyncDispose]())

async function ask(path: string, data: Data) {
  const url = `${server.url}/public_api/v1/${path}`
  const body = JSON.stringify({ request_data: data })
  const answer = await fetch(url, { method: 'POST', headers, body })
  return { status: answer.status, text: await answer.text() }
}

async function otherNow(): Promise<unknown> {
  const filters = [{ ...IDS, value: [world.other] }]
  const { endpoints } = (await server.call('endpoints/get_endpoint', { filters })).body.reply
  return endpoints
}

/** What nobody asked for himself. */
function leaks(text: string, data: Data): boolean {
  const named = JSON.stringify(data).includes(world.other)
  return text.includes('secret-other') || (!named && text.includes(world.other))
}

describe('a key with a scope', () => {
  it('has a row for every call on endpoints', () => {
    const families = /^(endpoints|tags|actions|audits)\//
    const paths = PUBLIC_ROUTES.filter((route) => !route.isEverywhere).map(({ call }) => call.path)
    const rows = Object.keys(ASKED).filter((path) => families.test(path))
    const calls = paths.filter((path) => families.test(path) && path !== 'audits/verify')
    expect(rows.toSorted()).toEqual(calls.toSorted())
  })

  it.each(
    Object.entries(ASKED).flatMap(([path, all]) => all.map((asked) => [path, asked] as const)),
  )('%s tells and changes nothing outside of it', async (path, asked) => {
    const before = await otherNow()
    expect(before).toMatchObject([{ endpoint_id: world.other }])
    const data = asked(world)
    const { status, text } = await ask(path, data)
    expect([200, 403, 404, 409, 500]).toContain(status)
    expect([path, leaks(text, data)]).toEqual([path, false])
    expect(await otherNow()).toEqual(before)
  })

  it('counts what lies within', async () => {
    const { text } = await ask('system/get_tenant_info', {})
    expect(JSON.parse(text)).toMatchObject({ reply: { installed_prevent: 1 } })
  })

  it('is told of an unknown endpoint and of one outside in the same words', async () => {
    const unknown = '0'.repeat(32)
    const calls: Readonly<Record<string, (id: string) => Data>> = {
      'endpoints/get_policy': (id) => ({ endpoint_id: id }),
      'endpoints/upgrade/get': (id) => ({ endpoint_id: id }),
      'endpoints/upgrade/explain': (id) => ({ endpoint_id: id }),
      'endpoints/upgrade': (id) => ({ endpoint_ids: [id], target_versions }),
      'endpoints/delete': (id) => ({ filters: [{ ...IDS, value: [id] }] }),
      'endpoints/update_agent_name': (id) => ({
        ...{ filters: [{ ...IDS, value: [id] }], alias: 'x' },
      }),
    }
    for (const [path, dataOf] of Object.entries(calls)) {
      const outside = await ask(path, dataOf(world.other))
      const text = outside.text.replaceAll(world.other, unknown)
      expect([path, { ...outside, text }]).toEqual([path, await ask(path, dataOf(unknown))])
    }
  })
})
