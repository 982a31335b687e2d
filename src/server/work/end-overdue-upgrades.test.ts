import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DistributionId, type EndpointId, newId } from '../../base/ids.ts'
import { systemRandom } from '../../base/random.ts'
import type { AgentVersion } from '../../base/version.ts'
import { NO_POLICY } from '../../domain/rollout/policy.ts'
import { newRollout } from '../../domain/rollout/rollout.ts'
import { ACTION_EXPIRY_MS } from '../../domain/upgrade/upgrade-action.ts'
import { saveUpgradeAction } from '../../store/upgrade-orders.ts'
import { loadLatestUpgrades } from '../../store/upgrades.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  saveTestRelease,
  startTestServer,
  type TestServer,
} from '../testing/fleet.ts'
import { endOverdueUpgrades } from './end-overdue-upgrades.ts'

const DAY_MS = 86_400_000

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server[Symbol.asyncDispose]())

async function fleetOf(count: number): Promise<readonly EndpointId[]> {
  const name = newId<DistributionId>(systemRandom)
  const distribution = await saveTestDistribution(server.database, name)
  const ids: EndpointId[] = []
  for (let index = 0; index < count; index++) {
    const agent = await enrolTestAgent(server, distribution, `${distribution}-${index}`)
    ids.push(agent.endpointId)
  }
  return ids
}

/** An open upgrade on each endpoint, running on those that have a deadline. */
async function order(
  endpointIds: readonly EndpointId[],
  ends: { readonly expiresAt: number; readonly deadlineAt: number | null },
): Promise<void> {
  const now = server.clock.now()
  const version = '1.0.0.2' as AgentVersion
  const { expiresAt, deadlineAt } = ends
  const upgrades = endpointIds.map((endpointId) => ({
    endpointId,
    wave: 0,
    zone: 'UTC',
    steps: [],
    notBefore: null,
    state: deadlineAt === null ? ('queued' as const) : ('downloading' as const),
    fromVersion: '1.0.0.1' as AgentVersion,
    targetVersion: version,
    manifestDigest,
    attemptId: null,
    attempts: 0,
    reason: null,
    message: null,
    percent: 0,
    bytesDone: 0,
    bytesTotal: 0,
    retrySkipped: false,
    window: null,
    expiresAt,
    deadlineAt,
    cancelRequestedAt: null,
    changedAt: now,
  }))
  const action = { targetVersions: new Map(), window: null, createdAt: now, expiresAt }
  const waves = [{ name: 'all', size: endpointIds.length, budget: null }]
  const rollout = newRollout(NO_POLICY, waves, now)
  const created = { action, rollout, upgrades, platforms: new Map(), ineligible: [], along: [] }
  await server.database.write((tx) => saveUpgradeAction(tx, created, 'test'))
}

let manifestDigest: Awaited<ReturnType<typeof saveTestRelease>>
beforeAll(async () => {
  manifestDigest = await saveTestRelease(server.database, '1.0.0.2')
})

it('what runs past its expiry does not keep what waits past its own from ending', async () => {
  const now = server.clock.now()
  // More than are looked at together.
  const running = await fleetOf(201)
  await order(running, { expiresAt: now - 2, deadlineAt: now + DAY_MS })
  const [waiting] = await fleetOf(1)
  if (waiting === undefined) throw new Error('an endpoint')
  await order([waiting], { expiresAt: now - 1, deadlineAt: null })
  expect(await endOverdueUpgrades(server)).toBe(1)
  const latest = await loadLatestUpgrades(server.database.read, [waiting])
  expect(latest.get(waiting)).toMatchObject({ state: 'expired', reason: 'action-expired' })
})

it('an action of a clock that ran a year ahead expires as one of today', async () => {
  const now = server.clock.now()
  const [waiting] = await fleetOf(1)
  if (waiting === undefined) throw new Error('an endpoint')
  await order([waiting], { expiresAt: now + 365 * DAY_MS, deadlineAt: null })
  await endOverdueUpgrades(server)
  server.clock.advance(ACTION_EXPIRY_MS)
  await endOverdueUpgrades(server)
  const latest = await loadLatestUpgrades(server.database.read, [waiting])
  expect(latest.get(waiting)).toMatchObject({ state: 'expired', reason: 'action-expired' })
})
