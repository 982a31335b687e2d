import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as z from 'zod'
import type { DistributionId } from '../../../base/ids.ts'
import type { PublicCall } from '../../../contract/public/call.ts'
import type { Actor } from '../../../domain/access/actor.ts'
import { loadAudit } from '../../../store/audit.ts'
import type { PublicRoute } from '../../http/route.ts'
import { ask, TEST_ACTOR } from '../../testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  saveTestRelease,
  startTestServer,
  type TestAgent,
  type TestServer,
} from '../../testing/fleet.ts'
import { getActionStatusRoute } from '../actions/get-action-status.ts'
import { assignTagRoute } from '../tags/assign.ts'
import { upgradeEndpointsRoute } from './upgrade.ts'
import { cancelUpgradeRoute } from './upgrade-cancel.ts'
import { getUpgradeRoute } from './upgrade-get.ts'
import { listUpgradesRoute } from './upgrade-list.ts'

let server: TestServer
let distributionId: DistributionId

beforeAll(async () => {
  server = await startTestServer()
  distributionId = await saveTestDistribution(server.database)
  await saveTestRelease(server.database, '1.0.0.1')
  await saveTestRelease(server.database, '1.0.0.2')
})
afterAll(() => server[Symbol.asyncDispose]())

/** The reply, as the contract has it. */
async function told<Call extends PublicCall>(
  route: PublicRoute<TestServer, Call>,
  data: z.input<Call['request']>,
  actor: Actor = TEST_ACTOR,
): Promise<z.output<Call['reply']>> {
  const outcome = await ask(route as PublicRoute<TestServer>, server, data, actor)
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.refusal)}`)
  return route.call.reply.parse(outcome.value) as z.output<Call['reply']>
}

async function enrolled(...hostnames: string[]): Promise<TestAgent[]> {
  const agents: TestAgent[] = []
  for (const hostname of hostnames) {
    const agent = await enrolTestAgent(server, distributionId, hostname)
    await agent.checkIn()
    agents.push(agent)
  }
  return agents
}

async function order(agents: readonly TestAgent[], more: Record<string, unknown> = {}) {
  const endpoint_ids = agents.map((agent) => agent.endpointId)
  const target_versions = { linux: '1.0.0.2' }
  const reply = await told(upgradeEndpointsRoute, { endpoint_ids, target_versions, ...more })
  return Number(reply.group_action_id)
}

/** The agent takes the offer and tells how far it is. */
async function reach(agent: TestAgent, phase: string, reason: string | null = null) {
  const known = agent.report.attempt as { attempt_id: string } | null
  const offer = known === null ? (await agent.checkIn()).instruction : null
  const offered = offer?.kind === 'upgrade' ? offer.attempt_id : ''
  const attempt_id = known?.attempt_id ?? offered
  const progress = { percent: 50, bytes_done: 5, bytes_total: 10, reason, message: null }
  agent.report = { ...agent.report, attempt: { attempt_id, phase, ...progress } }
  return await agent.checkIn()
}

function scopedTo(...tags: string[]): Actor {
  return { ...TEST_ACTOR, scope: { tags } }
}

describe('endpoints/upgrade/cancel', () => {
  it('ends what waits, stops what runs, leaves what switches, and says how many', async () => {
    const agents = await enrolled('c-waits', 'c-offered', 'c-runs', 'c-switches', 'c-done')
    const [waits, offered, runs, switches, done] = agents as [
      TestAgent,
      TestAgent,
      TestAgent,
      TestAgent,
      TestAgent,
    ]
    const group_action_id = await order(agents)
    await offered.checkIn()
    await reach(runs, 'downloading')
    await reach(switches, 'switching')
    await reach(done, 'succeeded')
    const reply = await told(cancelUpgradeRoute, { group_action_id, reason: 'wrong version' })
    const counts = { cancelled: 2, cancelling: 1, too_late: 1, already_ended: 1, unknown: 0 }
    expect(reply).toEqual(counts)
    expect((await told(getActionStatusRoute, { group_action_id })).data).toEqual({
      [waits.endpointId]: 'CANCELLED',
      [offered.endpointId]: 'CANCELLED',
      [runs.endpointId]: 'PENDING_ABORT',
      [switches.endpointId]: 'IN_PROGRESS',
      [done.endpointId]: 'COMPLETED_SUCCESSFULLY',
    })
    const [entry] = await loadAudit(server.database.read, 1)
    const { unknown: _, ...audited } = counts
    expect(entry).toMatchObject({
      action: 'upgrade-action.cancel',
      subject: String(group_action_id),
      description: 'Cancelled the upgrade of 3 endpoints: wrong version',
      after: { ...audited, endpoints: 3 },
    })
    const again = await told(cancelUpgradeRoute, { group_action_id })
    expect(again).toEqual({ ...counts, cancelled: 0, already_ended: 3 })
    expect((await loadAudit(server.database.read, 1))[0]).toEqual(entry)

    // What was offered and begun unheard is told to stop like what was known to run.
    const heard = await runs.checkIn()
    expect(heard.instruction).toMatchObject({ kind: 'cancel' })
    expect((await reach(runs, 'failed', 'cancelled')).acknowledged_attempt).not.toBeNull()
    expect((await waits.checkIn()).instruction).toEqual({ kind: 'nothing' })
    await reach(switches, 'succeeded')
    const { data, errorReasons } = await told(getActionStatusRoute, { group_action_id })
    expect(data).toMatchObject({
      [runs.endpointId]: 'CANCELLED',
      [switches.endpointId]: 'COMPLETED_SUCCESSFULLY',
    })
    expect(errorReasons[runs.endpointId]).toEqual({
      errorText: 'cancelled-by-operator',
      errorDescription: 'wrong version',
    })
  })

  it('only the endpoints that are named, as far as they are in the action and the scope', async () => {
    const agents = await enrolled('n-one', 'n-two', 'n-three')
    const [one, two, three] = agents.map((agent): string => agent.endpointId) as [
      string,
      string,
      string,
    ]
    const group_action_id = await order(agents)
    const tagged = [{ field: 'endpoint_id_list', operator: 'in', value: [two] }]
    await told(assignTagRoute, { filters: tagged, tag: 'mine' })
    const endpoint_ids = [one, two, three, 'f'.repeat(32)]
    const asked = { group_action_id, endpoint_ids }
    const mine = await told(cancelUpgradeRoute, asked, scopedTo('mine'))
    expect(mine).toMatchObject({ cancelled: 1, unknown: 3 })
    const all = await told(cancelUpgradeRoute, { group_action_id, endpoint_ids: [one, one] })
    expect(all).toMatchObject({ cancelled: 1, unknown: 0 })
    const { data } = await told(getActionStatusRoute, { group_action_id })
    expect(data).toEqual({ [one]: 'CANCELLED', [two]: 'CANCELLED', [three]: 'PENDING' })
  })

  it('an action outside the scope is as one that does not exist', async () => {
    const group_action_id = await order(await enrolled('outside'))
    const unknown = { ok: false, refusal: { code: 'action-unknown', actionId: group_action_id } }
    for (const route of [cancelUpgradeRoute, getUpgradeRoute, getActionStatusRoute]) {
      const asked = { group_action_id }
      const outcome = await ask(route as PublicRoute<TestServer>, server, asked, scopedTo('none'))
      expect(outcome).toEqual(unknown)
    }
    const nothing = await ask(cancelUpgradeRoute, server, { group_action_id: 999_999 })
    expect(nothing).toMatchObject({ refusal: { code: 'action-unknown' } })
  })

  it.each([
    ['nothing', {}],
    ['no number', { group_action_id: 'seven' }],
    ['nobody', { group_action_id: 1, endpoint_ids: [] }],
    ['a long reason', { group_action_id: 1, reason: 'a'.repeat(201) }],
    ['too many', { group_action_id: 1, endpoint_ids: Array(5001).fill('a') }],
    ['an unknown field', { group_action_id: 1, endpoint_id: 'a' }],
  ])('refuses %s', async (_case, data) => {
    expect(await ask(cancelUpgradeRoute, server, data)).toMatchObject({
      refusal: { code: 'invalid-request' },
    })
  })
})

describe('endpoints/upgrade/get', () => {
  const window = {
    upgrade_timeframe_days: ['tuesday'],
    upgrade_timeframe_start_time: '22:30',
    upgrade_timeframe_end_time: '04:00',
  }
  const opens_at = Date.parse('2026-11-24T22:30:00Z')

  it('tells an action with its request, its counts and its endpoints', async () => {
    const agents = await enrolled('g-one', 'g-two')
    const more = { upgrade_timeframe_window: window, retry_failed: true }
    const group_action_id = await order(agents, more)
    const reply = await told(getUpgradeRoute, { group_action_id: String(group_action_id) })
    const created_at = server.clock.now()
    expect(reply.action).toEqual({
      ...{ group_action_id, status: 'open', target_versions: { linux: '1.0.0.2' } },
      upgrade_timeframe_window: {
        ...window,
        ...{ upgrade_timeframe_timezone: 'UTC', strict_end: false },
      },
      ...{ retry_failed: true, opens_at },
      ...{ created_by: 'api-key:1', created_at, expires_at: expect.any(Number) },
      ...{ endpoints_count: 2, counts: { queued: 2 } },
      rollout: {
        ...{ state: 'scheduled', reason: 'awaiting-first-berth', message: null },
        ...{ policy: expect.anything(), current_wave: 0, soak_until: null },
        changed_at: created_at,
        waves: [
          { name: 'all', size: 2, budget: null, counts: { queued: 2 }, hold: 'outside-window' },
        ],
      },
    })
    const ids = agents.map((agent) => agent.endpointId).toSorted()
    expect(reply.upgrades.map((each) => each.endpoint_id)).toEqual(ids)
    expect(reply.upgrades[0]).toMatchObject({
      ...{ status: 'PENDING', state: 'queued', reason: 'outside-window', opens_at, percent: 0 },
    })
    const page = { search_from: 1, search_to: 2, sort: { field: 'endpoint_id', keyword: 'DESC' } }
    const one = await told(getUpgradeRoute, { group_action_id, ...page })
    expect(one).toMatchObject({ total_count: 2, result_count: 1 })
    expect(one.upgrades[0]?.endpoint_id).toBe(ids[0])
  })

  it('filters by state, reason and endpoint, and shows the columns that were asked for', async () => {
    const agents = await enrolled('f-one', 'f-two')
    const [first, second] = agents as [TestAgent, TestAgent]
    const group_action_id = await order(agents)
    await reach(first, 'downloading')
    const withState = async (field: string, value: string) => {
      const filters = [{ field, operator: 'in', value: [value] }]
      const asked = { group_action_id, filters }
      return (await told(getUpgradeRoute, asked)).upgrades.map((each) => each.endpoint_id)
    }
    expect(await withState('state', 'DOWNLOADING')).toEqual([first.endpointId])
    expect(await withState('reason', 'awaiting-check-in')).toEqual([second.endpointId])
    expect(await withState('endpoint_id', second.endpointId)).toEqual([second.endpointId])
    const fields = ['endpoint_name', 'state']
    const asked = { group_action_id, fields, filters: null }
    const outcome = await ask(getUpgradeRoute, server, asked)
    const reply = outcome.ok ? (outcome.value as { upgrades: unknown[] }) : { upgrades: [] }
    expect(reply.upgrades).toContainEqual({ endpoint_name: 'f-two', state: 'queued' })
  })

  it('tells the upgrades of an endpoint, the newest first', async () => {
    const agents = await enrolled('twice')
    const [agent] = agents as [TestAgent]
    const first = await order(agents)
    const second = await order(agents)
    const { endpointId } = agent
    const reply = await told(getUpgradeRoute, { endpoint_id: endpointId })
    expect(reply).toMatchObject({
      ...{ action: null, total_count: 2, result_count: 2 },
      upgrades: [
        { group_action_id: second, status: 'PENDING', endpoint_name: 'twice' },
        { group_action_id: first, status: 'CANCELLED', reason: 'superseded' },
      ],
    })
    const outside = await ask(
      getUpgradeRoute as PublicRoute<TestServer>,
      server,
      { endpoint_id: endpointId },
      scopedTo('none'),
    )
    expect(outcome(outside)).toEqual({ code: 'endpoint-unknown', endpointId })
  })

  it.each([
    ['nothing', {}],
    ['both', { group_action_id: 1, endpoint_id: 'a' }],
    ['a filter it does not know', { group_action_id: 1, filters: [filter('colour', 'red')] }],
    ['a state it does not know', { group_action_id: 1, filters: [filter('state', 'red')] }],
    ['a column it does not know', { group_action_id: 1, fields: ['colour'] }],
    ['too many rows', { group_action_id: 1, search_to: 101 }],
  ])('refuses %s', async (_case, data) => {
    expect(await ask(getUpgradeRoute, server, data)).toMatchObject({
      refusal: { code: 'invalid-request' },
    })
  })
})

function filter(field: string, value: string | number | (string | number)[], operator = 'in') {
  return { field, operator, value }
}

function outcome(asked: Awaited<ReturnType<typeof ask>>) {
  return asked.ok ? asked.value : asked.refusal
}

describe('endpoints/upgrade/list', () => {
  it('filters, counts all, and shows a page, the newest first', async () => {
    const agents = await enrolled('l-one', 'l-two')
    const [one] = agents as [TestAgent]
    server.clock.advance(1000)
    const from = server.clock.now()
    const first = await order(agents)
    await told(cancelUpgradeRoute, { group_action_id: first })
    server.clock.advance(1000)
    const second = await order([one])
    const list = async (...filters: ReturnType<typeof filter>[]) => {
      const asked = { filters: [filter('created_at', from, 'gte'), ...filters] }
      const { actions, total_count } = await told(listUpgradesRoute, asked)
      expect(total_count).toBe(actions.length)
      return actions.map((action) => action.group_action_id)
    }
    expect(await list()).toEqual([second, first])
    expect(await list(filter('status', ['open']))).toEqual([second])
    expect(await list(filter('status', 'Finished', 'eq'))).toEqual([first])
    expect(await list(filter('status', ['open', 'finished']))).toEqual([second, first])
    expect(await list(filter('status', []))).toEqual([])
    expect(await list(filter('created_at', from, 'lte'))).toEqual([first])
    expect(await list(filter('created_by', ['api-key:1']))).toEqual([second, first])
    expect(await list(filter('created_by', ['api-key:2']))).toEqual([])
    expect(await list(filter('group_action_id', [first]))).toEqual([first])
    const page = { search_from: 0, search_to: 1, sort: { field: 'created_at', keyword: 'asc' } }
    const oldest = await told(listUpgradesRoute, {
      filters: [filter('created_at', from, 'gte')],
      ...page,
    })
    expect(oldest).toMatchObject({
      ...{ total_count: 2, result_count: 1 },
      actions: [{ group_action_id: first, status: 'finished', counts: { cancelled: 2 } }],
    })
  })

  it('shows of an action what lies in the scope, and none of which nothing does', async () => {
    const agents = await enrolled('s-one', 's-two')
    const [one] = agents as [TestAgent]
    const group_action_id = await order(agents)
    const filters = [filter('endpoint_id_list', [one.endpointId])]
    await told(assignTagRoute, { filters, tag: 's-tag' })
    const mine = await told(listUpgradesRoute, {}, scopedTo('s-tag'))
    expect(mine).toMatchObject({
      total_count: 1,
      actions: [{ group_action_id, endpoints_count: 1, counts: { queued: 1 } }],
    })
    const asked = await told(getUpgradeRoute, { group_action_id }, scopedTo('s-tag'))
    expect(asked).toMatchObject({
      ...{ total_count: 1, action: { endpoints_count: 1 } },
      upgrades: [{ endpoint_id: one.endpointId }],
    })
    expect(await told(listUpgradesRoute, {}, scopedTo('nothing'))).toMatchObject({
      ...{ total_count: 0, result_count: 0 },
      actions: [],
    })
  })

  it('shows the columns that were asked for', async () => {
    const fields = ['group_action_id', 'status']
    const reply = await ask(listUpgradesRoute, server, { fields, search_to: 1 })
    const row = { group_action_id: expect.any(Number), status: 'open' }
    expect(reply).toMatchObject({ ok: true, value: { actions: [row] } })
  })

  it.each([
    ['a filter it does not know', { filters: [filter('colour', 'red')] }],
    ['a status that is none', { filters: [filter('status', 'red')] }],
    ['a time that is none', { filters: [filter('created_at', 'now', 'gte')] }],
    ['a column it does not know', { fields: ['colour'] }],
    ['a sort it does not know', { sort: { field: 'colour', keyword: 'asc' } }],
    ['too many rows', { search_to: 101 }],
  ])('refuses %s', async (_case, data) => {
    expect(await ask(listUpgradesRoute, server, data)).toMatchObject({
      refusal: { code: 'invalid-request' },
    })
  })
})
