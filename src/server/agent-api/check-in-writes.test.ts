import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DistributionId } from '../../base/ids.ts'
import type { Database } from '../../store/open.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  startTestServer,
  type TestAgent,
  type TestServer,
} from '../testing/fleet.ts'
import { createCheckInWrites } from './check-in-writes.ts'

let server: TestServer
let distributionId: DistributionId
let transactions = 0

beforeAll(async () => {
  const started = await startTestServer()
  const { database } = started
  const write: Database['write'] = (work, isolation) => {
    transactions += 1
    return database.write(work, isolation)
  }
  server = { ...started, checkInWrites: createCheckInWrites({ write }, started.clock) }
  distributionId = await saveTestDistribution(database)
})
afterAll(() => server[Symbol.asyncDispose]())

async function enrolled(name: string, count: number): Promise<TestAgent[]> {
  const agents: TestAgent[] = []
  for (let index = 0; index < count; index += 1) {
    agents.push(await enrolTestAgent(server, distributionId, `${name}-${index}`))
  }
  return agents
}

/** Its health becomes news, of which this is the reason. */
async function complain(agent: TestAgent, reason: string) {
  const health = { status: 'unhealthy', details: [{ title: 'disk', reason }] }
  agent.report = { ...agent.report, health }
  return await agent.checkIn()
}

async function reasons(agents: readonly TestAgent[]): Promise<(string | null)[]> {
  const rows = await server.database.read
    .selectFrom('endpoint')
    .select(['id', 'health'])
    .where(
      'id',
      'in',
      agents.map(({ endpointId }) => endpointId),
    )
    .execute()
  const stored = new Map(
    rows.map(({ id, health }) => {
      const { details } = health as { readonly details: readonly { readonly reason: string }[] }
      return [id, details[0]?.reason ?? null]
    }),
  )
  return agents.map(({ endpointId }) => stored.get(endpointId) ?? null)
}

it('what forty agents tell in one moment is stored in a few transactions', async () => {
  const agents = await enrolled('together', 40)
  const before = transactions
  await Promise.all(agents.map((agent, index) => complain(agent, `full ${index}`)))
  expect(transactions - before).toBeLessThan(8)
  expect(await reasons(agents)).toEqual(agents.map((_, index) => `full ${index}`))
})

it('what the database does not take fails alone', async () => {
  const agents = await enrolled('alone', 9)
  const told = await Promise.allSettled(
    agents.map((agent, index) => complain(agent, index === 4 ? 'a\u0000b' : 'full')),
  )
  expect(told.map(({ status }) => status)).toEqual(
    agents.map((_, index) => (index === 4 ? 'rejected' : 'fulfilled')),
  )
  expect(await reasons(agents)).toEqual(agents.map((_, index) => (index === 4 ? null : 'full')))
})

it('two of one endpoint are stored in the order in which they came', async () => {
  const [agent, other] = (await enrolled('twice', 2)) as [TestAgent, TestAgent]
  const told = [complain(agent, 'first'), complain(other, 'other'), complain(agent, 'second')]
  await Promise.all(told)
  expect(await reasons([agent, other])).toEqual(['second', 'other'])
})
