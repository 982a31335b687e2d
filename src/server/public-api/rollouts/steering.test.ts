import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as z from 'zod'
import type { Digest } from '../../../base/digest.ts'
import { type DistributionId, newId } from '../../../base/ids.ts'
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
import { advanceRollouts } from '../../work/advance-rollouts.ts'
import { upgradeEndpointsRoute } from '../endpoints/upgrade.ts'
import { cancelUpgradeRoute } from '../endpoints/upgrade-cancel.ts'
import { getUpgradeRoute } from '../endpoints/upgrade-get.ts'
import { withdrawReleaseRoute } from '../releases/withdraw.ts'
import { assignTagRoute } from '../tags/assign.ts'
import { explainUpgradeRoute } from './explain.ts'
import { pauseUpgradeRoute } from './pause.ts'
import { resumeUpgradeRoute } from './resume.ts'
import { retryUpgradeRoute } from './retry.ts'
import { revertUpgradeRoute } from './revert.ts'
import { skipWaveRoute } from './skip-wave.ts'

let server: TestServer
let distributionId: DistributionId
const digests = new Map<string, Digest>()

beforeAll(async () => {
  server = await startTestServer()
  distributionId = await saveTestDistribution(server.database)
  for (const version of ['1.0.0.1', '1.0.0.2', '1.0.0.3']) {
    digests.set(version, await saveTestRelease(server.database, version))
  }
})
afterAll(() => server[Symbol.asyncDispose]())

type Told<Call extends PublicCall> = z.output<Call['reply']>

/** The reply, as the contract has it. */
async function told<Call extends PublicCall>(
  route: PublicRoute<TestServer, Call>,
  data: z.input<Call['request']>,
  actor: Actor = TEST_ACTOR,
): Promise<Told<Call>> {
  const outcome = await ask(route as PublicRoute<TestServer>, server, data, actor)
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.refusal)}`)
  return route.call.reply.parse(outcome.value) as Told<Call>
}

async function refusal<Call extends PublicCall>(
  route: PublicRoute<TestServer, Call>,
  data: unknown,
  actor: Actor = TEST_ACTOR,
) {
  const outcome = await ask(route as PublicRoute<TestServer>, server, data, actor)
  return outcome.ok ? 'none' : outcome.refusal.code
}

async function enrolled<const Names extends readonly string[]>(...names: Names) {
  const agents: TestAgent[] = []
  for (const name of names) {
    const agent = await enrolTestAgent(server, distributionId, name)
    await agent.checkIn()
    agents.push(agent)
  }
  return agents as { [Key in keyof Names]: TestAgent }
}

const CAREFUL = { canary: { count: 1 }, failure_budget: { count: 1 }, soak_minutes: 30 } as const

/** Ordered; the agents in the order of their waves. */
async function ordered(agents: readonly TestAgent[], more: Record<string, unknown> = {}) {
  const endpoint_ids = agents.map((agent) => agent.endpointId)
  const order = { endpoint_ids, target_versions: { linux: '1.0.0.2' }, ...more }
  const id = Number((await told(upgradeEndpointsRoute, order)).group_action_id)
  const { upgrades } = await told(getUpgradeRoute, { group_action_id: id })
  const waveOf = new Map(upgrades.map((each) => [each.endpoint_id, each.wave ?? 0]))
  const inWaves = agents.toSorted((left, right) => {
    return (waveOf.get(left.endpointId) ?? 0) - (waveOf.get(right.endpointId) ?? 0)
  })
  const [first, ...others] = inWaves
  if (first === undefined) throw new Error('nobody was enrolled')
  return { id, inWaves: [first, ...others] as const }
}

/** The agent takes its offer, or goes on with it, and tells how far it is. */
async function reach(agent: TestAgent, phase: string, reason: string | null = null) {
  const known = agent.report.attempt as { attempt_id: string } | null
  const offer = known === null ? (await agent.checkIn()).instruction : null
  const attempt_id = known?.attempt_id ?? (offer?.kind === 'upgrade' ? offer.attempt_id : '')
  const progress = { percent: 50, bytes_done: 5, bytes_total: 10, reason, message: null }
  agent.report = { ...agent.report, attempt: { attempt_id, phase, ...progress } }
  return await agent.checkIn()
}

/** It runs the version, and has done with its attempt. */
async function succeed(agent: TestAgent, version = '1.0.0.2') {
  if (agent.report.attempt === null) await reach(agent, 'switching')
  const installed = { agent_version: version, manifest_digest: digests.get(version) }
  agent.report = { ...agent.report, ...installed }
  await reach(agent, 'succeeded')
  agent.report = { ...agent.report, attempt: null }
  await agent.checkIn()
}

async function failed(agent: TestAgent) {
  await reach(agent, 'rolled-back', 'does-not-start')
  const skipped = [{ manifest_digest: digests.get('1.0.0.2'), reason: 'does-not-start' }]
  agent.report = { ...agent.report, attempt: null, skipped }
  await agent.checkIn()
}

async function stateOf(id: number) {
  const { action, upgrades } = await told(getUpgradeRoute, { group_action_id: id })
  const { state, reason } = action?.rollout ?? {}
  return { rollout: `${state}: ${reason}`, upgrades: upgrades.map((each) => each.state).sort() }
}

function scopedTo(...tags: string[]): Actor {
  return { ...TEST_ACTOR, scope: { tags } }
}

async function tag(agent: TestAgent, name: string) {
  const filters = [{ field: 'endpoint_id_list', operator: 'in', value: [agent.endpointId] }]
  await told(assignTagRoute, { filters, tag: name })
}

describe('pause and resume', () => {
  it('stops what has not switched, lets it go on, and writes down who', async () => {
    const agents = await enrolled('p-runs', 'p-waits', 'p-switches')
    const [runs, waits, switches] = agents
    const { id } = await ordered(agents)
    await reach(runs, 'downloading')
    await reach(switches, 'switching')
    const asked = { group_action_id: id, reason: 'lunch' }
    const { rollout } = await told(pauseUpgradeRoute, asked)
    expect(rollout).toMatchObject({
      ...{ state: 'paused', reason: 'paused-by-operator', message: 'lunch' },
      waves: [{ name: 'all', size: 3, counts: { downloading: 1, queued: 1, switching: 1 } }],
    })
    const [entry] = await loadAudit(server.database.read, 1)
    expect(entry).toMatchObject({
      ...{ action: 'rollout.pause', subject: String(id) },
      ...{ before: { state: 'running' }, after: { state: 'paused', message: 'lunch' } },
    })
    // Twice is once.
    await told(pauseUpgradeRoute, asked)
    expect((await loadAudit(server.database.read, 1))[0]).toEqual(entry)
    expect((await waits.checkIn()).instruction).toEqual({ kind: 'nothing' })
    expect((await runs.checkIn()).instruction).toMatchObject({ kind: 'cancel' })
    await reach(runs, 'failed', 'cancelled')
    runs.report = { ...runs.report, attempt: null }
    await runs.checkIn()
    await advanceRollouts(server)
    expect(await stateOf(id)).toEqual({
      rollout: 'paused: paused-by-operator',
      upgrades: ['queued', 'queued', 'switching'],
    })
    await succeed(switches)
    await told(resumeUpgradeRoute, { group_action_id: id })
    expect((await waits.checkIn()).instruction).toMatchObject({ kind: 'upgrade' })
    expect((await runs.checkIn()).instruction).toMatchObject({ kind: 'upgrade' })
  })

  it('after a halt what failed is accepted, and the rest begins', async () => {
    const agents = await enrolled('h-1', 'h-2', 'h-3')
    const { id, inWaves } = await ordered(agents, { rollout: CAREFUL })
    const [canary, next] = inWaves
    await failed(canary)
    await advanceRollouts(server)
    expect((await stateOf(id)).rollout).toBe('halted: failure-budget-spent')
    await advanceRollouts(server)
    expect((await next?.checkIn())?.instruction).toEqual({ kind: 'nothing' })
    await told(resumeUpgradeRoute, { group_action_id: id, reason: 'a bad disk' })
    await advanceRollouts(server)
    expect((await stateOf(id)).rollout).toBe('running: soaking')
    server.clock.advance(30 * 60_000)
    for (const agent of inWaves) await agent.checkIn()
    await advanceRollouts(server)
    const { action } = await told(getUpgradeRoute, { group_action_id: id })
    expect(action?.rollout).toMatchObject({ state: 'running', current_wave: 1 })
  })

  it('skips the soak, up to the last wave', async () => {
    const { id, inWaves } = await ordered(await enrolled('s-1', 's-2'), { rollout: CAREFUL })
    await succeed(inWaves[0])
    await advanceRollouts(server)
    const named = { group_action_id: id }
    expect((await told(getUpgradeRoute, named)).action?.rollout?.soak_until).toBe(
      server.clock.now() + 30 * 60_000,
    )
    const { rollout } = await told(skipWaveRoute, named)
    expect(rollout).toMatchObject({ current_wave: 1, soak_until: null, state: 'running' })
    expect((await inWaves[1]?.checkIn())?.instruction).toMatchObject({ kind: 'upgrade' })
    expect(await refusal(skipWaveRoute, named)).toBe('last-wave')
  })

  it.each([pauseUpgradeRoute, resumeUpgradeRoute, skipWaveRoute])(
    '$call.path: no action, one that is over, one beyond the scope',
    async (route) => {
      const agents = await enrolled('o-1', 'o-2')
      const { id } = await ordered(agents, { rollout: CAREFUL })
      const named = { group_action_id: id }
      await tag(agents[0], `mine-${id}`)
      expect(await refusal(route, { group_action_id: 99_999 })).toBe('action-unknown')
      expect(await refusal(route, named, scopedTo('none'))).toBe('action-unknown')
      expect(await refusal(route, named, scopedTo(`mine-${id}`))).toBe('scope-too-narrow')
      await told(cancelUpgradeRoute, named)
      expect(await refusal(route, named)).toBe('rollout-over')
      for (const data of [{}, { group_action_id: id, reason: 'a'.repeat(201) }]) {
        expect(await refusal(route, data)).toBe('invalid-request')
      }
    },
  )
})

describe('cancel of a whole action', () => {
  it('ends it in every phase within one check-in of each, and its rollout with it', async () => {
    const agents = await enrolled('c-queued', 'c-offered', 'c-loads', 'c-staged', 'c-switches')
    const [, offered, loads, staged, switches] = agents
    const { id } = await ordered(agents)
    await offered.checkIn()
    await reach(loads, 'downloading')
    const permitted = await reach(staged, 'staged')
    expect(permitted.instruction).toMatchObject({ kind: 'upgrade', may_switch: true })
    await reach(switches, 'switching')
    const counts = await told(cancelUpgradeRoute, { group_action_id: id, reason: 'no' })
    expect(counts).toMatchObject({ cancelled: 2, cancelling: 2, too_late: 1 })
    expect((await stateOf(id)).rollout).toBe('cancelled: cancelled-by-operator')
    for (const agent of [loads, staged]) {
      expect((await agent.checkIn()).instruction).toMatchObject({ kind: 'cancel' })
      await reach(agent, 'failed', 'cancelled')
    }
    await succeed(switches)
    expect((await stateOf(id)).upgrades).toEqual([...Array(4).fill('cancelled'), 'succeeded'])
    await advanceRollouts(server)
    expect((await stateOf(id)).rollout).toBe('cancelled: cancelled-by-operator')
  })

  it('ends what comes back from behind its switch without a word', async () => {
    const [agent] = await enrolled('c-lost')
    const { id } = await ordered([agent])
    await reach(agent, 'switching')
    expect(await told(cancelUpgradeRoute, { group_action_id: id })).toMatchObject({ too_late: 1 })
    // Reinstalled: its journal is gone.
    agent.report = { ...agent.report, run_id: newId(server.random), attempt: null }
    await agent.checkIn()
    await agent.checkIn()
    expect((await stateOf(id)).upgrades).toEqual(['cancelled'])
  })

  it('leaves the rollout to itself where only some are named', async () => {
    const agents = await enrolled('c-one', 'c-two')
    const { id } = await ordered(agents)
    await told(cancelUpgradeRoute, { group_action_id: id, endpoint_ids: [agents[0].endpointId] })
    expect((await stateOf(id)).rollout).toBe('running: in-progress')
  })
})

describe('retry and revert', () => {
  it('orders what failed once more, also where the version is known bad', async () => {
    const agents = await enrolled('r-fails', 'r-works')
    const [fails, works] = agents
    const { id } = await ordered(agents, { rollout: { max_attempts: 2 } })
    const named = { group_action_id: id }
    expect(await refusal(retryUpgradeRoute, named)).toBe('nothing-to-retry')
    await failed(fails)
    await succeed(works)
    expect(await refusal(retryUpgradeRoute, named)).toBe('nothing-eligible')
    expect(await refusal(retryUpgradeRoute, named, scopedTo('none'))).toBe('action-unknown')
    const reply = await told(retryUpgradeRoute, { ...named, retry_failed: true })
    expect(reply).toMatchObject({ endpoints_count: 1, details: [expect.stringMatching('1.0.0.2')] })
    const again = await told(getUpgradeRoute, { group_action_id: reply.group_action_id })
    expect(again.action).toMatchObject({
      ...{ retry_failed: true, target_versions: { linux: '1.0.0.2' } },
      rollout: { policy: { max_attempts: 2 } },
    })
    expect((await fails.checkIn()).instruction).toMatchObject({ kind: 'upgrade' })
    const others = { ...named, endpoint_ids: [works.endpointId] }
    expect(await refusal(retryUpgradeRoute, others)).toBe('nothing-to-retry')
  })

  it('takes each back to where it came from, and leaves who has moved on', async () => {
    const [plain, other, gone] = await enrolled('b-plain', 'b-other', 'b-gone')
    const early = await ordered([other])
    await succeed(other)
    const later = { target_versions: { linux: '1.0.0.3' } }
    const { id } = await ordered([plain, other, gone], later)
    for (const agent of [plain, other, gone]) await succeed(agent, '1.0.0.3')
    const installed = { agent_version: '1.0.0.2', manifest_digest: digests.get('1.0.0.2') }
    gone.report = { ...gone.report, ...installed }
    await gone.checkIn()
    expect(await refusal(revertUpgradeRoute, { group_action_id: early.id })).toBe(
      'nothing-to-revert',
    )
    const asked = { group_action_id: id, rollout: { canary: { count: 1 } } } as const
    const reply = await told(revertUpgradeRoute, asked)
    expect(reply.details.toSorted()).toEqual([
      '1 endpoint left as they are: they run another version now',
      '1 endpoint queued for upgrade to 1.0.0.1',
      '1 endpoint queued for upgrade to 1.0.0.2',
    ])
    const back = await told(getUpgradeRoute, { group_action_id: reply.group_action_id })
    expect(back.action?.rollout?.waves.map(({ name }) => name)).toEqual(['canary', 'rest'])
    const targets = back.upgrades.map((each) => [each.endpoint_name, each.target_version])
    expect(Object.fromEntries(targets)).toEqual({ 'b-plain': '1.0.0.1', 'b-other': '1.0.0.2' })
    const unknown = { group_action_id: 99_999 }
    expect(await refusal(revertUpgradeRoute, unknown)).toBe('action-unknown')
    expect(await refusal(revertUpgradeRoute, { ...unknown, endpoint_ids: [] })).toBe(
      'invalid-request',
    )
  })
})

describe('explain', () => {
  const at = { upgrade_timeframe_start_time: '02:00', upgrade_timeframe_end_time: '04:00' }
  it('says when its window opens, and how far the wave before it is', async () => {
    const agents = await enrolled('e-1', 'e-2')
    const window = { ...at, upgrade_timeframe_timezone: 'Europe/Berlin' }
    const shut = await ordered(agents, { upgrade_timeframe_window: window })
    const [one] = agents
    const asked = { endpoint_id: one.endpointId }
    expect(await told(explainUpgradeRoute, asked)).toMatchObject({
      endpoint_name: 'e-1',
      text: expect.stringMatching(/^waiting: window opens \w+day 02:00 Europe\/Berlin$/),
      ...{ next_step: 'opening', zone: 'Europe/Berlin', eligible: null },
      upgrade: { group_action_id: shut.id, reason: 'outside-window' },
    })
    const { id, inWaves } = await ordered(agents, { rollout: CAREFUL })
    await succeed(inWaves[0])
    await advanceRollouts(server)
    const [, waits] = inWaves
    const second = { endpoint_id: waits?.endpointId ?? '', group_action_id: id }
    expect(await told(explainUpgradeRoute, second)).toMatchObject({
      text: expect.stringMatching(
        /^waiting: for wave canary: 1 of 1 done, soaking until \d\d:\d\d UTC$/,
      ),
      next_at: server.clock.now() + 30 * 60_000,
      rollout: { waves: [{ name: 'canary' }, { name: 'rest' }] },
    })
    expect(await told(explainUpgradeRoute, { ...second, group_action_id: shut.id })).toMatchObject({
      text: expect.stringMatching(/^cancelled: a newer action took over; an order of now/),
      upgrade: { state: 'cancelled', reason: 'superseded' },
    })
  })

  it('says of who has no upgrade what an order would do', async () => {
    const [one, other] = await enrolled('e-none', 'e-other')
    const { id } = await ordered([other])
    const asked = { endpoint_id: one.endpointId }
    expect(await told(explainUpgradeRoute, asked)).toMatchObject({
      ...{ upgrade: null, rollout: null, next_step: 'none' },
      text: 'an order of now would move it from 1.0.0.1 to 1.0.0.3',
      eligible: { target_version: '1.0.0.3', reason: null },
    })
    expect(await told(explainUpgradeRoute, { ...asked, group_action_id: id })).toMatchObject({
      eligible: { target_version: '1.0.0.2', reason: null },
    })
    const beside = { ...asked, group_action_id: 99_999 }
    expect(await refusal(explainUpgradeRoute, beside)).toBe('action-unknown')
    expect(await refusal(explainUpgradeRoute, asked, scopedTo('none'))).toBe('endpoint-unknown')
    expect(await refusal(explainUpgradeRoute, {})).toBe('invalid-request')
  })
})

describe('dry run', () => {
  it('says who would begin when, in which wave, and saves nothing', async () => {
    const agents = await enrolled('d-1', 'd-2', 'd-3')
    const away = await enrolTestAgent(server, distributionId, 'd-away')
    await away.checkIn()
    server.clock.advance(20 * 60_000)
    for (const agent of agents) await agent.checkIn()
    const all = [...agents, away].map((agent) => agent.endpointId)
    const tables = ['upgrade_action', 'upgrade', 'rollout', 'audit', 'event'] as const
    const rows = async () => {
      const counts = tables.map((table) =>
        server.database.read
          .selectFrom(table)
          .select((select) => select.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow(),
      )
      return await Promise.all(counts)
    }
    const before = await rows()
    const asked = {
      endpoint_ids: [...all, 'f'.repeat(32)],
      ...{ target_versions: { linux: '1.0.0.2' }, dry_run: true },
      rollout: { canary: { count: 1 }, soak_minutes: 60 },
    }
    const { plan, ...reply } = await told(upgradeEndpointsRoute, asked)
    expect(await rows()).toEqual(before)
    expect(reply).toMatchObject({
      ...{ group_action_id: null, dry_run: true, endpoints_count: 4, ineligible_count: 1 },
    })
    const now = server.clock.now()
    expect(plan).toMatchObject({
      waves: [
        { name: 'canary', size: 1, begins_at: now },
        { name: 'rest', size: 3, begins_at: expect.any(Number) },
      ],
      ...{ offline_count: 1, ends_at: expect.any(Number) },
      assumed: { check_in_interval_s: 60, measured_upgrades: expect.any(Number) },
    })
    const [first, second] = plan?.waves ?? []
    expect(first?.endpoint_ids).not.toContain(away.endpointId)
    expect(second?.begins_at).toBeGreaterThan(now + 60 * 60_000)
    expect(plan?.endpoints.find((each) => each.endpoint_id === away.endpointId)).toMatchObject({
      ...{ begins_at: null, is_heard_of: false },
      text: 'not heard of lately: begins when it is back and its wave has come',
    })
    // The very same order goes the way that was told.
    const { id } = await ordered([...agents, away], { rollout: asked.rollout })
    const { action } = await told(getUpgradeRoute, { group_action_id: id })
    expect(action?.rollout?.waves.map(({ size }) => size)).toEqual([1, 3])
    const told_ = await refusal(upgradeEndpointsRoute, { ...asked, endpoint_ids: ['f'] })
    expect(told_).toBe('nothing-eligible')
  })
})

describe('a release that is withdrawn', () => {
  it('halts what is on the way to it at once, and offers the way back', async () => {
    const agents = await enrolled('w-1', 'w-2')
    const later = { target_versions: { linux: '1.0.0.3' }, rollout: CAREFUL }
    const { id, inWaves } = await ordered(agents, later)
    await succeed(inWaves[0], '1.0.0.3')
    const named = { version: '1.0.0.3', platform: 'linux', reason: 'it leaks' } as const
    const reply = await told(withdrawReleaseRoute, named)
    expect(reply.halted).toContainEqual({ group_action_id: id })
    expect(reply.ways_back).toContainEqual({ group_action_id: id, endpoints_count: 1 })
    expect(reply.running_count).toBeGreaterThanOrEqual(1)
    expect((await stateOf(id)).rollout).toBe('halted: release-withdrawn')
    expect((await inWaves[1]?.checkIn())?.instruction).toEqual({ kind: 'nothing' })
    expect(await told(withdrawReleaseRoute, named)).toEqual(reply)
    const back = await told(revertUpgradeRoute, { group_action_id: id })
    expect(back.details).toEqual(['Linux: 1 endpoint queued for upgrade to 1.0.0.1'])
  })
})
