/**
 * Many endpoints, few berths, two servers that check in and plan at once: never more than the
 * setting says.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DistributionId, EndpointId } from '../base/ids.ts'
import { berthStandsMs } from '../domain/upgrade/berth.ts'
import { countBerthsTaken } from '../store/berths.ts'
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
} from './testing/fleet.ts'
import { advanceRollouts } from './work/advance-rollouts.ts'
import { endOverdueUpgrades } from './work/end-overdue-upgrades.ts'

const INTERVAL_S = 60

let server: TestServer
let other: TestServer
let distribution: DistributionId
let manifestDigest: string
beforeAll(async () => {
  server = await startTestServer()
  other = startBeside(server)
  distribution = await saveTestDistribution(server.database)
  manifestDigest = await saveTestRelease(server.database, '1.0.0.2')
})
afterAll(async () => {
  await other[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await server.database.write((tx) => tx.deleteFrom('upgrade').execute())
})

async function limitTo(parallelUpgradesMax: number): Promise<void> {
  await server.database.write((tx) => saveSetting(tx, 'autoUpgrade', { parallelUpgradesMax }))
}

async function fleetOf(count: number, name: string): Promise<readonly TestAgent[]> {
  const agents: TestAgent[] = []
  for (let index = 0; index < count; index++) {
    const agent = await enrolTestAgent(server, distribution, `${name}-${index}`)
    await agent.checkIn()
    agents.push(agent)
  }
  const endpointIds = agents.map((agent) => agent.endpointId)
  const order = { endpoint_ids: endpointIds, target_versions: { linux: '1.0.0.2' } }
  expect(await ask(upgradeEndpointsRoute, server, order)).toMatchObject({ ok: true })
  return agents
}

async function states(): Promise<Record<string, number>> {
  const rows = await server.database.read
    .selectFrom('upgrade')
    .select((select) => ['state', select.fn.countAll<number>().as('count')])
    .groupBy('state')
    .execute()
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}

/** Those that were given a berth and have not been heard of yet are under way, too. */
function underWay(): Promise<number> {
  return countBerthsTaken(server.database.read)
}

/** What an agent does with the answer: one step on, and it says so with its next check-in. */
function goOn(agent: TestAgent, reply: Awaited<ReturnType<TestAgent['checkIn']>>): void {
  const attempt = agent.report.attempt as { attempt_id: string; phase: string } | null
  const told = { percent: 1, bytes_done: 1, bytes_total: 2, reason: null, message: null }
  if (attempt !== null && reply.acknowledged_attempt === attempt.attempt_id) {
    agent.report = { ...agent.report, attempt: null }
  } else if (attempt?.phase === 'downloading') {
    const ended = { ...told, attempt_id: attempt.attempt_id, phase: 'succeeded', percent: 100 }
    const at = { agent_version: '1.0.0.2', manifest_digest: manifestDigest }
    agent.report = { ...agent.report, ...at, attempt: ended }
  } else if (attempt === null && reply.instruction.kind === 'upgrade') {
    const { attempt_id } = reply.instruction
    agent.report = { ...agent.report, attempt: { ...told, attempt_id, phase: 'downloading' } }
  }
}

async function checkInAt(agent: TestAgent, at: TestServer) {
  const answer = await post(checkInDoor, at, agent.report, authorization(agent))
  if (answer.kind !== 'json' || answer.status !== 200) throw new Error(JSON.stringify(answer))
  return answer.body as Awaited<ReturnType<TestAgent['checkIn']>>
}

/** Everybody at once, each at both servers, which plan meanwhile. */
async function round(agents: readonly TestAgent[]): Promise<void> {
  await Promise.all([
    ...[server, other].map(advanceRollouts),
    ...agents.map(async (agent, index) => {
      const replies = [server, other].map((each) => checkInAt(agent, each))
      const [first, second] = await Promise.all(replies)
      const reply = index % 2 === 0 ? first : second
      if (reply !== undefined) goOn(agent, reply)
    }),
  ])
}

/** Who waits for a berth is decided by the planner. */
async function offeredFirst(agents: readonly TestAgent[]) {
  const { read } = server.database
  const query = read.selectFrom('upgrade').select('endpoint_id').where('state', '=', 'offered')
  const { endpoint_id } = await query.executeTakeFirstOrThrow()
  const [one, two] = agents
  if (one === undefined || two === undefined) throw new Error('two agents')
  return one.endpointId === endpoint_id ? ([one, two] as const) : ([two, one] as const)
}

async function reasonOf(endpointId: EndpointId): Promise<string | null> {
  const { read } = server.database
  const query = read.selectFrom('upgrade').select('reason').where('endpoint_id', '=', endpointId)
  return (await query.executeTakeFirstOrThrow()).reason
}

describe('upgrades at once', () => {
  it('of fifty endpoints at two servers are never more than three, and all come to their end', async () => {
    await limitTo(3)
    const agents = await fleetOf(50, 'crowd')
    let isOver = false
    let most = 0
    const watching = (async () => {
      while (!isOver) most = Math.max(most, await underWay())
    })()
    for (let rounds = 0; rounds < 120 && (await states()).succeeded !== 50; rounds++) {
      await round(agents)
      server.clock.advance(1_000)
      most = Math.max(most, await underWay())
    }
    isOver = true
    await watching
    expect(most).toBe(3)
    expect(await states()).toEqual({ succeeded: 50 })
  })

  it('wait with a reason that is told, and begin when one has ended', async () => {
    await limitTo(1)
    const agents = await fleetOf(2, 'pair')
    const replies = await Promise.all(agents.map((agent) => agent.checkIn()))
    expect(replies.map(({ instruction }) => instruction.kind).sort()).toEqual([
      'nothing',
      'upgrade',
    ])
    const [first, second] = await offeredFirst(agents)
    expect(await reasonOf(second.endpointId)).toBe('parallel-limit')
    for (let step = 0; step < 4; step++) goOn(first, await first.checkIn())
    await advanceRollouts(server)
    expect((await second.checkIn()).instruction.kind).toBe('upgrade')
  })

  it('what waits costs no lock: the check-in writes nothing', async () => {
    await limitTo(1)
    const agents = await fleetOf(2, 'cheap')
    for (const agent of agents) await agent.checkIn()
    const [, second] = await offeredFirst(agents)
    let writes = 0
    const database = { ...server.database, write: () => Promise.reject(new Error(`${++writes}`)) }
    const counting = { ...server, database }
    await checkInAt(second, counting)
    expect(writes).toBe(0)
  })

  it('go on when the setting is lowered, and none is added until enough have ended', async () => {
    await limitTo(3)
    const agents = await fleetOf(4, 'fewer')
    for (const agent of agents) goOn(agent, await agent.checkIn())
    expect(await underWay()).toBe(3)
    await limitTo(1)
    await advanceRollouts(server)
    for (const agent of agents) goOn(agent, await agent.checkIn())
    expect(await states()).toEqual({ downloading: 3, queued: 1 })
    for (const agent of agents) goOn(agent, await agent.checkIn())
    expect(await states()).toEqual({ succeeded: 3, queued: 1 })
    await advanceRollouts(server)
    expect(await underWay()).toBe(1)
  })

  it('an endpoint that went away with its offer gives it back, and another has it', async () => {
    await limitTo(1)
    const agents = await fleetOf(2, 'gone')
    for (const agent of agents) await agent.checkIn()
    const [gone, next] = await offeredFirst(agents)
    server.clock.advance(berthStandsMs(INTERVAL_S))
    expect(await endOverdueUpgrades(server)).toBe(1)
    expect(await reasonOf(gone.endpointId)).toBe('offer-lapsed')
    await next.checkIn()
    await advanceRollouts(server)
    expect((await next.checkIn()).instruction.kind).toBe('upgrade')
  })
})
