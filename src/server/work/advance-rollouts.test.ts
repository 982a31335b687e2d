/** The engine on a real database: what it sees, whom it chooses, and who is in its way. */
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DistributionId } from '../../base/ids.ts'
import { countBerthsTaken } from '../../store/berths.ts'
import { saveSetting } from '../../store/configuration.ts'
import { holdEndpoints } from '../../store/endpoint-changes.ts'
import { upgradeEndpointsRoute } from '../public-api/endpoints/upgrade.ts'
import { withdrawReleaseRoute } from '../public-api/releases/withdraw.ts'
import { ask } from '../testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  saveTestRelease,
  startBeside,
  startTestServer,
  type TestAgent,
  type TestServer,
} from '../testing/fleet.ts'
import { advanceRollouts, heardWithinMs, loadPicture } from './advance-rollouts.ts'

const VERSION = '1.0.0.2'
let server: TestServer
let distribution: DistributionId
let manifest: string
beforeEach(async () => {
  server = await startTestServer()
  distribution = await saveTestDistribution(server.database)
  manifest = await saveTestRelease(server.database, VERSION)
})
afterEach(() => server[Symbol.asyncDispose]())

async function fleetOf(count: number): Promise<readonly TestAgent[]> {
  const agents: TestAgent[] = []
  for (let index = 0; index < count; index += 1) {
    const agent = await enrolTestAgent(server, distribution, `host-${index}`)
    await agent.checkIn()
    agents.push(agent)
  }
  return agents.toSorted((left, right) => (left.endpointId < right.endpointId ? -1 : 1))
}

async function order(agents: readonly TestAgent[], more: Record<string, unknown> = {}) {
  const endpoint_ids = agents.map(({ endpointId }) => endpointId)
  const asked = { endpoint_ids, target_versions: { linux: VERSION }, ...more }
  const answer = await ask(upgradeEndpointsRoute, server, asked)
  if (!answer.ok) throw new Error(JSON.stringify(answer.refusal))
  return (answer.value as { group_action_id: number }).group_action_id
}

async function limitTo(parallelUpgradesMax: number): Promise<void> {
  await server.database.write((tx) => saveSetting(tx, 'autoUpgrade', { parallelUpgradesMax }))
}

async function set(agent: TestAgent, columns: Readonly<Record<string, unknown>>): Promise<void> {
  await server.database.write((tx) =>
    tx.updateTable('upgrade').set(columns).where('endpoint_id', '=', agent.endpointId).execute(),
  )
}

async function look() {
  const now = server.clock.now()
  const limits = { intervalS: 60, probationS: 300 }
  const picture = await loadPicture(server.database.read, limits, { actionId: null, now })
  const [own] = picture.rollouts
  if (own === undefined) throw new Error('one rollout is open')
  return { ...own, berthsFree: picture.berthsFree }
}

const WAVES = { canary: { count: 2 }, waves: [{ percent: 60 }], failure_budget: { count: 1 } }

describe('what the engine sees', () => {
  it('counts each wave, by how its endpoints are', async () => {
    const agents = await fleetOf(10)
    await limitTo(1)
    await order(agents, { rollout: WAVES })
    const { rollout } = await look()
    expect(rollout.waves).toEqual([
      { name: 'canary', size: 2, budget: 1 },
      { name: '60%', size: 4, budget: 1 },
      { name: 'rest', size: 4, budget: 1 },
    ])
    const rows = await server.database.read.selectFrom('upgrade').selectAll().execute()
    const second = rows.filter(({ wave }) => wave === 1).map((row) => row.endpoint_id)
    const [one, two, three, four] = agents.filter((each) => second.includes(each.endpointId))
    if (!one || !two || !three || !four) throw new Error('the second wave has four')
    const ended = { finished_at: 1, deadline_at: null }
    await set(one, { ...ended, state: 'succeeded' })
    await set(two, { ...ended, state: 'rolled-back', attempt_id: 'a' })
    await set(three, { ...ended, state: 'failed', reason: 'version-failed-here' })
    await set(four, { state: 'staged', deadline_at: 9e15, zone: 'Asia/Tokyo' })
    await server.database.write((tx) =>
      sql`update endpoint set manifest_digest = ${manifest},
        health = '{"status": "unhealthy", "details": []}' where id = ${one.endpointId}`.execute(tx),
    )
    const { tallies, zones } = await look()
    expect(tallies[0]).toMatchObject({ waiting: 1, inFlight: 1, waitingConnected: 1 })
    expect(tallies[1]).toMatchObject({ waiting: 0, inFlight: 1, succeeded: 1, failed: 1 })
    expect(tallies[1]).toMatchObject({ endedOtherwise: 1, troubled: 1 })
    expect(tallies[2]).toMatchObject({ waiting: 4, inFlight: 0, waitingConnected: 0 })
    // Of what waits alone.
    expect(zones).toEqual(['UTC'])
  })

  it('names who is due, in order, and nobody else', async () => {
    const agents = await fleetOf(6)
    await limitTo(1)
    await order(agents)
    await server.database.write((tx) =>
      sql`update upgrade set deadline_at = null, reason = 'awaiting-berth'`.execute(tx),
    )
    const [later, running, silent, follower, first, second] = agents
    if (!later || !running || !silent || !follower || !first || !second) throw new Error('six')
    await set(later, { not_before: server.clock.now() + 1 })
    await set(running, { state: 'downloading', deadline_at: 9e15 })
    await set(follower, { reason: 'moved-with-cluster' })
    const { endpointId } = silent
    await server.database.write((tx) =>
      sql`update liveness set last_seen = ${server.clock.now() - heardWithinMs(60) - 1}
        where endpoint_id = ${endpointId}`.execute(tx),
    )
    await limitTo(9)
    const due = async () => (await look()).candidates.map((each) => each.endpointId)
    expect(await due()).toEqual([first.endpointId, second.endpointId])
    server.clock.advance(1)
    expect(await due()).toEqual([later.endpointId, first.endpointId, second.endpointId])
    await limitTo(2)
    expect(await due()).toEqual([later.endpointId])
    await limitTo(1)
    expect(await due()).toEqual([])
  })

  it('names nobody whose release was withdrawn', async () => {
    const agents = await fleetOf(2)
    await limitTo(1)
    await order(agents)
    await limitTo(9)
    expect((await look()).candidates).toHaveLength(1)
    await server.database.write((tx) => sql`update release set withdrawn_at = 1`.execute(tx))
    expect((await look()).candidates).toEqual([])
  })
})

describe('what it does', () => {
  it('begins with the order itself: who is there is offered it with the next check-in', async () => {
    const agents = await fleetOf(5)
    await order(agents, { rollout: WAVES })
    const replies = await Promise.all(agents.map((agent) => agent.checkIn()))
    // A budget of one: one at a time, though the canary has two.
    expect(replies.filter(({ instruction }) => instruction.kind === 'upgrade')).toHaveLength(1)
    expect(await advanceRollouts(server)).toBe(0)
  })

  it('halts, takes back what nobody took up, and gives nothing any more', async () => {
    const agents = await fleetOf(6)
    const actionId = await order(agents, { rollout: { failure_budget: { count: 3 } } })
    expect(await countBerthsTaken(server.database.read)).toBe(3)
    const rows = await server.database.read.selectFrom('upgrade').selectAll().execute()
    const waiting = rows.filter((row) => row.deadline_at === null).map((row) => row.endpoint_id)
    const failed = agents.filter((agent) => waiting.includes(agent.endpointId))
    for (const agent of failed) {
      const ended = { finished_at: 1, deadline_at: null, state: 'rolled-back' }
      await set(agent, { ...ended, attempt_id: agent.endpointId })
    }
    await advanceRollouts(server)
    const halted = await server.database.read.selectFrom('rollout').selectAll().execute()
    expect(halted).toMatchObject([
      { action_id: actionId, state: 'halted', reason: 'failure-budget-spent' },
    ])
    expect(await countBerthsTaken(server.database.read)).toBe(0)
    const replies = await Promise.all(agents.map((agent) => agent.checkIn()))
    expect(replies.every(({ instruction }) => instruction.kind === 'nothing')).toBe(true)
    expect(await advanceRollouts(server)).toBe(0)
  })

  it('two servers that plan at once give no more berths than there are', async () => {
    await using other = startBeside(server)
    const agents = await fleetOf(12)
    await limitTo(1)
    await order(agents.slice(0, 6), { rollout: { max_concurrent: 4 } })
    await order(agents.slice(6))
    await limitTo(7)
    await Promise.all([server, other, server, other].map(advanceRollouts))
    expect(await countBerthsTaken(server.database.read)).toBe(7)
    const { rows } = await sql<{ count: number }>`select count(*) as count from upgrade
      where action_id = 1 and deadline_at is not null`.execute(server.database.read)
    expect(Number(rows[0]?.count)).toBeLessThanOrEqual(4)
  })

  it('meets no deadlock with check-ins, withdrawals and people, and gives nothing once halted', async () => {
    await using other = startBeside(server)
    const agents = await fleetOf(20)
    const ids = agents.map((agent) => agent.endpointId)
    for (let round = 0; round < 8; round += 1) {
      await Promise.all([
        ...[server, other].map(advanceRollouts),
        order(agents.slice(round, round + 8)),
        server.database.write((tx) => holdEndpoints(tx, ids)),
        ...agents.map((agent) => agent.checkIn()),
      ])
    }
    const [withdrawn] = await Promise.all([
      ask(withdrawReleaseRoute, server, { manifest_digest: manifest, reason: 'bad' }),
      ...[server, other].map(advanceRollouts),
      ...agents.map((agent) => agent.checkIn()),
    ])
    expect(withdrawn).toMatchObject({ ok: true })
    await Promise.all(agents.map((agent) => agent.checkIn()))
    await advanceRollouts(other)
    expect(await countBerthsTaken(server.database.read)).toBe(0)
    const { rows } = await sql<{ deadlocks: number }>`select deadlocks from pg_stat_database
      where datname = current_database()`.execute(server.database.read)
    expect(Number(rows[0]?.deadlocks)).toBe(0)
  })
})
