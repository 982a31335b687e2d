import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DistributionId, EndpointId } from '../../../base/ids.ts'
import { invariant } from '../../../base/invariant.ts'
import { DELETE_ENDPOINTS_MAX } from '../../../contract/public/limits.ts'
import { loadAudit } from '../../../store/audit.ts'
import { loadEndpoints } from '../../../store/endpoints.ts'
import type { PublicRoute } from '../../http/route.ts'
import { ask, TEST_ACTOR } from '../../testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  saveTestRelease,
  startTestServer,
  type TestServer,
} from '../../testing/fleet.ts'
import { getActionStatusRoute } from '../actions/get-action-status.ts'
import { deleteEndpointsRoute } from './delete.ts'
import { getEndpointRoute } from './get-endpoint.ts'
import { getPolicyRoute } from './get-policy.ts'
import { updateAgentNameRoute } from './update-agent-name.ts'
import { upgradeEndpointsRoute } from './upgrade.ts'

let server: TestServer
let distributionId: DistributionId

beforeAll(async () => {
  server = await startTestServer()
  distributionId = await saveTestDistribution(server.database)
  await saveTestRelease(server.database, '1.0.0.1')
  await saveTestRelease(server.database, '1.0.0.2')
})
afterAll(() => server[Symbol.asyncDispose]())

const SCOPED = { ...TEST_ACTOR, scope: { tags: ['nobody has this'] } }

async function call(route: PublicRoute<TestServer>, data: unknown, actor = TEST_ACTOR) {
  const outcome = await ask(route, server, data, actor)
  if (outcome.ok) route.call.reply.parse(outcome.value)
  return outcome
}

async function enrolled(hostname: string) {
  const agent = await enrolTestAgent(server, distributionId, hostname)
  await agent.checkIn()
  return agent
}

async function stored(id: EndpointId) {
  const endpoint = (await loadEndpoints(server.database.read, [id])).get(id)
  invariant(endpoint !== undefined, 'the endpoint is stored')
  return endpoint
}

/** So many more endpoints, like that one but for their ids. */
async function copyEndpoint(id: EndpointId, count: number) {
  await server.database.write(async (tx) => {
    await sql`
      insert into endpoint (id, distribution_id, credential_digest, platform, arch, libc, version,
        manifest_digest, hostname, machine_id, facts, facts_digest, health, skipped, fingerprint,
        run_id, alias, server_tags, first_seen)
      select md5(${id} || n), distribution_id, credential_digest, platform, arch, libc, version,
        manifest_digest, hostname, machine_id, facts, facts_digest, health, skipped, fingerprint,
        run_id, alias, server_tags, first_seen
      from endpoint, generate_series(1, ${count}) as n where id = ${id}`.execute(tx)
  })
}

const named = (...value: string[]) => [{ field: 'endpoint_id_list', operator: 'in', value }]
const DONE = { ok: true, value: true }

async function isListed(id: EndpointId) {
  const page = await call(getEndpointRoute, { filters: named(id) })
  return page.ok && (page.value as { total_count: number }).total_count === 1
}

describe('endpoints/update_agent_name', () => {
  it('names what the filters mean, empties it again, and says before and after', async () => {
    const agent = await enrolled('named')
    const { endpointId } = agent
    const alias = "web-1!@#$%^&:()'{}~_."
    expect(await call(updateAgentNameRoute, { filters: named(endpointId), alias })).toEqual(DONE)
    expect((await stored(endpointId)).alias).toBe(alias)
    const filters = [{ field: 'hostname', operator: 'IN', value: 'named' }]
    expect(await call(updateAgentNameRoute, { filters, alias: '' })).toEqual(DONE)
    expect((await stored(endpointId)).alias).toBe('')
    const [entry] = await loadAudit(server.database.read, 1)
    expect(entry).toMatchObject({
      action: 'endpoint.rename',
      subject: endpointId,
      before: { aliases: { [endpointId]: alias } },
      after: { alias: '', endpoints: 1, endpoint_ids: [endpointId] },
    })
  })

  it('what lies outside the scope is not there', async () => {
    const agent = await enrolled('out of reach')
    const data = { filters: named(agent.endpointId), alias: 'mine' }
    expect(await call(updateAgentNameRoute, data, SCOPED)).toEqual({
      ok: false,
      refusal: { code: 'no-endpoint-matches' },
    })
    expect((await stored(agent.endpointId)).alias).toBe('')
  })

  it.each([
    ['nothing', {}, 'filters'],
    ['no filter', { filters: [], alias: 'a' }, 'filters'],
    ['everything', { filters: 'all', alias: 'a' }, 'filters'],
    ['a space', { filters: named('x'), alias: 'a b' }, 'alias'],
    ['a long name', { filters: named('x'), alias: 'a'.repeat(256) }, 'alias'],
    ['no name', { filters: named('x') }, 'alias'],
    ['an unknown field', { filters: named('x'), alias: 'a', aliases: [] }, 'aliases'],
  ])('refuses %s', async (_case, data, field) => {
    const outcome = await call(updateAgentNameRoute, data)
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'invalid-request' } })
    expect(JSON.stringify(outcome)).toContain(`"${field}"`)
  })

  it('takes a name of the greatest length', async () => {
    const { endpointId } = await enrolled('long')
    const alias = 'a'.repeat(255)
    expect(await call(updateAgentNameRoute, { filters: named(endpointId), alias })).toEqual(DONE)
  })
})

describe('endpoints/delete', () => {
  it('is not listed any more, ends its upgrade, and comes back with its next check-in', async () => {
    const agent = await enrolled('comes back')
    const { endpointId } = agent
    const order = { endpoint_ids: [endpointId], target_versions: { linux: '1.0.0.2' } }
    const ordered = await call(upgradeEndpointsRoute, order)
    invariant(ordered.ok, 'the upgrade was ordered')
    const { group_action_id } = ordered.value as { group_action_id: number }
    const filters = named(endpointId, 'f'.repeat(32))
    expect(await call(deleteEndpointsRoute, { filters })).toEqual(DONE)
    expect(await isListed(endpointId)).toBe(false)
    expect(await call(getActionStatusRoute, { group_action_id })).toMatchObject({
      value: {
        data: { [endpointId]: 'CANCELLED' },
        errorReasons: { [endpointId]: { errorText: 'endpoint-deleted' } },
      },
    })
    const audit = await loadAudit(server.database.read, 1)
    expect(audit).toMatchObject([{ action: 'endpoint.delete', subject: endpointId }])
    // Twice is once.
    expect(await call(deleteEndpointsRoute, { filters })).toEqual(DONE)
    expect(await loadAudit(server.database.read, 1)).toEqual(audit)
    expect(await call(upgradeEndpointsRoute, order)).toMatchObject({
      refusal: { ineligible: [{ reason: 'endpoint-deleted' }] },
    })
    expect((await agent.checkIn()).instruction).toEqual({ kind: 'nothing' })
    expect(await isListed(endpointId)).toBe(true)
    const [restored] = await loadAudit(server.database.read, 1)
    expect(restored).toMatchObject({
      action: 'endpoint.restore',
      subject: endpointId,
      by: { name: `endpoint:${endpointId}` },
    })
    await agent.checkIn()
    expect((await loadAudit(server.database.read, 1))[0]).toEqual(restored)
  })

  it('none at all where more than a thousand are meant', async () => {
    const { endpointId } = await enrolled('one of many')
    await copyEndpoint(endpointId, DELETE_ENDPOINTS_MAX)
    const many = [{ field: 'hostname', operator: 'in', value: ['one of many'] }]
    expect(await call(deleteEndpointsRoute, { filters: many })).toEqual({
      ok: false,
      refusal: { code: 'too-many-endpoints', limit: DELETE_ENDPOINTS_MAX },
    })
    const fewer = [...many, { field: 'endpoint_id_list', operator: 'in', value: [endpointId] }]
    expect(await call(deleteEndpointsRoute, { filters: fewer })).toEqual(DONE)
    expect(await call(deleteEndpointsRoute, { filters: many })).toEqual(DONE)
    expect(await call(getEndpointRoute, { filters: many })).toMatchObject({
      value: { total_count: 0 },
    })
  })

  it.each([
    ['nothing', {}],
    ['no filter', { filters: [] }],
    ['everything', { filters: 'all' }],
    ['an unknown filter', { filters: [{ field: 'colour', operator: 'in', value: ['red'] }] }],
  ])('refuses %s', async (_case, data) => {
    expect(await call(deleteEndpointsRoute, data)).toMatchObject({
      ok: false,
      refusal: { code: 'invalid-request' },
    })
  })
})

describe('endpoints/get_policy', () => {
  it('tells the one policy of the instance', async () => {
    const { endpointId } = await enrolled('policy')
    expect(await call(getPolicyRoute, { endpoint_id: endpointId })).toEqual({
      ok: true,
      value: {
        policy_name: 'Linux Default',
        auto_upgrade: false,
        parallel_upgrades: 500,
        upgrade_timeframe_window: null,
      },
    })
    expect(await call(getPolicyRoute, { endpoint_id: endpointId }, SCOPED)).toEqual({
      ok: false,
      refusal: { code: 'endpoint-unknown', endpointId },
    })
  })

  it.each([[{}], [{ endpoint_id: '' }], [{ endpoint_id: 7 }]])('refuses %j', async (data) => {
    expect(await call(getPolicyRoute, data)).toMatchObject({
      ok: false,
      refusal: { code: 'invalid-request' },
    })
  })
})
