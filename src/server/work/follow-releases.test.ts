/** Policies at work on a real database, through the doors that people and agents use. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type * as z from 'zod'
import type { Digest } from '../../base/digest.ts'
import type { DistributionId } from '../../base/ids.ts'
import { silentLog } from '../../base/log.ts'
import type { PublicCall } from '../../contract/public/call.ts'
import { type AuditEntry, loadAudit } from '../../store/audit.ts'
import type { PublicRoute } from '../http/route.ts'
import { upgradeEndpointsRoute } from '../public-api/endpoints/upgrade.ts'
import { cancelUpgradeRoute } from '../public-api/endpoints/upgrade-cancel.ts'
import { getUpgradeRoute } from '../public-api/endpoints/upgrade-get.ts'
import { deleteUpgradePolicyRoute } from '../public-api/endpoints/upgrade-policies-delete.ts'
import { getUpgradePoliciesRoute } from '../public-api/endpoints/upgrade-policies-get.ts'
import { setUpgradePolicyRoute } from '../public-api/endpoints/upgrade-policies-set.ts'
import { withdrawReleaseRoute } from '../public-api/releases/withdraw.ts'
import { explainUpgradeRoute } from '../public-api/rollouts/explain.ts'
import { resumeUpgradeRoute } from '../public-api/rollouts/resume.ts'
import { assignTagRoute } from '../public-api/tags/assign.ts'
import { ask } from '../testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  saveTestRelease,
  startBeside,
  startTestServer,
  TEST_START,
  type TestAgent,
  type TestServer,
} from '../testing/fleet.ts'
import { advanceRollouts } from './advance-rollouts.ts'
import { endOverdueUpgrades } from './end-overdue-upgrades.ts'
import { followReleases } from './follow-releases.ts'

const HOUR_MS = 3_600_000

let server: TestServer
let distributionId: DistributionId
let digests: Map<string, Digest>
beforeEach(async () => {
  server = await startTestServer()
  distributionId = await saveTestDistribution(server.database)
  digests = new Map()
  await publish('1.0.0.1')
})
afterEach(() => server[Symbol.asyncDispose]())

/** Published now. */
async function publish(version: string) {
  const digest = await saveTestRelease(server.database, version)
  digests.set(version, digest)
  const published_at = server.clock.now()
  await server.database.write((tx) =>
    tx.updateTable('release').set({ published_at }).where('manifest_digest', '=', digest).execute(),
  )
}

async function told<Call extends PublicCall>(
  route: PublicRoute<TestServer, Call>,
  data: z.input<Call['request']>,
): Promise<z.output<Call['reply']>> {
  const outcome = await ask(route as PublicRoute<TestServer>, server, data)
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.refusal)}`)
  return route.call.reply.parse(outcome.value) as z.output<Call['reply']>
}

async function enrolled(...names: readonly string[]): Promise<readonly TestAgent[]> {
  const agents: TestAgent[] = []
  for (const name of names) {
    const agent = await enrolTestAgent(server, distributionId, name)
    await agent.checkIn()
    agents.push(agent)
  }
  return agents
}

async function turn(): Promise<number | null> {
  const next = await followReleases({ ...server, log: silentLog })
  await advanceRollouts(server)
  return next
}

/** What was ordered, oldest first: the version for Linux, by whom, how many. */
async function orders(): Promise<readonly string[]> {
  const rows = await server.database.read
    .selectFrom('upgrade_action')
    .innerJoin('upgrade', 'upgrade.action_id', 'upgrade_action.id')
    .select((select) => [
      'upgrade_action.id',
      'target_versions',
      'created_by',
      select.fn.countAll<number>().as('count'),
    ])
    .groupBy('upgrade_action.id')
    .orderBy('upgrade_action.id')
    .execute()
  return rows.map((row) => `${row.target_versions.linux} by ${row.created_by} for ${row.count}`)
}

async function policy(name: string) {
  const { policies } = await told(getUpgradePoliciesRoute, { names: [name] })
  return policies[0]
}

/** The agent takes its offer and tells how it ended. */
async function end(agent: TestAgent, phase: 'succeeded' | 'rolled-back'): Promise<void> {
  const { instruction } = await agent.checkIn()
  if (instruction.kind !== 'upgrade') throw new Error(`it was told ${instruction.kind}`)
  const { attempt_id, version } = instruction
  const progress = { percent: 50, bytes_done: 5, bytes_total: 10, message: null }
  const reason = phase === 'succeeded' ? null : 'exited'
  agent.report = {
    ...agent.report,
    attempt: { attempt_id, phase: 'switching', ...progress, reason: null },
  }
  await agent.checkIn()
  const runs = { agent_version: version, manifest_digest: digests.get(version) }
  const skipped = [{ manifest_digest: digests.get(version), reason: 'exited' }]
  const installed = phase === 'succeeded' ? runs : { skipped }
  agent.report = {
    ...agent.report,
    ...installed,
    attempt: { attempt_id, phase, ...progress, reason },
  }
  await agent.checkIn()
  agent.report = { ...agent.report, attempt: null }
  await agent.checkIn()
}

describe('an upgrade policy', () => {
  it('orders a release once its delay has passed, and tells what it does meanwhile', async () => {
    const [web] = (await enrolled('web')) as [TestAgent]
    await told(setUpgradePolicyRoute, { name: 'All', version: 'latest', delay_hours: 48 })
    await publish('1.0.0.2')
    expect(await turn()).toBe(48 * HOUR_MS)
    expect(await policy('all')).toMatchObject({
      endpoints_count: 1,
      reason: 'policy-delay-running',
    })
    server.clock.advance(48 * HOUR_MS - 1)
    await web.checkIn()
    expect(await turn()).toBe(1)
    expect(await orders()).toEqual([])
    server.clock.advance(1)
    await turn()
    expect(await orders()).toEqual(['1.0.0.2 by upgrade-policy:1 for 1'])
    expect(await policy('all')).toMatchObject({
      wants: [{ platform: 'linux', version: '1.0.0.2', since: TEST_START + 48 * HOUR_MS }],
      fulfilled_count: 0,
      last_action: { state: 'running' },
      reason: 'policy-rollout-open',
    })
    await end(web, 'succeeded')
    await turn()
    expect(await policy('all')).toMatchObject({ fulfilled_count: 1, reason: 'policy-fulfilled' })
    expect(await orders()).toHaveLength(1)
    const entry = (await loadAudit(server.database.read, 10)).find(
      ({ by }: AuditEntry) => by.name === 'upgrade-policy:1',
    )
    expect(entry).toMatchObject({ action: 'upgrade-action.create', after: { endpoints: 1 } })
  })

  it('orders a version for an endpoint once, whatever came of it, until its rules change', async () => {
    const [bad, good] = (await enrolled('bad', 'good')) as [TestAgent, TestAgent]
    await publish('1.0.0.2')
    await told(setUpgradePolicyRoute, { name: 'All', version: 'latest' })
    await turn()
    await end(bad, 'rolled-back')
    await end(good, 'succeeded')
    await turn()
    await turn()
    expect(await orders()).toEqual(['1.0.0.2 by upgrade-policy:1 for 2'])
    expect(await policy('all')).toMatchObject({ reason: 'policy-rest-left-out' })
    bad.report = { ...bad.report, skipped: [] }
    await bad.checkIn()
    await turn()
    expect(await orders()).toHaveLength(1)
    await told(setUpgradePolicyRoute, { name: 'all', priority: 7 })
    await turn()
    expect(await orders()).toHaveLength(1)
    await told(setUpgradePolicyRoute, { name: 'all', delay_hours: 0, exclude_tags: ['frozen'] })
    await turn()
    expect(await orders()).toEqual([
      '1.0.0.2 by upgrade-policy:1 for 2',
      '1.0.0.2 by upgrade-policy:1 for 1',
    ])
  })

  it('lets newcomers wait for the end of a rollout, and then come in one wave', async () => {
    const [first, second] = (await enrolled('first', 'second')) as [TestAgent, TestAgent]
    await publish('1.0.0.2')
    const rollout = { canary: { count: 1 }, failure_budget: { count: 1 } } as const
    await told(setUpgradePolicyRoute, { name: 'All', version: 'latest', rollout })
    await turn()
    const newcomers = await enrolled('newcomer', 'another')
    await turn()
    expect(await orders()).toEqual(['1.0.0.2 by upgrade-policy:1 for 2'])
    for (const agent of [first, second, first, second]) {
      if ((await agent.checkIn()).instruction.kind === 'upgrade') await end(agent, 'succeeded')
      await advanceRollouts(server)
    }
    await turn()
    expect((await orders())[1]).toBe('1.0.0.2 by upgrade-policy:1 for 2')
    const { action } = await told(getUpgradeRoute, { group_action_id: 2 })
    expect(action?.rollout?.waves).toMatchObject([{ size: 2, budget: 1 }])
    expect(newcomers).toHaveLength(2)
  })

  it('does not let newcomers wait for who is switched off, once the version is proven', async () => {
    const [on, off] = (await enrolled('on', 'off')) as [TestAgent, TestAgent]
    await publish('1.0.0.2')
    await told(setUpgradePolicyRoute, { name: 'All', version: 'latest' })
    await turn()
    await end(on, 'succeeded')
    const [newcomer] = (await enrolled('new')) as [TestAgent]
    await turn()
    expect(await orders()).toHaveLength(1)
    server.clock.advance(HOUR_MS)
    await newcomer.checkIn()
    await endOverdueUpgrades(server)
    await turn()
    expect(await orders()).toEqual([
      '1.0.0.2 by upgrade-policy:1 for 2',
      '1.0.0.2 by upgrade-policy:1 for 1',
    ])
    const explained = await told(explainUpgradeRoute, { endpoint_id: off.endpointId })
    expect(explained).toMatchObject({ upgrade_policy: 'All' })
  })

  it('stops for a version that halted, until somebody resumes or a newer one is there', async () => {
    const agents = await enrolled('one', 'two', 'three')
    await publish('1.0.0.2')
    const rollout = { canary: { count: 1 }, failure_budget: { count: 1 } } as const
    await told(setUpgradePolicyRoute, { name: 'All', version: 'latest', rollout })
    await turn()
    for (const agent of agents) {
      if ((await agent.checkIn()).instruction.kind === 'upgrade') await end(agent, 'rolled-back')
    }
    await turn()
    await enrolled('newcomer')
    await turn()
    expect(await policy('all')).toMatchObject({ reason: 'policy-rollout-halted' })
    expect(await orders()).toHaveLength(1)
    await told(resumeUpgradeRoute, { group_action_id: 1 })
    expect(await policy('all')).toMatchObject({ reason: 'policy-rollout-open' })
    await publish('1.0.0.3')
    await turn()
    expect((await orders())[1]).toBe('1.0.0.3 by upgrade-policy:1 for 4')
  })

  it('stops for a version whose action somebody cancelled', async () => {
    await enrolled('one')
    await publish('1.0.0.2')
    await told(setUpgradePolicyRoute, { name: 'All', version: 'latest' })
    await turn()
    await told(cancelUpgradeRoute, { group_action_id: 1 })
    await enrolled('newcomer')
    await turn()
    expect(await policy('all')).toMatchObject({ reason: 'policy-rollout-cancelled' })
    expect(await orders()).toHaveLength(1)
  })

  it('goes by the version before when one is withdrawn, and takes over what waits for that', async () => {
    await enrolled('one')
    await publish('1.0.0.2')
    await publish('1.0.0.3')
    await told(setUpgradePolicyRoute, { name: 'All', version: '1.0' })
    await turn()
    await told(withdrawReleaseRoute, { version: '1.0.0.3', platform: 'linux' })
    await turn()
    expect(await orders()).toEqual([
      '1.0.0.3 by upgrade-policy:1 for 1',
      '1.0.0.2 by upgrade-policy:1 for 1',
    ])
    const { upgrades } = await told(getUpgradeRoute, { group_action_id: 1 })
    expect(upgrades).toMatchObject([{ state: 'cancelled', reason: 'superseded' }])
  })

  it('leaves to the first policy what it means, and alone what a person ordered', async () => {
    const [a, b, c] = (await enrolled('a', 'b', 'c')) as [TestAgent, TestAgent, TestAgent]
    await publish('1.0.0.2')
    await publish('1.0.0.3')
    const filters = [{ field: 'endpoint_id_list', operator: 'in', value: [a.endpointId] }]
    await told(assignTagRoute, { filters, tag: 'slow' })
    const upgrade_timeframe_window = {
      upgrade_timeframe_start_time: '22:00',
      upgrade_timeframe_end_time: '23:00',
    }
    const order = { endpoint_ids: [b.endpointId], target_versions: { linux: '1.0.0.2' } }
    await told(upgradeEndpointsRoute, { ...order, upgrade_timeframe_window })
    const slow = { name: 'Slow', priority: 1, version: 'one-before', endpoint_tags: ['slow'] }
    await told(setUpgradePolicyRoute, slow)
    await told(setUpgradePolicyRoute, { name: 'All', version: 'latest' })
    await turn()
    expect(await orders()).toEqual([
      '1.0.0.2 by api-key:1 for 1',
      '1.0.0.2 by upgrade-policy:1 for 1',
      '1.0.0.3 by upgrade-policy:2 for 1',
    ])
    const { upgrades } = await told(getUpgradeRoute, { endpoint_id: c.endpointId })
    expect(upgrades).toMatchObject([{ target_version: '1.0.0.3' }])
    await end(c, 'succeeded')
    expect(await told(deleteUpgradePolicyRoute, { name: 'SLOW' })).toBe(true)
    await turn()
    expect((await orders())[3]).toBe('1.0.0.3 by upgrade-policy:2 for 1')
  })

  it('goes back only where it is pinned and may', async () => {
    const [one] = (await enrolled('one')) as [TestAgent]
    await publish('1.0.0.2')
    await told(setUpgradePolicyRoute, { name: 'All', version: 'latest' })
    await turn()
    await end(one, 'succeeded')
    await told(setUpgradePolicyRoute, { name: 'All', version: '1.0.0.1' })
    await turn()
    expect(await orders()).toHaveLength(1)
    await told(setUpgradePolicyRoute, { name: 'All', version: '1.0.0.1', allow_downgrade: true })
    await turn()
    expect((await orders())[1]).toBe('1.0.0.1 by upgrade-policy:1 for 1')
  })

  it('orders once with two servers at once, turn after turn', async () => {
    await using other = startBeside(server)
    await enrolled('one', 'two', 'three')
    await told(setUpgradePolicyRoute, { name: 'All', version: 'latest' })
    for (const version of ['1.0.0.2', '1.0.0.3', '1.0.0.4']) {
      await publish(version)
      const needs = [server, other, server, other].map((each) => ({ ...each, log: silentLog }))
      await Promise.all(needs.map((each) => followReleases(each)))
    }
    expect(await orders()).toEqual([
      '1.0.0.2 by upgrade-policy:1 for 3',
      '1.0.0.3 by upgrade-policy:1 for 3',
      '1.0.0.4 by upgrade-policy:1 for 3',
    ])
  })
})
