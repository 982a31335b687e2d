import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AuditEntry, SERVER_PARTY, saveAudits } from '../../../store/audit.ts'
import type { Database } from '../../../store/open.ts'
import { startTestDatabase } from '../../../store/testing/database.ts'
import { ask, TEST_ACTOR } from '../../testing/ask.ts'
import { startAssembledServer } from '../../testing/assembled.ts'
import { enrolTestAgent, saveTestDistribution, startTestServer } from '../../testing/fleet.ts'
import { managementLogsRoute } from './management-logs.ts'

function entryOf(given: Partial<AuditEntry>): AuditEntry {
  return {
    at: 1000,
    by: { ...SERVER_PARTY, name: 'api-key:1', email: 'ada@example.com', role: 'Viewer' },
    action: 'distribution.create',
    subject: 'd1',
    result: 'success',
    reason: null,
    description: 'Created',
    before: null,
    after: { name: 'web' },
    ...given,
  }
}

const ENTRIES = [
  entryOf({ at: 1000 }),
  entryOf({
    at: 2000,
    action: 'api-key.generate',
    by: { ...SERVER_PARTY, email: 'b@example.com' },
  }),
  entryOf({ at: 3000, action: 'endpoint.delete', after: { hostname: 'h1' } }),
  entryOf({ at: 4000, action: 'release.publish' }),
  entryOf({ at: 5000, action: 'distribution.refuse', result: 'failure', reason: 'forbidden' }),
]

/** With these entries, for whoever only reads. */
let database: Database

beforeAll(async () => {
  database = await startTestDatabase()
  await database.write((tx) => saveAudits(tx, ENTRIES))
})

afterAll(() => database[Symbol.asyncDispose]())

async function listed(data: unknown) {
  const answer = await ask(managementLogsRoute, { database }, data)
  if (!answer.ok) return { refusal: answer.refusal }
  const value = answer.value as {
    total_count: number
    result_count: number
    data: { AUDIT_INSERT_TIME: number }[]
  }
  expect(value.result_count).toBe(value.data.length)
  return { total: value.total_count, times: value.data.map((row) => row.AUDIT_INSERT_TIME) }
}

const where = (field: string, value: unknown, operator = 'in') => {
  return { filters: [{ field, operator, value }] }
}

describe('audits/management_logs', () => {
  it.each([
    ['everything, newest first', {}, [5000, 4000, 3000, 2000, 1000]],
    ['an entity', where('type', ['DISTRIBUTIONS']), [5000, 4000, 1000]],
    ['entities in another spelling', where('type', ['api_key', 'Auth'], 'IN'), [2000]],
    ['an entity that we do not have', where('type', ['RESPONSE']), []],
    ['a subtype', where('sub_type', 'Create'), [1000]],
    ['an address', where('email', ['b@example.com']), [2000]],
    ['successes', where('result', ['SUCCESS']), [4000, 3000, 2000, 1000]],
    ['failures', where('result', ['FAIL']), [5000]],
    ['what succeeded in part, of which there is nothing', where('result', ['PARTIAL']), []],
    ['since a time', where('timestamp', 4000, 'gte'), [5000, 4000]],
    ['until a time, as digits', where('timestamp', '2000', 'lte'), [2000, 1000]],
    ['by time', { sort: { field: 'timestamp', keyword: 'ASC' } }, [1000, 2000, 3000, 4000, 5000]],
    ['by entity', { sort: { field: 'type', keyword: 'asc' } }, [2000, 1000, 4000, 5000, 3000]],
    [
      'by subtype, as the document spells it',
      { sort: { field: 'sub-type', keyword: 'DESC' } },
      [5000, 4000, 2000, 3000, 1000],
    ],
  ])('tells %s', async (_name, data, times) => {
    expect(await listed(data)).toEqual({ total: times.length, times })
  })

  it('tells a page, and how many there are in all', async () => {
    const page = await listed({ search_from: 1, search_to: 3 })
    expect(page).toEqual({ total: 5, times: [4000, 3000] })
  })

  it.each([
    ['a field that there is not', where('owner', ['x'])],
    ['an operator that it does not take', where('type', ['x'], 'gte')],
    ['a time that is none', where('timestamp', 'now', 'gte')],
    ['a result that there is not', where('result', ['maybe'])],
    ['a page that is too large', { search_from: 0, search_to: 101 }],
    ['an order that there is not', { sort: { field: 'owner', keyword: 'asc' } }],
    ['a column that there is not', { fields: ['AUDIT_X'] }],
    ['something unknown', { limit: 5 }],
  ])('refuses %s', async (_name, data) => {
    expect(await listed(data)).toMatchObject({ refusal: { code: 'invalid-request' } })
  })

  it('tells a key with a scope what it did, and what is about its endpoints', async () => {
    await using server = await startTestServer()
    const { database } = server
    const agent = await enrolTestAgent(server, await saveTestDistribution(database), 'h1')
    const byServer = (subject: string) => entryOf({ by: SERVER_PARTY, subject })
    const own = entryOf({ subject: 'mine', by: { ...SERVER_PARTY, name: 'api-key:1' } })
    const entries = [byServer('another'), byServer(agent.endpointId), own]
    await database.write((tx) => saveAudits(tx, entries))
    const subjects = async (tags: string[]) => {
      const actor = { ...TEST_ACTOR, scope: { tags } }
      const asked = { fields: ['AUDIT_OBJECT_ID'], ...where('sub_type', ['Create']) }
      const answer = await ask(managementLogsRoute, server, asked, actor)
      const { data } = (answer.ok ? answer.value : {}) as { data: { AUDIT_OBJECT_ID: string }[] }
      return data.map((row) => row.AUDIT_OBJECT_ID)
    }
    expect(await subjects(['web'])).toEqual(['mine', agent.endpointId])
    expect(await subjects(['db'])).toEqual(['mine'])
  })

  it('names the endpoints that an entry is about, and says how many there are', async () => {
    await using server = await startTestServer()
    const { database } = server
    const two = [{ hostname: 'h1' }, { hostname: 'h2' }]
    const entries = [
      entryOf({ after: { deleted: false, hostname: 'h1' } }),
      entryOf({ before: { endpoints: 2, deleted: two }, after: null }),
      entryOf({ before: { endpoints: 1, deleted: [{ hostname: 'h2' }] }, after: null }),
      entryOf({ after: { endpoints: 3, endpoint_ids: [] } }),
    ]
    for (const entry of entries) await database.write((tx) => saveAudits(tx, [entry]))
    const asked = { sort: { field: 'timestamp', keyword: 'asc' }, ...where('sub_type', ['Create']) }
    const answer = await ask(managementLogsRoute, server, asked, TEST_ACTOR)
    const { data } = (answer.ok ? answer.value : {}) as { data: Record<string, unknown>[] }
    const shown = data.map(({ AUDIT_HOSTNAME: hostname, ...row }) => {
      return [hostname, row.AUDIT_ASSET_NAMES, row.AUDIT_ADDITIONAL_INFORMATION]
    })
    expect(shown).toEqual([
      ['h1', 'h1', { endpoint_names: ['h1'], endpoint_count: 1 }],
      [null, 'h1, h2', { endpoint_names: ['h1', 'h2'], endpoint_count: 2 }],
      ['h2', 'h2', { endpoint_names: ['h2'], endpoint_count: 1 }],
      [null, '', { endpoint_names: [], endpoint_count: 3 }],
    ])
  })

  it('has the documented row, whole', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.0.0.1')
    await server.call('distributions/create', {
      name: 'web',
      platform: 'linux',
      package_type: 'standalone',
      agent_version: '1.0.0.1',
    })
    const asked = { ...where('type', ['DISTRIBUTIONS']), search_from: 0, search_to: 1 }
    const { body } = await server.call('audits/management_logs', asked)
    const [row] = body.reply.data as Record<string, unknown>[]
    expect(body.reply).toMatchObject({ total_count: 2, result_count: 1 })
    expect(row).toMatchObject({
      AUDIT_OWNER_NAME: 'api-key:1',
      AUDIT_ASSET_NAMES: 'web',
      AUDIT_RESULT: 'SUCCESS',
      AUDIT_DESCRIPTION:
        "Created a Linux Standalone installer installation package 'web' " +
        'with agent version 1.0.0.1',
      AUDIT_ENTITY: 'DISTRIBUTIONS',
      AUDIT_ENTITY_SUBTYPE: 'Create',
      AUDIT_USER_ROLES: ['Instance Administrator'],
      AUDIT_ADDITIONAL_INFORMATION: { endpoint_names: [], endpoint_count: 0 },
      AUDIT_LINK: null,
    })
    expect(JSON.parse(String(row?.AUDIT_ASSET_JSON))).toMatchObject({ after: { name: 'web' } })
    const narrow = { ...asked, fields: ['AUDIT_ID', 'AUDIT_ENTITY'] }
    const { body: columns } = await server.call('audits/management_logs', narrow)
    expect(columns.reply.data).toEqual([{ AUDIT_ID: row?.AUDIT_ID, AUDIT_ENTITY: 'DISTRIBUTIONS' }])
  })
})
