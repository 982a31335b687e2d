/** Clusters of endpoints at two servers: one leads, one moves at a time, every upgrade ends. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { digestOf } from '../base/digest.ts'
import { type DistributionId, newId, type RunId } from '../base/ids.ts'
import type { CheckInReply } from '../contract/agent/check-in.ts'
import { CLUSTER_SILENCE_MS, LEADER_SILENCE_MS } from '../domain/upgrade/cluster-upgrade.ts'
import { saveSetting } from '../store/configuration.ts'
import { checkInDoor } from './agent-api/check-in.ts'
import { upgradeEndpointsRoute } from './public-api/endpoints/upgrade.ts'
import { ask } from './testing/ask.ts'
import {
  authorization,
  enrolTestAgent,
  post,
  saveTestDistribution,
  saveTestRelease,
  startBeside,
  startTestServer,
  type TestAgent,
  type TestServer,
  testFacts,
} from './testing/fleet.ts'
import { advanceRollouts } from './work/advance-rollouts.ts'
import { endOverdueUpgrades } from './work/end-overdue-upgrades.ts'

const VERSION = '1.0.0.2'

let server: TestServer
let other: TestServer
let distribution: DistributionId
let manifest: string
let clusters = 0
beforeAll(async () => {
  server = await startTestServer()
  other = startBeside(server)
  distribution = await saveTestDistribution(server.database)
  manifest = await saveTestRelease(server.database, VERSION)
})
afterAll(async () => {
  await other[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await server.database.write(async (tx) => {
    await tx.deleteFrom('upgrade').execute()
    await tx.deleteFrom('setting').execute()
  })
})

async function clusterOf(count: number, may_upgrade = true): Promise<readonly TestAgent[]> {
  clusters += 1
  const name = `cluster-${clusters}`
  const agents: TestAgent[] = []
  for (let index = 0; index < count; index++) {
    const hostname = `${name}-${index}`
    const agent = await enrolTestAgent(server, distribution, hostname)
    const cluster = { name, uid: `uid of ${name}`, namespace: 'drydock', daemon_set: 'a' }
    const facts = { ...testFacts(hostname), cluster: { ...cluster, may_upgrade } }
    const facts_digest = digestOf(JSON.stringify(facts))
    agent.report = { ...agent.report, facts, facts_digest }
    await agent.checkIn()
    agents.push(agent)
  }
  return agents
}

async function upgrade(...agents: readonly TestAgent[]) {
  const endpoint_ids = agents.map((agent) => agent.endpointId)
  return await ask(upgradeEndpointsRoute, server, {
    endpoint_ids,
    target_versions: { linux: VERSION },
  })
}

async function statesOf(agents: readonly TestAgent[]) {
  const ids = agents.map(({ endpointId }) => endpointId)
  const rows = await server.database.read
    .selectFrom('upgrade')
    .select(['endpoint_id', 'state', 'reason'])
    .where('endpoint_id', 'in', ids)
    .execute()
  return ids.map((id) => {
    const row = rows.find((each) => each.endpoint_id === id)
    return row === undefined ? 'none' : `${row.state} ${row.reason}`
  })
}

async function checkInAt(at: TestServer, agent: TestAgent): Promise<CheckInReply> {
  const answer = await post(checkInDoor, at, agent.report, authorization(agent))
  if (answer.kind !== 'json' || answer.status !== 200) throw new Error(JSON.stringify(answer))
  return answer.body as CheckInReply
}

const isLead = ({ instruction }: CheckInReply) => instruction.kind === 'upgrade-cluster'

function says(agent: TestAgent, attempt_id: string, phase: string, reason: string | null = null) {
  const progress = { percent: 50, bytes_done: 0, bytes_total: 0 }
  const attempt = { attempt_id, phase, ...progress, reason, message: phase }
  agent.report = { ...agent.report, attempt }
}

/** Its pod was replaced by one of the new image, which is another life of the agent. */
function moves(agent: TestAgent): void {
  const life = { run_id: newId<RunId>(server.random), agent_version: VERSION }
  agent.report = { ...agent.report, ...life, manifest_digest: manifest }
}

async function leaderOf(agents: readonly TestAgent[]) {
  for (const agent of agents) {
    const { instruction } = await agent.checkIn()
    if (instruction.kind === 'upgrade-cluster') {
      const others = agents.filter((each) => each !== agent)
      return { leader: agent, others, attempt: instruction.attempt_id, instruction }
    }
  }
  throw new Error('nobody leads')
}

describe('an upgrade of a cluster', () => {
  it('takes those along that nobody named, and tells who ordered it and the audit trail', async () => {
    const agents = await clusterOf(3)
    const reply = await upgrade(...agents.slice(0, 1))
    expect(reply).toMatchObject({ ok: true, value: { endpoints_count: 3 } })
    const said = JSON.stringify(reply)
    expect(said).toContain('2 of these were not named and moves along')
    const row = await server.database.read
      .selectFrom('audit')
      .select('after')
      .where('action', '=', 'upgrade-action.create')
      .orderBy('id', 'desc')
      .executeTakeFirstOrThrow()
    expect(row.after).toMatchObject({ endpoints: 3, along_with_cluster: 2 })
  })

  it('has one leader, though all ask at once at two servers', async () => {
    const agents = await clusterOf(12)
    await upgrade(...agents)
    const both = [server, other]
    const replies = await Promise.all(
      agents.map((agent, index) => checkInAt(both[index % 2] ?? server, agent)),
    )
    expect(replies.filter(isLead)).toHaveLength(1)
    const states = await statesOf(agents)
    expect(states.filter((each) => each === 'offered offered')).toHaveLength(1)
  })

  it('is led with an image by digest and enough time', async () => {
    const agents = await clusterOf(2)
    await upgrade(...agents)
    const { instruction } = await leaderOf(agents)
    expect(instruction).toMatchObject({ version: VERSION, ready_within_s: 900 + 2 * 120 })
    expect(instruction.image).toMatch(/@sha256:[0-9a-f]{64}$/)
  })

  it('ends for each when its pod runs the version and the leader has said that all is well', async () => {
    const agents = await clusterOf(3)
    await upgrade(...agents)
    const { leader, others, attempt } = await leaderOf(agents)
    says(leader, attempt, 'switching')
    await leader.checkIn()
    for (const each of others) {
      moves(each)
      await each.checkIn()
    }
    expect(await statesOf(others)).toEqual(Array(2).fill('queued moved-with-cluster'))
    moves(leader)
    says(leader, attempt, 'succeeded')
    expect((await leader.checkIn()).acknowledged_attempt).toBe(attempt)
    for (const each of others) await each.checkIn()
    expect(await statesOf(agents)).toEqual(Array(3).fill('succeeded upgraded'))
  })

  it('ends for all as it was taken back', async () => {
    const agents = await clusterOf(3)
    await upgrade(...agents)
    const { leader, attempt } = await leaderOf(agents)
    says(leader, attempt, 'rolled-back', 'rollout-not-ready')
    await leader.checkIn()
    for (const each of agents) await each.checkIn()
    expect(await statesOf(agents)).toEqual(Array(3).fill('rolled-back rollout-not-ready'))
  })

  it('is led on by another when the leader falls silent, who may tell its end as well', async () => {
    const agents = await clusterOf(3)
    await upgrade(...agents)
    const { leader, others, attempt } = await leaderOf(agents)
    says(leader, attempt, 'switching')
    await leader.checkIn()
    server.clock.advance(LEADER_SILENCE_MS + 60_000)
    const next = await leaderOf(others)
    expect(next.attempt).toBe(attempt)
    says(next.leader, attempt, 'succeeded')
    for (const each of others) moves(each)
    for (const each of [next.leader, ...others]) await each.checkIn()
    expect(await statesOf(others)).toEqual(Array(2).fill('succeeded upgraded'))
    // It comes back with its new pod, and says nothing of the attempt.
    moves(leader)
    leader.report = { ...leader.report, attempt: null }
    await leader.checkIn()
    await leader.checkIn()
    expect(await statesOf([leader])).toEqual(['succeeded upgraded'])
  })

  it('ends when nobody is heard of any more', async () => {
    const agents = await clusterOf(2)
    await upgrade(...agents)
    const { leader, attempt } = await leaderOf(agents)
    says(leader, attempt, 'switching')
    await leader.checkIn()
    server.clock.advance(CLUSTER_SILENCE_MS)
    await endOverdueUpgrades(server)
    expect(await statesOf([leader])).toEqual(['timed-out no-progress'])
    server.clock.advance(31 * 86_400_000)
    await endOverdueUpgrades(server)
    const states = await statesOf(agents)
    expect(states.every((each) => /^(?:timed-out|expired) /.test(each))).toBe(true)
  })
})

describe('two clusters', () => {
  it('do not stand in the way of machines, however few berths there are', async () => {
    const clusters = [await clusterOf(3), await clusterOf(3)]
    const agents = clusters.flat()
    const machine = await enrolTestAgent(server, distribution, 'a machine of its own')
    await machine.checkIn()
    const autoUpgrade = { parallelUpgradesMax: 2 }
    await server.database.write((tx) => saveSetting(tx, 'autoUpgrade', autoUpgrade))
    await upgrade(...agents, machine)
    await advanceRollouts(server)
    const replies = await Promise.all([...agents, machine].map((each) => each.checkIn()))
    expect(replies.filter(isLead)).toHaveLength(1)
    expect(replies.at(-1)?.instruction.kind).toBe('upgrade')
  })

  it('move one after the other', async () => {
    const clusters = [await clusterOf(2), await clusterOf(2)]
    await upgrade(...clusters.flat())
    const { leader, attempt } = await leaderOf(clusters.flat())
    const second = clusters.find((agents) => !agents.includes(leader)) ?? []
    for (const each of second) await each.checkIn()
    expect(await statesOf(second)).toEqual(Array(2).fill('queued other-cluster-first'))
    says(leader, attempt, 'rolled-back', 'rollout-not-ready')
    await leader.checkIn()
    await advanceRollouts(server)
    await leaderOf(second)
  })

  it('never move at once, though all ask at once at two servers', async () => {
    const [first, second] = [await clusterOf(4), await clusterOf(4)]
    const agents = [...first, ...second]
    await upgrade(...agents)
    const both = [server, other]
    const replies = await Promise.all(
      agents.map((agent, index) => checkInAt(both[index % 2] ?? server, agent)),
    )
    expect(replies.filter(isLead)).toHaveLength(1)
  })
})

it('is refused where no agent may, and names why', async () => {
  const agents = await clusterOf(2, false)
  const reply = await upgrade(...agents)
  expect(JSON.stringify(reply)).toContain('cluster')
  expect(await statesOf(agents)).toEqual(['none', 'none'])
})
