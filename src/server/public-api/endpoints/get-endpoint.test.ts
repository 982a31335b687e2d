import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpointObject, getEndpointReply } from '../../../contract/public/endpoint-lists.ts'
import { ask, TEST_ACTOR } from '../../testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  startTestServer,
  type TestAgent,
  type TestServer,
} from '../../testing/fleet.ts'
import { getEndpointRoute } from './get-endpoint.ts'

const HOUR = 3_600_000

let server: TestServer
let distribution: string
let early: TestAgent
let late: TestAgent

beforeAll(async () => {
  server = await startTestServer()
  const id = await saveTestDistribution(server.database)
  distribution = id
  early = await enrolTestAgent(server, id, 'early')
  server.clock.advance(HOUR)
  late = await enrolTestAgent(server, id, 'late')
  await late.checkIn()
  const tagged = { server_tags: '["pilot"]', alias: 'the late one' }
  await server.database.write((tx) =>
    tx.updateTable('endpoint').set(tagged).where('id', '=', late.endpointId).execute(),
  )
})

afterAll(() => server[Symbol.asyncDispose]())

async function list(data: unknown, actor = TEST_ACTOR) {
  const answer = await ask(getEndpointRoute, server, data, actor)
  if (!answer.ok) throw new Error(JSON.stringify(answer.refusal))
  return getEndpointReply.parse(answer.value)
}

async function names(...filters: readonly unknown[]): Promise<readonly (string | undefined)[]> {
  const { endpoints, total_count } = await list({ filters })
  expect(total_count).toBe(endpoints.length)
  return endpoints.map((endpoint) => endpoint.endpoint_name)
}

const BOTH = ['late', 'early']

describe('get_endpoint filters', () => {
  it.each([
    ['hostname', 'late', ['late']],
    ['hostname', ['late', 'other'], ['late']],
    ['alias', ['the late one'], ['late']],
    ['alias', [''], ['early']],
    ['dist_name', ['web servers'], BOTH],
    ['dist_name', ['Web servers'], []],
    ['username', ['ada'], BOTH],
    ['ip_list', ['10.0.0.7'], BOTH],
    ['ip_list', ['10.0.0.8'], []],
    ['public_ip_list', ['192.0.2.1'], BOTH],
    ['endpoint_status', 'connected', ['late']],
    ['endpoint_status', ['DISCONNECTED', 'lost'], ['early']],
    ['endpoint_status', ['uninstalled'], []],
    ['platform', ['Linux'], BOTH],
    ['platform', 'ios', []],
    ['operational_status', ['PROTECTED'], BOTH],
    ['operational_status', ['partially_protected', 'unprotected'], []],
    ['isolate', ['unisolated'], BOTH],
    ['isolate', ['isolated'], []],
    ['scan_status', ['none', 'pending'], BOTH],
    ['scan_status', ['success'], []],
    ['group_name', ['servers'], []],
    ['cloud_provider', [''], BOTH],
    ['cloud_region', ['eu-west-1'], []],
    ['tag', ['web'], BOTH],
    ['tag', ['pilot'], ['late']],
    ['tag', ['Pilot'], []],
    ['endpoint_version', ['1.0.0.1'], ['late']],
  ])('%s in %j', async (field, value, expected) => {
    expect(await names({ field, operator: 'in', value })).toEqual(expected)
  })

  it('of ids and distributions, with an operator in capitals', async () => {
    const value = [early.endpointId]
    expect(await names({ field: 'endpoint_id_list', operator: 'IN', value })).toEqual(['early'])
    const ours = { field: 'distribution_id', operator: 'IN', value: [distribution] }
    expect(await names(ours)).toEqual(BOTH)
  })

  it('of times, as numbers and as digits', async () => {
    const value = server.clock.now() - HOUR / 2
    expect(await names({ field: 'first_seen', operator: 'gte', value })).toEqual(['late'])
    expect(await names({ field: 'last_seen', operator: 'LTE', value: `${value}` })).toEqual([
      'early',
    ])
  })

  it('must all hold', async () => {
    const linux = { field: 'platform', operator: 'in', value: 'linux' }
    expect(await names(linux, { field: 'alias', operator: 'in', value: [''] })).toEqual(['early'])
  })

  it.each([
    [{ field: 'hostnames', operator: 'in', value: 'x' }, 'field'],
    [{ field: 'hostname', operator: 'contains', value: 'x' }, 'operator'],
    [{ field: 'platform', operator: 'in', value: ['beos'] }, 'value'],
    [{ field: 'endpoint_status', operator: 'in', value: ['gone'] }, 'value'],
    [{ field: 'last_seen', operator: 'in', value: 1 }, 'operator'],
    [{ field: 'last_seen', operator: 'gte', value: 'yesterday' }, 'value'],
  ])('refuses %j by its place', async (filter, part) => {
    const answer = await ask(getEndpointRoute, server, { filters: [filter] })
    const loc = ['request_data', 'filters', 0, part]
    expect(answer).toMatchObject({ ok: false, refusal: { errors: [{ loc }] } })
  })
})

describe('get_endpoint', () => {
  it('answers the whole documented object, newest first, to an empty request', async () => {
    const reply = await list({})
    expect(reply).toMatchObject({ total_count: 2, result_count: 2 })
    expect(endpointObject.strict().parse(reply.endpoints[0])).toMatchObject({
      endpoint_id: late.endpointId,
      endpoint_status: 'CONNECTED',
      endpoint_type: 'AGENT_TYPE_SERVER',
      os_type: 'AGENT_OS_LINUX',
      installation_package: 'web servers',
      tags: { server_tags: ['pilot'], endpoint_tags: ['web'] },
      group_name: [],
      isolated_date: null,
      cloud_id: '',
    })
  })

  it('sorts in any letter case, and pages beyond which nothing is', async () => {
    const sort = { field: 'last_seen', keyword: 'ASC' }
    const first = await list({ sort, search_from: 0, search_to: 1 })
    expect(first).toMatchObject({ total_count: 2, result_count: 1 })
    expect(first.endpoints[0]?.endpoint_name).toBe('early')
    const beyond = await list({ sort, search_from: 2, search_to: 102 })
    expect(beyond).toEqual({ total_count: 2, result_count: 0, endpoints: [] })
  })

  it('gives only the columns that were asked for, and says which there are', async () => {
    const fields = ['endpoint_id', 'alias']
    const { endpoints } = await list({ fields, search_to: 1 })
    expect(endpoints).toEqual([{ endpoint_id: late.endpointId, alias: 'the late one' }])
    const answer = await ask(getEndpointRoute, server, { fields: ['endpoint_ids'] })
    const loc = ['request_data', 'fields', 0]
    expect(answer).toMatchObject({ ok: false, refusal: { errors: [{ loc }] } })
  })

  it('shows nobody what is outside of his scope', async () => {
    const scoped = (tags: readonly string[]) => list({}, { ...TEST_ACTOR, scope: { tags } })
    expect(await scoped(['pilot'])).toMatchObject({ total_count: 1, result_count: 1 })
    expect(await scoped(['web', 'pilot'])).toMatchObject({ total_count: 2 })
    expect(await scoped(['other'])).toMatchObject({ total_count: 0, endpoints: [] })
    expect(await scoped([])).toMatchObject({ total_count: 0 })
  })

  it.each([
    [{ search_from: 0, search_to: 101 }],
    [{ search_from: 5, search_to: 4 }],
    [{ search_from: -1 }],
    [{ sort: { field: 'alias', keyword: 'asc' } }],
    [{ filter: [] }],
    ['all'],
  ])('refuses %j', async (data) => {
    expect(await ask(getEndpointRoute, server, data)).toMatchObject({
      ok: false,
      refusal: { code: 'invalid-request' },
    })
  })

  it('takes five thousand values, and no more', async () => {
    const value = Array.from({ length: 5000 }, (_, index) => `host-${index}`)
    const filter = { field: 'hostname', operator: 'in' }
    expect(await names({ ...filter, value: [...value.slice(1), 'late'] })).toEqual(['late'])
    const answer = await ask(getEndpointRoute, server, {
      filters: [{ ...filter, value: [...value, 'late'] }],
    })
    expect(answer.ok).toBe(false)
  })
})
