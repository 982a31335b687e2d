/** The database's rules of who is governed, and who follows, against the domain's. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '../base/digest.ts'
import type { DistributionId, EndpointId, UpgradePolicyId } from '../base/ids.ts'
import type { Target } from '../base/platform.ts'
import type { AgentVersion } from '../base/version.ts'
import { CONNECTION_LIMITS } from '../domain/endpoint/endpoint.ts'
import { NO_FLOORS } from '../domain/release/floors.ts'
import type { TargetSet } from '../domain/upgrade-policy/follow-releases.ts'
import { governingPolicy, type UpgradePolicy } from '../domain/upgrade-policy/upgrade-policy.ts'
import { loadCensus, loadFollowers, loadGoverningPolicy } from './governed-endpoints.ts'
import type { Database } from './open.ts'
import { startTestDatabase } from './testing/database.ts'
import { fillFleet } from './testing/fleet.ts'
import { loadCandidates } from './upgrade-candidates.ts'
import { loadUpgradePolicies, saveNewUpgradePolicy } from './upgrade-policies.ts'

const COUNT = 2_000
const NOW = Date.parse('2026-11-22T12:00:00Z')
const TARGET: Target = { platform: 'linux', arch: 'x64', libc: 'glibc' }

let database: Database
let policies: readonly UpgradePolicy[]
let fleet: Awaited<ReturnType<typeof loadCandidates>>

beforeAll(async () => {
  database = await startTestDatabase()
  await fillFleet(database.connection, COUNT, NOW)
  const [first] = await database.read
    .selectFrom('distribution')
    .select('id')
    .orderBy('name')
    .execute()
  const distributionIds = [String(first?.id) as DistributionId]
  await save('off', 0, { tags: ['canary'] }, false)
  await save('canary', 5, { tags: ['canary', 'pilot 3'], excludedTags: ['ring-3'] })
  await save('both', 3, { tags: ['site-0', 'site-1'], distributionIds })
  await save('windows', 20, { platforms: ['windows'], excludedTags: ['site-4'] })
  await save('later', 20, { platforms: ['windows', 'linux'] })
  policies = await loadUpgradePolicies(database.read)
  const rows = await database.read.selectFrom('endpoint').select('id').execute()
  const ids = rows.map(({ id }) => id as EndpointId)
  fleet = await loadCandidates(database.read, ids, { limits: CONNECTION_LIMITS, now: NOW })
}, 60_000)
afterAll(() => database[Symbol.asyncDispose]())

async function save(
  name: string,
  priority: number,
  rules: Partial<UpgradePolicy['rules']>,
  isEnabled = true,
) {
  const plain = { tags: [], distributionIds: [], platforms: [], excludedTags: [], delayMs: 0 }
  const how = { versions: { kind: 'latest' }, window: null, rollout: null } as const
  const made = { createdBy: 'test', createdAt: NOW, changedBy: 'test', changedAt: NOW }
  const policy = { name, priority, isEnabled, generation: 1, ...made }
  await database.write((tx) =>
    saveNewUpgradePolicy(tx, { ...policy, rules: { ...plain, ...how, ...rules } }),
  )
}

function expectedIds(name: string): readonly EndpointId[] {
  const governed = fleet.filter((each) => {
    return !each.deleted && governingPolicy(policies, each)?.name === name
  })
  return governed.map(({ id }) => id)
}

function named(name: string): UpgradePolicy {
  const policy = policies.find((each) => each.name === name)
  if (policy === undefined) throw new Error(`there is no policy ${name}`)
  return policy
}

const SET: TargetSet = {
  targetVersions: new Map([['linux', '1.0.0.4' as AgentVersion]]),
  builds: [
    {
      target: TARGET,
      release: {
        manifestDigest: digestOf('1.0.0.4'),
        version: '1.0.0.4' as AgentVersion,
        target: TARGET,
        publishedAt: NOW,
        withdrawnAt: null,
        floors: NO_FLOORS,
      },
      fromVersions: ['1.0.0.1', '1.0.0.2'] as AgentVersion[],
    },
  ],
  isProven: false,
}

describe('the census', () => {
  it.each(['off', 'both', 'canary', 'windows', 'later'])(
    'counts as the rules do: %s',
    async (name) => {
      const census = await loadCensus(database.read, policies, null)
      const counted = census.filter(({ policyId }) => policyId === named(name).id)
      const total = counted.reduce((sum, { count }) => sum + count, 0)
      expect(total).toBe(expectedIds(name).length)
      expect(total > 0).toBe(name !== 'off')
    },
  )

  it('counts within a scope', async () => {
    const census = await loadCensus(database.read, policies, { tags: ['pilot 3'] })
    const inside = fleet.filter(({ deleted, tags }) => !deleted && tags.server.includes('pilot 3'))
    expect(census.reduce((sum, { count }) => sum + count, 0)).toBe(
      inside.filter((each) => governingPolicy(policies, each) !== null).length,
    )
  })

  it('of no policies is empty', async () => {
    expect(await loadCensus(database.read, [], null)).toEqual([])
  })
})

describe('the followers of a policy', () => {
  const wanted = (name: string) => ({
    ...{ policies, policy: named(name), set: SET, lostSince: NOW - CONNECTION_LIMITS.lostMs },
    ...{ after: '', limit: COUNT },
  })

  it('are those that it governs, behind, and not lost; page by page', async () => {
    const governed = new Set(expectedIds('later'))
    const behind = fleet.filter(({ id, target, version, connection }) => {
      const isOld = version === '1.0.0.1' || version === '1.0.0.2'
      return governed.has(id) && target.platform === 'linux' && isOld && connection !== 'lost'
    })
    const ids = behind.map(({ id }) => id).sort()
    expect(ids.length).toBeGreaterThan(20)
    expect(await loadFollowers(database.read, wanted('later'))).toEqual(ids)
    const page = { ...wanted('later'), after: ids[4] ?? '', limit: 3 }
    expect(await loadFollowers(database.read, page)).toEqual(ids.slice(5, 8))
  })

  it('are not those on which the build failed', async () => {
    const [first = '' as EndpointId] = await loadFollowers(database.read, wanted('later'))
    const skipped = JSON.stringify([{ manifestDigest: digestOf('1.0.0.4'), reason: 'exited' }])
    await database.write((tx) =>
      tx.updateTable('endpoint').set({ skipped }).where('id', '=', first).execute(),
    )
    expect(await loadFollowers(database.read, wanted('later'))).not.toContain(first)
  })
})

it('the policy of an endpoint is the one that governs it', async () => {
  for (const endpoint of fleet.slice(0, 30)) {
    const expected = endpoint.deleted ? null : governingPolicy(policies, endpoint)
    const found = await loadGoverningPolicy(database.read, endpoint.id)
    expect([endpoint.id, found?.name]).toEqual([endpoint.id, expected?.name])
  }
  expect(await loadGoverningPolicy(database.read, 'nobody' as EndpointId)).toBe(null)
  expect(named('off').id).toBe(1 as UpgradePolicyId)
})
