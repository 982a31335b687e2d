/** What would let a bad version reach more endpoints than its rollout says, if it worked. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../base/clock-manual.ts'
import type { DistributionId } from '../base/ids.ts'
import type { Scope } from '../domain/access/scope.ts'
import { berthStandsMs } from '../domain/upgrade/berth.ts'
import { loadAudit } from '../store/audit.ts'
import { saveEndpointsDeleted } from '../store/endpoint-changes.ts'
import { loadEventsAfter, sealEvents } from '../store/events.ts'
import { loadEventsInScope } from '../store/events-in-scope.ts'
import { loadRollouts } from '../store/rollouts.ts'
import { loadLatestUpgrades } from '../store/upgrades.ts'
import { upgradeEndpointsRoute } from './public-api/endpoints/upgrade.ts'
import { cancelUpgradeRoute } from './public-api/endpoints/upgrade-cancel.ts'
import { assignTagRoute } from './public-api/tags/assign.ts'
import { ask } from './testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  saveTestRelease,
  startBeside,
  startTestServer,
  type TestAgent,
  type TestServer,
} from './testing/fleet.ts'
import { advanceRollouts, advancing } from './work/advance-rollouts.ts'
import { endOverdueUpgrades } from './work/end-overdue-upgrades.ts'

const VERSION = '1.0.0.2'
let server: TestServer
let distribution: DistributionId
beforeEach(async () => {
  server = await startTestServer()
  distribution = await saveTestDistribution(server.database)
  await saveTestRelease(server.database, VERSION)
})
afterEach(() => server[Symbol.asyncDispose]())

async function fleetOf(count: number): Promise<readonly TestAgent[]> {
  const agents: TestAgent[] = []
  for (let index = 0; index < count; index += 1) {
    const agent = await enrolTestAgent(server, distribution, `host-${index}`)
    await agent.checkIn()
    agents.push(agent)
  }
  return agents
}

async function order(agents: readonly TestAgent[], rollout: Record<string, unknown> = {}) {
  const endpoint_ids = agents.map(({ endpointId }) => endpointId)
  const asked = { endpoint_ids, target_versions: { linux: VERSION }, rollout }
  const answer = await ask(upgradeEndpointsRoute, server, asked)
  if (!answer.ok) throw new Error(JSON.stringify(answer.refusal))
  return (answer.value as { group_action_id: number }).group_action_id
}

async function upgradeOf({ endpointId }: TestAgent) {
  return (await loadLatestUpgrades(server.database.read, [endpointId])).get(endpointId)
}

/** Those that hold a berth now. */
async function offered(agents: readonly TestAgent[]): Promise<readonly TestAgent[]> {
  const states = await Promise.all(agents.map(upgradeOf))
  return agents.filter((_, index) => states[index]?.deadlineAt !== null)
}

async function report(agent: TestAgent, phase: string, reason: string | null = null) {
  const attempt_id = (await upgradeOf(agent))?.attemptId
  const bytes = { percent: 100, bytes_done: 1, bytes_total: 1 }
  agent.report = {
    ...agent.report,
    attempt: { attempt_id, phase, ...bytes, reason, message: null },
  }
  return await agent.checkIn()
}

async function stateOf(actionId: number) {
  const rollouts = await loadRollouts(server.database.read, [actionId as never])
  return [...rollouts.values()][0]
}

describe('an endpoint that is deleted', () => {
  it('while it may have switched uses the budget until it says how it ended', async () => {
    const agents = await fleetOf(3)
    const actionId = await order(agents, { failure_budget: { count: 1 } })
    const [first] = await offered(agents)
    if (first === undefined) throw new Error('one has a berth')
    await first.checkIn()
    await report(first, 'staged')
    const now = server.clock.now()
    await server.database.write((tx) => saveEndpointsDeleted(tx, [first.endpointId], now))
    await advanceRollouts(server)
    const given = { state: 'timed-out', reason: 'endpoint-deleted' }
    expect(await upgradeOf(first)).toMatchObject(given)
    expect(await stateOf(actionId)).toMatchObject({ state: 'halted' })
    expect(await offered(agents.filter((each) => each !== first))).toEqual([])
    await report(first, 'succeeded')
    expect(await upgradeOf(first)).toMatchObject({ state: 'succeeded' })
  })

  it('before it is staged has nothing at stake', async () => {
    const agents = await fleetOf(2)
    const actionId = await order(agents, { failure_budget: { count: 1 } })
    const [first] = await offered(agents)
    if (first === undefined) throw new Error('one has a berth')
    await first.checkIn()
    await report(first, 'downloading')
    const now = server.clock.now()
    await server.database.write((tx) => saveEndpointsDeleted(tx, [first.endpointId], now))
    await advanceRollouts(server)
    expect(await upgradeOf(first)).toMatchObject({ state: 'cancelled' })
    expect(await stateOf(actionId)).toMatchObject({ state: 'running' })
    expect(await offered(agents.filter((each) => each !== first))).toHaveLength(1)
  })
})

describe('a report that comes late', () => {
  it('does not let another order take over what is past its switch', async () => {
    const [agent] = await fleetOf(1)
    if (agent === undefined) throw new Error('there is one')
    await order([agent])
    await agent.checkIn()
    await report(agent, 'on-probation')
    await report(agent, 'downloading')
    const asked = { endpoint_ids: [agent.endpointId], target_versions: { linux: VERSION } }
    const again = await ask(upgradeEndpointsRoute, server, { ...asked, supersede: true })
    expect(again).toMatchObject({ refusal: { code: 'nothing-eligible' } })
    expect(await upgradeOf(agent)).toMatchObject({ state: 'on-probation' })
  })
})

describe('the engine of two servers', () => {
  it('is at work on one of them: what a tick holds does not let go of its lease', async () => {
    const agents = await fleetOf(1)
    await order(agents)
    await using other = startBeside(server)
    expect(await leaseTakenBy('one', server)).toBe('one')
    expect(await leaseTakenBy('other', other)).toBe('one')
  })
})

/** Who has the lease once that server had a turn. */
async function leaseTakenBy(owner: string, at: TestServer): Promise<string | undefined> {
  await advancing(at, owner).perform()
  const lease = at.database.read.selectFrom('lease').select('owner')
  return (await lease.where('name', '=', 'rollouts').executeTakeFirst())?.owner
}

describe('an endpoint that is told to begin and never does', () => {
  /** The first has a berth; all of them call until it has lapsed. */
  async function lapse(agents: readonly TestAgent[]): Promise<TestAgent> {
    const [first] = await offered(agents)
    if (first === undefined) throw new Error('one has a berth')
    await first.checkIn()
    server.clock.advance(berthStandsMs(60))
    await endOverdueUpgrades(server)
    for (const each of agents) await each.checkIn()
    await advanceRollouts(server)
    return first
  }

  it('lets the others have their turn, and has its own after them', async () => {
    const agents = await fleetOf(2)
    await order(agents, { max_concurrent: 1 })
    const first = await lapse(agents)
    const second = agents.filter((each) => each !== first)
    expect(await upgradeOf(first)).toMatchObject({ state: 'queued', reason: 'offer-lapsed' })
    expect(await offered(agents)).toEqual(second)
    await lapse(agents)
    expect(await offered(agents)).toEqual([first])
  })

  it('holds no further wave up', async () => {
    const agents = await fleetOf(3)
    const actionId = await order(agents, { canary: { count: 2 }, max_concurrent: 1 })
    const first = await lapse(agents)
    const [second] = await offered(agents)
    if (second === undefined) throw new Error('the other canary has a berth')
    await second.checkIn()
    await report(second, 'succeeded')
    await advanceRollouts(server)
    expect(await stateOf(actionId)).toMatchObject({ state: 'running', currentWave: 1 })
    expect(await offered([first])).toEqual([])
  })
})

describe('clocks', () => {
  it('that ran ahead name nobody who is gone as somebody to wait for', async () => {
    const [gone, here] = await fleetOf(2)
    if (gone === undefined || here === undefined) throw new Error('there are two')
    const last_seen = server.clock.now() + 365 * 86_400_000
    const { endpointId } = gone
    await server.database.write((tx) => {
      const row = tx.updateTable('liveness').set({ last_seen })
      return row.where('endpoint_id', '=', endpointId).execute()
    })
    await order([gone, here])
    expect(await offered([gone, here])).toEqual([here])
  })

  it('of two servers may be minutes apart: what one gives, the other leaves', async () => {
    const agents = await fleetOf(3)
    await using ahead = startBeside(server)
    const itsClock = { ...ahead, clock: new ManualClock(server.clock.now() + APART_MS) }
    const actionId = await order(agents, { failure_budget: { count: 1 } })
    for (let turn = 0; turn < 60; turn += 1) {
      await endOverdueUpgrades(itsClock)
      await advanceRollouts(turn % 2 === 0 ? server : itsClock)
      if (turn % 6 === 0) for (const each of agents) await oneStep(each)
      for (const { clock } of [server, itsClock]) clock.advance(10_000)
    }
    expect((await stateOf(actionId))?.state).toBe('finished')
    const ends = await Promise.all(agents.map(upgradeOf))
    expect(ends.map((each) => each?.state)).toEqual(Array(3).fill('succeeded'))
  })
})

describe('to cancel what nobody can stop any more', () => {
  it('ends the rollout, and is written down', async () => {
    const [agent] = await fleetOf(1)
    if (agent === undefined) throw new Error('there is one')
    const actionId = await order([agent])
    await agent.checkIn()
    await report(agent, 'on-probation')
    const cancelled = await ask(cancelUpgradeRoute, server, { group_action_id: actionId })
    expect(cancelled).toMatchObject({ value: { too_late: 1, cancelling: 0 } })
    expect(await stateOf(actionId)).toMatchObject({ state: 'cancelled' })
    const [newest] = await loadAudit(server.database.read, 1)
    expect(newest).toMatchObject({ action: 'upgrade-action.cancel', subject: String(actionId) })
  })
})

describe('what a halt counted', () => {
  it('is told to nobody whose scope it lies outside of', async () => {
    const agents = await fleetOf(2)
    const [mine] = agents
    if (mine === undefined) throw new Error('there is one')
    const tagged = {
      filters: [{ field: 'endpoint_id_list', operator: 'in', value: [mine.endpointId] }],
    }
    await ask(assignTagRoute, server, { tag: 'mine', ...tagged })
    await order(agents, { failure_budget: { count: 1 } })
    const [first] = await offered(agents)
    if (first === undefined) throw new Error('one has a berth')
    await first.checkIn()
    await report(first, 'rolled-back', 'probation-failed')
    await advanceRollouts(server)
    await server.database.write((tx) => sealEvents(tx, 1_000))
    const { read } = server.database
    const events = await loadEventsAfter(read, 0, 1_000)
    const told = async (scope: Scope) => {
      const seen = await loadEventsInScope(read, events, scope)
      return seen.flatMap(({ event }) => (event.type === 'rollout.changed' ? [event] : []))
    }
    expect((await told(null)).at(-1)).toMatchObject({
      state: 'halted',
      message: expect.stringMatching(/1 failed/),
    })
    expect(await told({ tags: ['other'] })).toEqual([])
    expect((await told({ tags: ['mine'] })).at(-1)).toMatchObject({
      state: 'halted',
      message: null,
    })
  })
})

/** As far as servers of one database may be (`CLOCK_ERROR_MS_MAX`). */
const APART_MS = 9 * 60_000

/** It calls, and does at once what it is told. */
async function oneStep(agent: TestAgent): Promise<void> {
  agent.report = { ...agent.report, attempt: null }
  const { instruction } = await agent.checkIn()
  if (instruction.kind !== 'upgrade') return
  for (const phase of ['downloading', 'staged', 'switching', 'on-probation', 'succeeded']) {
    await report(agent, phase)
  }
}
