/**
 * The simulated fleet of `npm run bench -- fleet`, small and fast, against the whole server: every
 * agent comes to its end, and agents and server count the same.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Crowd } from '../bench/fleet-crowd.ts'
import {
  cancelAll,
  type Fleet,
  lookAtAll,
  markAll,
  orderAll,
  reached,
  tally,
  untilAgents,
  untilEnded,
} from '../bench/fleet-orders.ts'
import { FLEET_FACTS, FLEET_RUN, FLEET_VERSION, writeFleet } from '../bench/fleet-set-up.ts'
import { systemClock } from '../src/base/clock.ts'
import { systemRandom } from '../src/base/random.ts'
import { createClient } from '../src/client/client.ts'
import { type AssembledServer, startAssembledServer } from '../src/server/testing/assembled.ts'
import { orderFor } from './small-fleet.ts'

const AGENTS = 1000
const PATIENCE_MS = 100_000
const GOOD = '3.0.0.1'
const WITHDRAWN = '3.0.0.2'

let server: AssembledServer
let fleet: Fleet
let crowds: readonly Crowd[]

beforeAll(async () => {
  server = await startAssembledServer({ keyRequests: { perS: 10_000, burst: 10_000 } })
  const { url } = server
  const { connection } = server.assembled.needs.database
  await server.publish(GOOD)
  await server.publish(WITHDRAWN)
  const distributionId = await orderFor(server, 'fleet')
  await writeFleet({ connection, url, distributionId, count: AGENTS })
  const client = createClient({
    baseUrl: url,
    key: { ...server.key, mode: 'standard' },
    timeoutMs: 30_000,
    clock: systemClock,
    random: systemRandom,
  })
  await client.configurations.auto_upgrade.set({ amount_of_parallel_upgrades: AGENTS })
  crowds = [0, AGENTS / 2].map((from) => crowdFrom(from))
  const handles = crowds.map((crowd) => ({
    mark: async () => crowd.mark(),
    look: async () => crowd.look(),
  }))
  fleet = { count: AGENTS, client, connection: async () => connection, crowds: handles }
}, PATIENCE_MS)

afterAll(async () => {
  for (const crowd of crowds) crowd.stop()
  await server[Symbol.asyncDispose]()
})

function crowdFrom(from: number): Crowd {
  const options = {
    port: Number(new URL(server.url).port),
    from,
    count: AGENTS / 2,
    connections: 20,
    version: FLEET_VERSION,
    runId: FLEET_RUN,
    factsDigest: FLEET_FACTS,
    spreadMs: 1000,
    // A minute of theirs is some two seconds.
    scale: 0.03,
  }
  return new Crowd(options, systemRandom)
}

describe('a fleet of simulated agents', { timeout: PATIENCE_MS }, () => {
  it('moves to a version, each of them once, and both sides say so', async () => {
    await markAll(fleet)
    const order = await orderAll(fleet, GOOD)
    await untilEnded(fleet, order, PATIENCE_MS)
    const stored = await tally(fleet, order)
    expect(stored).toEqual({ states: { succeeded: AGENTS }, again: 0, toldTwice: 0 })
    const look = await lookAtAll(fleet)
    expect(look).toMatchObject({ versions: { [GOOD]: AGENTS }, switches: AGENTS, refused: 0 })
    expect(look.switchedTwice).toBe(0)
    expect(reached(look.offeredAt)).toHaveLength(AGENTS)
  })

  it('stops in the middle: what switched is counted, all else stays as it was', async () => {
    await markAll(fleet)
    const order = await orderAll(fleet, WITHDRAWN)
    await untilAgents(fleet, 'offeredAt', 0.2)
    await cancelAll(fleet, order)
    await untilEnded(fleet, order, PATIENCE_MS)
    const { states } = await tally(fleet, order)
    const { succeeded = 0, cancelled = 0, ...others } = states
    expect(others).toEqual({})
    expect(succeeded + cancelled).toBe(AGENTS)
    const { versions, switches, switchedTwice } = await lookAtAll(fleet)
    expect(versions[WITHDRAWN] ?? 0).toBe(succeeded)
    expect({ switches, switchedTwice }).toEqual({ switches: AGENTS + succeeded, switchedTwice: 0 })
  })
})
