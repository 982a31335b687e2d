import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { holdEndpoints, saveTagAssigned, saveTagRemoved } from '../../../store/endpoint-changes.ts'
import { loadEndpoints } from '../../../store/endpoints.ts'
import type { Database } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'
import { ask, TEST_ACTOR } from '../../testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  startTestServer,
  type TestServer,
} from '../../testing/fleet.ts'
import { assignTagRoute } from '../tags/assign.ts'
import { removeTagRoute } from '../tags/remove.ts'
import { deleteEndpointsRoute } from './delete.ts'
import { updateAgentNameRoute } from './update-agent-name.ts'

async function waitingForLocks(database: Database): Promise<number> {
  const { rows } = await sql<{ readonly count: number }>`
    select count(*) as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(database.read)
  return rows[0]?.count ?? 0
}

const CALLS: [string, PublicRoute<TestServer>, Record<string, unknown>][] = [
  ['renamed', updateAgentNameRoute, { alias: 'mine' }],
  ['tagged', assignTagRoute, { tag: 'more' }],
  ['robbed of a tag', removeTagRoute, { tag: 'theirs' }],
  ['deleted', deleteEndpointsRoute, {}],
]

describe('an endpoint that leaves the scope while somebody asks', () => {
  it.each(CALLS)('is not %s any more', async (_what, route, data) => {
    await using server = await startTestServer()
    const { database } = server
    const distributionId = await saveTestDistribution(database)
    const { endpointId } = await enrolTestAgent(server, distributionId, 'leaves')
    await database.write(async (tx) => {
      await saveTagAssigned(tx, [endpointId], 'mine')
      await saveTagAssigned(tx, [endpointId], 'theirs')
    })
    const { promise: held, resolve: noteHeld } = Promise.withResolvers<void>()
    const { promise: mayGo, resolve: go } = Promise.withResolvers<void>()
    const leaving = database.write(async (tx) => {
      await holdEndpoints(tx, [endpointId])
      await saveTagRemoved(tx, [endpointId], 'mine')
      noteHeld()
      await mayGo
    })
    await held
    const before = await database.read.selectFrom('audit').select('id').execute()
    const filters = [{ field: 'hostname', operator: 'eq', value: 'leaves' }]
    const actor = { ...TEST_ACTOR, scope: { tags: ['mine'] } }
    const asked = ask(route, server, { filters, ...data }, actor)
    await expect.poll(() => waitingForLocks(database)).toBe(1)
    go()
    await leaving
    await asked
    const endpoint = (await loadEndpoints(database.read, [endpointId])).get(endpointId)
    expect(endpoint).toMatchObject({ alias: '', deletedAt: null, serverTags: ['theirs'] })
    expect(await database.read.selectFrom('audit').select('id').execute()).toEqual(before)
  })
})
