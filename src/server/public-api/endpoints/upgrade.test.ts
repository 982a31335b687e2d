import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DistributionId } from '../../../base/ids.ts'
import { invariant } from '../../../base/invariant.ts'
import { upgradeEndpointsCall } from '../../../contract/public/endpoints.ts'
import { berthStandsMs } from '../../../domain/upgrade/berth.ts'
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
import { advanceRollouts } from '../../work/advance-rollouts.ts'
import { endOverdueUpgrades } from '../../work/end-overdue-upgrades.ts'
import { getActionStatusRoute } from '../actions/get-action-status.ts'
import { getEndpointRoute } from './get-endpoint.ts'
import { getEndpointsRoute } from './get-endpoints.ts'
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

async function call(route: PublicRoute<TestServer>, data: unknown) {
  return await ask(route, server, data)
}

async function order(agents: readonly TestAgent[], more: Record<string, unknown> = {}) {
  const endpoint_ids = agents.map((agent) => agent.endpointId)
  const outcome = await call(upgradeEndpointsRoute, {
    endpoint_ids,
    target_versions: { linux: '1.0.0.2' },
    ...more,
  })
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.refusal)}`)
  return outcome.value as { group_action_id: number; details: string[] }
}

async function statusOf(actionId: number, agent: TestAgent) {
  const outcome = await call(getActionStatusRoute, { group_action_id: actionId })
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.refusal)}`)
  const value = outcome.value as {
    data: Record<string, string>
    errorReasons: Record<string, { errorText: string; errorDescription: string }>
    details: Record<string, { state: string; reason: string; opens_at: number | null }>
  }
  const id = agent.endpointId
  return { status: value.data[id], error: value.errorReasons[id], detail: value.details[id] }
}

async function endpointOf(agent: TestAgent) {
  const filters = [{ field: 'endpoint_id_list', operator: 'in', value: [agent.endpointId] }]
  const outcome = await call(getEndpointRoute, { filters })
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.refusal)}`)
  const value = outcome.value as { total_count: number; endpoints: Record<string, unknown>[] }
  return value.endpoints[0]
}

const attempt = (id: unknown, phase: string, reason: string | null = null) => ({
  attempt_id: id,
  phase,
  percent: phase === 'downloading' ? 50 : 100,
  bytes_done: 5,
  bytes_total: 10,
  reason,
  message: reason === null ? null : 'it said so',
})

describe('endpoints/upgrade', () => {
  it('answers in the documented wording, singular and plural', async () => {
    const one = await enrolTestAgent(server, distributionId, 'wording-1')
    const two = await enrolTestAgent(server, distributionId, 'wording-2')
    await Promise.all([one.checkIn(), two.checkIn()])
    expect(await order([one])).toMatchObject({
      summary: 'Upgrade action created successfully.',
      details: ['Linux: 1 endpoint queued for upgrade to 1.0.0.2'],
      endpoints_count: 1,
      ineligible: [],
    })
    const { details } = await order([one, two])
    expect(details).toEqual(['Linux: 2 endpoints queued for upgrade to 1.0.0.2'])
  })

  it('goes from order to offer to success, seen at every step', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'path')
    await agent.checkIn()
    const { group_action_id } = await order([agent])
    expect(await statusOf(group_action_id, agent)).toMatchObject({ status: 'PENDING' })
    const { instruction } = await agent.checkIn()
    expect(instruction).toMatchObject({ kind: 'upgrade', version: '1.0.0.2', probation_s: 300 })
    const id = instruction.kind === 'upgrade' ? instruction.attempt_id : ''
    agent.report = { ...agent.report, attempt: attempt(id, 'downloading') }
    await agent.checkIn()
    expect(await statusOf(group_action_id, agent)).toMatchObject({
      status: 'IN_PROGRESS',
      detail: { state: 'downloading', percent: 50, attempts: 1 },
    })
    agent.report = { ...agent.report, attempt: attempt(id, 'succeeded') }
    expect((await agent.checkIn()).acknowledged_attempt).toBe(id)
    expect(await statusOf(group_action_id, agent)).toMatchObject({
      status: 'COMPLETED_SUCCESSFULLY',
      detail: { reason: 'upgraded' },
    })
  })

  it('tells why a version was taken back, in the action and at the endpoint', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'bad')
    await agent.checkIn()
    const { group_action_id } = await order([agent])
    const { instruction } = await agent.checkIn()
    const id = instruction.kind === 'upgrade' ? instruction.attempt_id : ''
    agent.report = { ...agent.report, attempt: attempt(id, 'rolled-back', 'never-checked-in') }
    await agent.checkIn()
    expect(await statusOf(group_action_id, agent)).toMatchObject({
      status: 'FAILED',
      error: { errorText: 'never-checked-in', errorDescription: 'it said so' },
    })
    expect(await endpointOf(agent)).toMatchObject({
      endpoint_version: '1.0.0.1',
      last_upgrade: { state: 'rolled-back', reason: 'never-checked-in', message: 'it said so' },
    })
  })

  it('offers nothing before its window opens, says when it does, and offers then', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'window')
    await agent.checkIn()
    const { group_action_id } = await order([agent], {
      upgrade_timeframe_window: {
        upgrade_timeframe_days: ['Tuesday'],
        upgrade_timeframe_start_time: '02:00',
        upgrade_timeframe_end_time: '04:00',
      },
    })
    expect((await agent.checkIn()).instruction).toEqual({ kind: 'nothing' })
    const opensAt = Date.parse('2026-11-24T02:00:00Z')
    expect(await statusOf(group_action_id, agent)).toMatchObject({
      status: 'PENDING',
      detail: { state: 'queued', reason: 'outside-window', opens_at: opensAt },
    })
    const wait = opensAt - server.clock.now()
    server.clock.advance(wait - 1)
    expect((await agent.checkIn()).instruction).toEqual({ kind: 'nothing' })
    await advanceRollouts(server)
    expect((await agent.checkIn()).instruction).toEqual({ kind: 'nothing' })
    server.clock.advance(1)
    await advanceRollouts(server)
    expect((await agent.checkIn()).instruction).toMatchObject({
      kind: 'upgrade',
      start_within_s: berthStandsMs(60) / 1000,
    })
  })

  it('a newer action takes over what has not started', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'superseded')
    await agent.checkIn()
    const first = await order([agent])
    const second = await order([agent])
    expect(await statusOf(first.group_action_id, agent)).toMatchObject({
      status: 'CANCELLED',
      error: { errorText: 'superseded' },
    })
    expect(await statusOf(second.group_action_id, agent)).toMatchObject({ status: 'PENDING' })
  })

  it('expires what never started after thirty days, and gives up what went silent', async () => {
    const waiting = await enrolTestAgent(server, distributionId, 'waiting')
    const silent = await enrolTestAgent(server, distributionId, 'silent')
    await Promise.all([waiting.checkIn(), silent.checkIn()])
    const { group_action_id } = await order([waiting, silent])
    const { instruction } = await silent.checkIn()
    const id = instruction.kind === 'upgrade' ? instruction.attempt_id : ''
    silent.report = { ...silent.report, attempt: attempt(id, 'switching') }
    await silent.checkIn()
    server.clock.advance(30 * 86_400_000)
    expect(await endOverdueUpgrades(server)).toBeGreaterThanOrEqual(2)
    expect((await statusOf(group_action_id, waiting)).status).toBe('EXPIRED')
    expect((await statusOf(group_action_id, silent)).status).toBe('TIMEOUT')
    expect(await endOverdueUpgrades(server)).toBe(0)
  })

  it('refuses a strict window in which no version could prove itself, dry run and order', async () => {
    const one = await enrolTestAgent(server, distributionId, 'strict-1')
    await one.checkIn()
    const ordered = {
      endpoint_ids: [one.endpointId],
      target_versions: { linux: '1.0.0.2' },
      upgrade_timeframe_window: {
        upgrade_timeframe_days: ['monday'],
        upgrade_timeframe_start_time: '02:00',
        upgrade_timeframe_end_time: '02:05',
        strict_end: true,
      },
    }
    const refusal = { code: 'strict-window-too-short', windowMinutes: 5, probationMinutes: 5 }
    for (const dry_run of [true, false]) {
      const outcome = await call(upgradeEndpointsRoute, { ...ordered, dry_run })
      expect(outcome).toEqual({ ok: false, refusal })
    }
    const rollout = { probation_minutes: 4 }
    expect(await call(upgradeEndpointsRoute, { ...ordered, rollout })).toMatchObject({ ok: true })
  })

  it('refuses when nobody is eligible, with every reason', async () => {
    const outcome = await call(upgradeEndpointsRoute, {
      endpoint_ids: ['f'.repeat(32), 'no id at all'],
      target_versions: { linux: '1.0.0.2' },
    })
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { code: 'nothing-eligible', ineligible: [{ reason: 'unknown-endpoint' }, {}] },
    })
  })
})

describe('endpoints/upgrade, what it is asked', () => {
  const ids = ['f'.repeat(32)]
  const asked = { endpoint_ids: ids, target_versions: { linux: '1.0.0.2' } }
  const upgrade_timeframe_window = { upgrade_timeframe_days: ['monday'] }
  const both = { linux: '1.0.0.2', LINUX: '1.0.0.2' }
  const day = { upgrade_timeframe_day: ['monday'] }
  const half = { upgrade_timeframe_start_time: '02:00' }
  const late = { upgrade_timeframe_start_time: '02:00', upgrade_timeframe_end_time: '24:00' }
  it.each<[string, Record<string, unknown>, string]>([
    [
      'a misspelt window',
      { upgrade_timeframe_windows: upgrade_timeframe_window },
      'upgrade_timeframe_windows',
    ],
    ['a misspelt field of the window', { upgrade_timeframe_window: day }, 'upgrade_timeframe_day'],
    ['a window that only starts', { upgrade_timeframe_window: half }, 'upgrade_timeframe_end_time'],
    ['a time that is none', { upgrade_timeframe_window: late }, 'upgrade_timeframe_end_time'],
    [
      'a day that is none',
      { upgrade_timeframe_window: { upgrade_timeframe_days: ['Moonday'] } },
      'upgrade_timeframe_days',
    ],
    ['one platform twice', { target_versions: both }, 'LINUX'],
    ['a platform that is none', { target_versions: { Solaris: '1.0.0.2' } }, 'solaris'],
    ['no platform', { target_versions: {} }, 'target_versions'],
    ['a version that is none', { target_versions: { linux: '1.0' } }, 'linux'],
    ['no endpoint', { endpoint_ids: [] }, 'endpoint_ids'],
    ['too many endpoints', { endpoint_ids: Array(5001).fill('a') }, 'endpoint_ids'],
  ])('%s is refused by name', async (_case, more, place) => {
    const outcome = await call(upgradeEndpointsRoute, { ...asked, ...more })
    invariant(!outcome.ok && outcome.refusal.code === 'invalid-request', 'it was refused')
    const places = outcome.refusal.errors.map((error) => error.loc.join('.'))
    expect(places.join(' ')).toContain(place)
  })

  it('takes platforms and days in any letter case, and five thousand ids', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'letters')
    await agent.checkIn()
    const others = Array.from({ length: 4999 }, (_, at) => `nobody ${at}`)
    const outcome = await call(upgradeEndpointsRoute, {
      endpoint_ids: [agent.endpointId, ...others],
      target_versions: { LINUX: '1.0.0.2' },
      upgrade_timeframe_window: { upgrade_timeframe_days: ['MONDAY', 'Tuesday', 'monday'] },
    })
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        details: ['Linux: 1 endpoint queued for upgrade to 1.0.0.2', '4999 endpoints not found'],
        endpoints_count: 1,
        ineligible: { length: 100 },
        ineligible_count: 4999,
      },
    })
  })

  it('an endpoint outside the scope is told like one that does not exist', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'elsewhere')
    await agent.checkIn()
    const { endpointId } = agent
    const data = { endpoint_ids: [endpointId], target_versions: { linux: '1.0.0.2' } }
    const outside = { ...TEST_ACTOR, scope: { tags: ['db'] } }
    expect(await ask(upgradeEndpointsRoute, server, data, outside)).toEqual({
      ok: false,
      refusal: {
        code: 'nothing-eligible',
        ineligible: [
          { kind: 'ineligible', endpointId, reason: 'unknown-endpoint', platform: null },
        ],
      },
    })
    // The tag that its agent brings.
    const inside = { ...TEST_ACTOR, scope: { tags: ['web'] } }
    expect((await ask(upgradeEndpointsRoute, server, data, inside)).ok).toBe(true)
  })

  it.each(upgradeEndpointsCall.examples)('takes the documented example: $name', ({ request }) => {
    expect(upgradeEndpointsCall.request.safeParse(request).success).toBe(true)
  })
})

describe('endpoints/get_endpoint and get_endpoints', () => {
  it('filters, counts all and shows a page', async () => {
    const agents = await Promise.all(
      ['page-a', 'page-b', 'page-c'].map((name) => enrolTestAgent(server, distributionId, name)),
    )
    const value = agents.map((agent) => agent.endpointId)
    const filters = [{ field: 'endpoint_id_list', operator: 'IN', value }]
    const sort = { field: 'endpoint_id', keyword: 'asc' }
    const page = await call(getEndpointRoute, { filters, sort, search_from: 1, search_to: 3 })
    expect(page).toMatchObject({
      ok: true,
      value: {
        total_count: 3,
        result_count: 2,
        endpoints: value
          .toSorted()
          .slice(1)
          .map((endpoint_id) => ({ endpoint_id, endpoint_status: 'CONNECTED' })),
      },
    })
  })

  it('an endpoint that was last seen in the future is not called connected', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'from the future')
    const now = server.clock.now()
    server.clock.jumpTo(now + 86_400_000)
    await agent.checkIn()
    server.clock.jumpTo(now)
    expect(await endpointOf(agent)).toMatchObject({ endpoint_status: 'DISCONNECTED' })
    for (const [status, count] of [
      ['connected', 0],
      ['disconnected', 1],
    ] as const) {
      const filters = [
        { field: 'endpoint_id_list', operator: 'in', value: [agent.endpointId] },
        { field: 'endpoint_status', operator: 'in', value: [status] },
      ]
      const page = await call(getEndpointRoute, { filters })
      expect(page).toMatchObject({ ok: true, value: { total_count: count } })
    }
  })

  const rows = [
    ['hostname', 'in', ['filtered'], 1],
    ['hostname', 'in', ['nobody'], 0],
    ['ip_list', 'in', ['10.0.0.7'], 1],
    ['ip_list', 'in', ["10.0.0.9' or true --"], 0],
    ['username', 'in', ['ada'], 1],
    ['platform', 'in', ['Linux'], 1],
    ['platform', 'in', ['windows'], 0],
    ['dist_name', 'in', ['web servers'], 1],
    ['endpoint_status', 'in', ['connected'], 1],
    ['endpoint_status', 'IN', 'lost', 0],
    ['first_seen', 'gte', '0', 1],
    ['last_seen', 'lte', 5, 0],
    ['endpoint_id_list', 'in', [], 0],
  ] as const
  it.each(rows)('filter %s %s %j finds %i', async (field, operator, value, count) => {
    const agent = await enrolTestAgent(server, distributionId, 'filtered')
    await agent.checkIn()
    const filters = [
      { field: 'alias', operator: 'in', value: [''] },
      { field: 'hostname', operator: 'in', value: ['filtered'] },
      { field, operator, value },
    ]
    const page = await call(getEndpointRoute, { filters })
    expect(page).toMatchObject({ ok: true, value: { total_count: count } })
    const light = await call(getEndpointsRoute, { filters })
    invariant(light.ok, 'the list was answered')
    // The light list goes out row by row.
    const rows: unknown[] = []
    for await (const row of light.value as AsyncIterable<unknown>) rows.push(row)
    expect(rows).toHaveLength(count)
  })

  it('refuses a filter it does not know, by its place', async () => {
    const filters = [{ field: 'colour', operator: 'in', value: ['red'] }]
    expect(await call(getEndpointRoute, { filters })).toMatchObject({
      ok: false,
      refusal: { errors: [{ loc: ['request_data', 'filters', 0, 'field'] }] },
    })
  })

  it('refuses a page of more than a hundred', async () => {
    expect(await call(getEndpointRoute, { search_to: 101 })).toMatchObject({ ok: false })
  })
})
