import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpointSummary } from '../../../contract/public/endpoint-lists.ts'
import type { Scope } from '../../../domain/access/scope.ts'
import { fillFleet } from '../../../store/testing/fleet.ts'
import { ask, TEST_ACTOR } from '../../testing/ask.ts'
import { startTestServer, type TestServer } from '../../testing/fleet.ts'
import { getEndpointsRoute } from './get-endpoints.ts'

/** More than one piece of ids; one in a hundred is deleted. */
const COUNT = 10_200
const LISTED = COUNT - COUNT / 100

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
  await fillFleet(server.database.connection, COUNT, server.clock.now())
}, 60_000)

afterAll(() => server[Symbol.asyncDispose]())

type Row = Readonly<Record<string, unknown>>

async function start(data: unknown, scope: Scope = null): Promise<AsyncIterable<Row>> {
  const answer = await ask(getEndpointsRoute, server, data, { ...TEST_ACTOR, scope })
  if (!answer.ok) throw new Error(JSON.stringify(answer.refusal))
  return answer.value as AsyncIterable<Row> // What the edge streams, or an array.
}

async function list(data: unknown, scope: Scope = null): Promise<readonly Row[]> {
  const rows: Row[] = []
  for await (const row of await start(data, scope)) rows.push(row)
  return rows
}

async function copyEndpoint(from: string, id: string): Promise<void> {
  await server.database.write(async (tx) => {
    const { health_status: _, ...row } = await tx
      .selectFrom('endpoint')
      .selectAll()
      .where('id', '=', from)
      .executeTakeFirstOrThrow()
    const json = {
      facts: JSON.stringify(row.facts),
      health: JSON.stringify(row.health),
      skipped: JSON.stringify(row.skipped),
      server_tags: JSON.stringify(row.server_tags),
    }
    await tx
      .insertInto('endpoint')
      .values({ ...row, ...json, id })
      .execute()
    await tx.insertInto('liveness').values({ endpoint_id: id, last_seen: 0 }).execute()
  })
}

async function setDeleted(id: string, deletedAt: number | null): Promise<void> {
  await server.database.write((tx) =>
    tx.updateTable('endpoint').set({ deleted_at: deletedAt }).where('id', '=', id).execute(),
  )
}

describe('get_endpoints', () => {
  it('answers every endpoint once, with the keys of newer and of older tenants', async () => {
    const rows = await list({})
    expect(rows).toHaveLength(LISTED)
    expect(new Set(rows.map((row) => row.agent_id)).size).toBe(LISTED)
    for (const row of rows.slice(0, 100)) {
      const parsed = endpointSummary.strict().parse(row)
      expect(parsed.endpoint_id).toBe(parsed.agent_id)
      expect(parsed.endpoint_name).toBe(parsed.host_name)
      expect(['Server', 'Workstation']).toContain(parsed.agent_type)
    }
  })

  it('neither repeats nor loses any when others enrol and are deleted meanwhile', async () => {
    const [first = '', second = ''] = (await list({})).map((row) => String(row.agent_id))
    const before = '0'.repeat(32)
    const after = 'f'.repeat(32)
    const seen: unknown[] = []
    for await (const row of await start({})) {
      if (seen.length === 0) {
        await copyEndpoint(first, before)
        await copyEndpoint(first, after)
        await setDeleted(second, server.clock.now())
      }
      seen.push(row.agent_id)
    }
    expect(new Set(seen).size).toBe(seen.length)
    // Its row had been read already; who came in behind where the list was is in it.
    expect(seen.slice(0, 2)).toEqual([first, second])
    expect(seen.at(-1)).toBe(after)
    expect(seen).toHaveLength(LISTED + 1)
    await setDeleted(second, null)
    for (const id of [before, after]) await setDeleted(id, server.clock.now())
  })

  it('obeys filters and the scope', async () => {
    const filters = [{ field: 'platform', operator: 'in', value: ['linux'] }]
    const linux = await list({ filters })
    const scoped = await list({ filters }, { tags: ['ring-1'] })
    expect(linux.length).toBeLessThan(LISTED)
    expect(scoped.length).toBeLessThan(linux.length)
    expect(scoped.length).toBeGreaterThan(0)
    for (const { tags } of scoped) expect(tags).toHaveProperty('endpoint_tags.1', 'ring-1')
    expect(await list({}, { tags: [] })).toEqual([])
  })

  it('answers one page where one is asked for', async () => {
    const sort = { field: 'endpoint_id', keyword: 'asc' }
    const page = await list({ search_from: 10, search_to: 15, sort })
    expect(page).toEqual((await list({})).slice(10, 15))
    expect(await list({ search_from: LISTED - 1 })).toHaveLength(1)
  })

  it('gives only the columns that were asked for', async () => {
    const [row] = await list({ fields: ['agent_id'] })
    expect(Object.keys(row ?? {})).toEqual(['agent_id'])
  })

  it.each([
    [{ fields: ['endpoint'] }],
    [{ filters: [{ field: 'endpoint', operator: 'in', value: 'x' }] }],
    [{ search_from: 0, search_to: 500 }],
    [[]],
  ])('refuses %j', async (data) => {
    const answer = await ask(getEndpointsRoute, server, data)
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'invalid-request' } })
  })
})
