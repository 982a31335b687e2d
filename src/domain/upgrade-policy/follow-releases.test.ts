import { describe, expect, it } from 'vitest'
import type { UpgradeActionId, UpgradePolicyId } from '../../base/ids.ts'
import type { Platform } from '../../base/platform.ts'
import type { AgentVersion } from '../../base/version.ts'
import { DISTRIBUTION, digest, ENDPOINT, LINUX, NOW, sampleRelease, version } from '../_samples.ts'
import { NO_POLICY } from '../rollout/policy.ts'
import type { UpgradeCandidate } from '../upgrade/eligibility.ts'
import { samplePolicy, sampleRules } from './_sample-policy.ts'
import {
  chooseFollowers,
  decideFollowReleases,
  type FollowView,
  orderFor,
  type PolicyOrder,
  type PolicyProof,
} from './follow-releases.ts'

const POLICY = samplePolicy()
const ARM = { ...LINUX, arch: 'arm64' } as const
const WINDOWS = { platform: 'windows', arch: 'x64', libc: 'none' } as const
const OLD = version('1.0.0.1')
const NEW = version('1.0.0.2')

const released = (text: string, target: FollowView['releases'][number]['target'] = LINUX) =>
  sampleRelease({
    version: version(text),
    target,
    manifestDigest: digest(`${text} ${target.platform} ${target.arch}`),
    publishedAt: NOW - 1,
  })

const row = (
  text: string | null,
  count = 1,
  target: typeof LINUX | typeof ARM | typeof WINDOWS = LINUX,
) => ({
  policyId: POLICY.id,
  target,
  version: text === null ? null : version(text),
  count,
})

const order = (made: Partial<PolicyOrder> = {}): PolicyOrder => ({
  policyId: POLICY.id,
  generation: 1,
  actionId: 7 as UpgradeActionId,
  createdAt: NOW,
  targetVersions: new Map<Platform, AgentVersion>([['linux', NEW]]),
  state: 'finished',
  isSettled: true,
  ...made,
})

const proof = (told: Partial<PolicyProof>): PolicyProof => ({
  policyId: POLICY.id,
  manifestDigest: released('1.0.0.2').manifestDigest,
  hasSucceeded: false,
  hasFailed: false,
  ...told,
})

const view = (made: Partial<FollowView> = {}): FollowView => ({
  policies: [POLICY],
  releases: [released('1.0.0.1'), released('1.0.0.2')],
  census: [row('1.0.0.1', 5), row('1.0.0.2', 2), row(null)],
  settings: { criticalEnvironment: { isEnabled: true } },
  orders: [],
  proofs: [],
  ...made,
})

function stepOf(made: Partial<FollowView>) {
  const [step] = decideFollowReleases(view(made), NOW)
  if (step === undefined) throw new Error('there is a policy')
  return step
}

describe('a policy', () => {
  it('orders the version for those who lack it', () => {
    const { outlook, sets, reason } = stepOf({})
    expect([outlook.endpoints, outlook.fulfilled, reason]).toEqual([8, 2, null])
    expect(sets).toMatchObject([{ builds: [{ fromVersions: [OLD] }], isProven: false }])
    expect(sets[0]?.targetVersions).toEqual(new Map([['linux', NEW]]))
  })

  const policyWith = (rules: Parameters<typeof sampleRules>[0]) => [
    samplePolicy({ rules: sampleRules(rules) }),
  ]
  const proven = [proof({ hasSucceeded: true, hasFailed: true })]
  const rows: readonly [string | null, string, Partial<FollowView>][] = [
    ['policy-disabled', 'is off', { policies: [samplePolicy({ isEnabled: false })] }],
    ['policy-governs-nobody', 'has no endpoint', { census: [] }],
    ['policy-nothing-released', 'has nothing to order', { releases: [] }],
    ['policy-delay-running', 'waits', { policies: policyWith({ delayMs: 1000 }) }],
    ['policy-fulfilled', 'has nobody behind', { census: [row('1.0.0.2')] }],
    ['policy-fulfilled', 'takes nobody back', { census: [row('1.0.0.3')] }],
    ['policy-fulfilled', 'leaves alone who has not checked in', { census: [row(null)] }],
    [
      'policy-rollout-open',
      'is at it',
      { orders: [order({ state: 'running', isSettled: false })] },
    ],
    ['policy-rollout-open', 'proves it first', { orders: [order({ state: 'scheduled' })] }],
    [
      null,
      'waits for nobody who is off',
      { orders: [order({ state: 'running' })], proofs: proven },
    ],
    [
      'policy-rollout-paused',
      'was paused',
      { orders: [order({ state: 'paused' })], proofs: proven },
    ],
    [
      'policy-rollout-halted',
      'was halted',
      { orders: [order({ state: 'halted', generation: 0 })] },
    ],
    ['policy-rollout-cancelled', 'was told no', { orders: [order({ state: 'cancelled' })] }],
    [null, 'was changed since', { orders: [order({ state: 'cancelled', generation: 0 })] }],
    [
      null,
      'did another version',
      {
        orders: [order({ state: 'halted', targetVersions: new Map([['linux', OLD]]) })],
      },
    ],
    ['policy-version-failed', 'found it bad', { proofs: [proof({ hasFailed: true })] }],
    [null, 'found it good, for most', { proofs: proven }],
    [
      null,
      'is another one',
      {
        orders: [order({ policyId: 4 as UpgradePolicyId, state: 'halted' })],
        proofs: [proof({ policyId: 4 as UpgradePolicyId, hasFailed: true })],
      },
    ],
  ]
  it.each(rows)('says %s when it %s', (reason, _, made) => {
    const step = stepOf(made)
    expect(step.reason).toBe(reason)
    expect(step.sets).toHaveLength(reason === null ? 1 : 0)
  })

  it('goes back where it is pinned and may', () => {
    const pinned = { kind: 'pinned', version: OLD } as const
    const census = [row('1.0.0.2'), row('1.0.0.1')]
    const back = (allowDowngrade: boolean) =>
      stepOf({ census, policies: policyWith({ versions: { ...pinned, allowDowngrade } }) })
    expect(back(false).reason).toBe('policy-fulfilled')
    expect(back(true).sets).toMatchObject([{ builds: [{ fromVersions: [NEW] }] }])
  })

  it('passes over versions for critical environments while those are disabled', () => {
    const releases = [released('1.0.0.1'), released('1.0.100.1')]
    const settings = { criticalEnvironment: { isEnabled: false } }
    expect(stepOf({ releases, settings }).sets).toEqual([])
    expect(stepOf({ releases }).sets[0]?.targetVersions.get('linux')).toBe('1.0.100.1')
  })

  it('brings all platforms in one action, and what lacks the newest build in another', () => {
    const releases = [
      released('1.0.0.2'),
      released('1.0.0.3'),
      released('1.0.0.2', ARM),
      released('2.0.0.1', WINDOWS),
    ]
    const census = [row('1.0.0.1'), row('1.0.0.1', 1, ARM), row('1.0.0.1', 1, WINDOWS)]
    const { sets } = stepOf({ releases, census })
    expect(sets.map(({ targetVersions }) => Object.fromEntries(targetVersions))).toEqual([
      { windows: '2.0.0.1', linux: '1.0.0.3' },
      { linux: '1.0.0.2' },
    ])
  })
})

describe('the order of a policy', () => {
  const rollout = { ...NO_POLICY, canary: { kind: 'count', count: 1 }, soakMinutes: 5 } as const
  const [set] = stepOf({}).sets

  it('has its waves until the version is proven, and its budget always', () => {
    if (set === undefined) throw new Error('there is something to order')
    const first = orderFor(POLICY, set, [ENDPOINT], rollout)
    expect(first).toMatchObject({ policy: rollout, supersede: false, retrySkipped: false })
    const own = samplePolicy({ rules: sampleRules({ rollout: { ...rollout, soakMinutes: 9 } }) })
    const then = orderFor(own, { ...set, isProven: true }, [ENDPOINT], rollout)
    expect(then.policy).toEqual({ ...rollout, canary: null, soakMinutes: 9 })
  })

  it('is for those who can take it, and whom no other policy governs', () => {
    if (set === undefined) throw new Error('there is something to order')
    const candidate = (made: Partial<UpgradeCandidate>): UpgradeCandidate => ({
      id: ENDPOINT,
      deleted: false,
      distributionId: DISTRIBUTION,
      target: LINUX,
      timeZone: 'UTC',
      connection: 'connected',
      tags: { server: [], agent: [] },
      version: OLD,
      osVersion: '12',
      kernel: '6.1',
      skipped: [],
      openUpgrade: null,
      cluster: null,
      ...made,
    })
    const mine = samplePolicy({
      id: 9 as UpgradePolicyId,
      priority: 1,
      rules: sampleRules({ tags: ['mine'] }),
    })
    const { releases } = view()
    const chosen = (made: Partial<UpgradeCandidate>) =>
      chooseFollowers({ policies: [POLICY, mine], releases }, POLICY, set, [candidate(made)]).length
    expect(chosen({})).toBe(1)
    expect(chosen({ tags: { server: [], agent: ['mine'] } })).toBe(0)
    expect(chosen({ skipped: [released('1.0.0.2').manifestDigest] })).toBe(0)
    expect(chosen({ openUpgrade: 'downloading' })).toBe(0)
    expect(chosen({ openUpgrade: 'queued' })).toBe(1)
    expect(chosen({ cluster: { uid: 'one', mayUpgrade: false } })).toBe(0)
    expect(chosen({ cluster: { uid: '', mayUpgrade: true } })).toBe(0)
    expect(chosen({ cluster: { uid: 'one', mayUpgrade: true } })).toBe(1)
  })
})
