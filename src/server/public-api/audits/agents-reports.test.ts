import { describe, expect, it } from 'vitest'
import { deleteOldAgentReports } from '../../../store/agent-reports.ts'
import { saveEndpointsDeleted } from '../../../store/endpoint-changes.ts'
import { ask, TEST_ACTOR } from '../../testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  saveTestRelease,
  startTestServer,
  TEST_START,
  type TestServer,
} from '../../testing/fleet.ts'
import { agentsReportsRoute } from './agents-reports.ts'

type Row = Record<string, unknown>

async function reports(server: TestServer, data: unknown = {}, tags: string[] | null = null) {
  const actor = { ...TEST_ACTOR, scope: tags === null ? null : { tags } }
  const answer = await ask(agentsReportsRoute, server, data, actor)
  if (!answer.ok) return { refusal: answer.refusal, rows: [], total: 0 }
  const { total_count: total, data: rows } = answer.value as { total_count: number; data: Row[] }
  return { total, rows }
}

/** An endpoint that was enrolled, fell ill, was deleted, and came back. */
async function startHistory() {
  const server = await startTestServer()
  await saveTestRelease(server.database, '1.0.0.1')
  const distribution = await saveTestDistribution(server.database)
  const agent = await enrolTestAgent(server, distribution, 'h1')
  await agent.checkIn()
  server.clock.advance(1000)
  const details = [{ title: 'payload', reason: 'it exited with 1' }]
  agent.report = { ...agent.report, health: { status: 'unhealthy', details } }
  await agent.checkIn()
  await agent.checkIn()
  server.clock.advance(1000)
  const now = server.clock.now()
  await server.database.write((tx) => saveEndpointsDeleted(tx, [agent.endpointId], now))
  server.clock.advance(1000)
  await agent.checkIn()
  return Object.assign(server, { agent })
}

const where = (field: string, value: unknown, operator = 'in') => {
  return { filters: [{ field, operator, value }] }
}

describe('audits/agents_reports', () => {
  it('has a row, whole, for each thing that an endpoint went through', async () => {
    await using server = await startHistory()
    const { rows, total } = await reports(server)
    expect(total).toBe(4)
    expect(rows.map((row) => row.SUBTYPE)).toEqual([
      'Restore Endpoint',
      'Delete Endpoint',
      'Partially protected',
      'Install',
    ])
    const time = TEST_START + 0.002
    expect(rows.at(-1)).toEqual({
      TIMESTAMP: time,
      RECEIVEDTIME: time,
      ENDPOINTID: server.agent.endpointId,
      ENDPOINTNAME: 'h1',
      DOMAIN: '',
      TRAPSVERSION: '1.0.0.1',
      XDRVERSION: '1.0.0.1',
      CATEGORY: 'Audit',
      TYPE: 'Installation',
      SUBTYPE: 'Install',
      RESULT: 'Success',
      REASON: null,
      SEVERITY: 'Informational',
      DESCRIPTION: 'Agent version 1.0.0.1 installed on h1',
    })
    expect(rows[2]).toMatchObject({
      CATEGORY: 'Status',
      RESULT: 'Failed',
      REASON: 'payload',
      SEVERITY: 'Medium',
      DESCRIPTION: 'The agent on h1 is not well: it exited with 1',
    })
  })

  it.each([
    ['an endpoint by its name', where('endpoint_name', ['h1']), 4],
    ['another endpoint', where('endpoint_id', ['0'.repeat(32)]), 0],
    ['a type', where('type', ['Installation']), 1],
    ['a subtype', where('sub_type', ['install', 'Delete Endpoint']), 2],
    ['a category', where('category', ['status']), 1],
    ['failures', where('result', ['Failed'], 'IN'), 1],
    ['a version', where('xdr_version', ['1.0.0.1']), 4],
    ['a version by its old name', where('trapsversion', ['2.0.0.1']), 0],
    ['a domain', where('domain', ['']), 4],
    ['since a time', where('timestamp', TEST_START + 1000, 'gte'), 3],
    ['until a time as it was told', where('timestamp', TEST_START + 0.002, 'lte'), 1],
  ])('tells of %s', async (_name, data, total) => {
    await using server = await startHistory()
    const found = await reports(server, data)
    expect(found.total).toBe(total)
    expect(found.rows).toHaveLength(total)
  })

  it.each([
    [{ field: 'timestamp', keyword: 'asc' }, 'Install'],
    [{ field: 'category', keyword: 'DESC' }, 'Partially protected'],
    [{ field: 'type', keyword: 'desc' }, 'Install'],
    [{ field: 'domain', keyword: 'asc' }, 'Install'],
    [{ field: 'trapsversion', keyword: 'asc' }, 'Install'],
  ])('is sorted by %o', async (sort, first) => {
    await using server = await startHistory()
    expect((await reports(server, { sort })).rows[0]?.SUBTYPE).toBe(first)
  })

  it('obeys the scope, the page and the columns', async () => {
    await using server = await startHistory()
    expect((await reports(server, {}, ['web'])).total).toBe(4)
    expect((await reports(server, {}, ['db'])).total).toBe(0)
    const page = { search_from: 1, search_to: 2, fields: ['SUBTYPE'] }
    expect(await reports(server, page)).toEqual({
      total: 4,
      rows: [{ SUBTYPE: 'Delete Endpoint' }],
    })
  })

  it.each([
    where('hostname', ['x']),
    where('category', ['x']),
    where('timestamp', [1, 2], 'gte'),
    { search_to: 101 },
    { fields: ['X'] },
    { sort: { field: 'result', keyword: 'asc' } },
    { limit: 1 },
  ])('refuses %j', async (data) => {
    await using server = await startTestServer()
    expect(await reports(server, data)).toMatchObject({ refusal: { code: 'invalid-request' } })
  })

  it('forgets what is older than a year, and what is too much', async () => {
    await using server = await startHistory()
    const { database } = server
    const forget = (old: { before: number; keep: number; limit: number }) =>
      database.write((tx) => deleteOldAgentReports(tx, old))
    expect(await forget({ before: TEST_START + 1, keep: 10, limit: 10 })).toBe(1)
    expect((await reports(server)).total).toBe(3)
    expect(await forget({ before: 0, keep: 1, limit: 1 })).toBe(1)
    expect(await forget({ before: 0, keep: 1, limit: 10 })).toBe(1)
    expect((await reports(server)).total).toBe(1)
  })
})
