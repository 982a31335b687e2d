import { describe, expect, it } from 'vitest'
import type { UpgradePolicyId } from '../../base/ids.ts'
import { DISTRIBUTION, NOW, version } from '../_samples.ts'
import { samplePolicy, sampleRules } from './_sample-policy.ts'
import { decideSetUpgradePolicy, type SetUpgradePolicy } from './set-upgrade-policy.ts'
import { governingPolicy, isMeant, type PolicyRules } from './upgrade-policy.ts'

const SUBJECT = {
  target: { platform: 'linux' },
  distributionId: DISTRIBUTION,
  tags: { server: ['web'], agent: ['site-1'] },
} as const

const OTHER = '0000000000000000000000000000000e' as typeof DISTRIBUTION

describe('a policy means', () => {
  const rows: readonly [string, Partial<PolicyRules>, boolean][] = [
    ['everybody, where it names nobody', {}, true],
    ['who has one of its tags, of the server or the agent', { tags: ['db', 'site-1'] }, true],
    ['nobody without', { tags: ['db', 'Web'] }, false],
    ['who is of one of its distributions', { distributionIds: [OTHER, DISTRIBUTION] }, true],
    ['nobody of another', { distributionIds: [OTHER] }, false],
    ['who is of both', { tags: ['web'], distributionIds: [DISTRIBUTION] }, true],
    ['nobody of one alone', { tags: ['web'], distributionIds: [OTHER] }, false],
    ['its platforms', { platforms: ['windows', 'linux'] }, true],
    ['no other', { platforms: ['windows'] }, false],
    ['nobody with a tag that it excludes', { tags: ['web'], excludedTags: ['site-1'] }, false],
  ]
  it.each(rows)('%s', (_, rules, isExpected) => {
    expect(isMeant(samplePolicy({ rules: sampleRules(rules) }), SUBJECT)).toBe(isExpected)
  })

  it('nobody, when it is disabled', () => {
    expect(isMeant(samplePolicy({ isEnabled: false }), SUBJECT)).toBe(false)
  })
})

it('an endpoint is governed by the first policy that means it', () => {
  const policy = (id: number, priority: number, tags: readonly string[]) =>
    samplePolicy({ id: id as UpgradePolicyId, priority, rules: sampleRules({ tags }) })
  const policies = [policy(5, 10, []), policy(4, 10, ['web']), policy(1, 2, ['db'])]
  expect(governingPolicy(policies, SUBJECT)?.id).toBe(4)
  expect(governingPolicy(policies.slice(0, 1), SUBJECT)?.id).toBe(5)
  expect(governingPolicy([], SUBJECT)).toBe(null)
})

describe('setting a policy', () => {
  const nothing = {
    ...{ tags: undefined, distributionIds: undefined, platforms: undefined },
    ...{ excludedTags: undefined, versions: undefined, delayMs: undefined },
    ...{ window: undefined, rollout: undefined },
  }
  const command = (asked: Partial<SetUpgradePolicy>): SetUpgradePolicy => ({
    name: 'Servers',
    newName: undefined,
    priority: undefined,
    isEnabled: undefined,
    rules: nothing,
    by: 'api-key:2',
    ...asked,
  })
  const there = [samplePolicy(), samplePolicy({ id: 4 as UpgradePolicyId, name: 'Lab' })]

  const refused: readonly [string, Partial<SetUpgradePolicy>][] = [
    ['upgrade-policy-exists', { newName: ' lab' }],
    ['upgrade-policy-exists', { name: 'New', newName: 'LAB' }],
    ['upgrade-policy-without-version', { name: 'New' }],
  ]
  it.each(refused)('is refused: %s', (code, asked) => {
    const decided = decideSetUpgradePolicy(there, command(asked), NOW)
    expect(decided).toMatchObject({ ok: false, refusal: { code } })
  })

  it('makes one that is not there, and says what was not said', () => {
    const rules = { ...nothing, versions: { kind: 'latest' } as const }
    const decided = decideSetUpgradePolicy(there, command({ name: 'New', rules }), NOW)
    expect(decided).toMatchObject({
      value: {
        kind: 'new',
        after: { name: 'New', priority: 100, isEnabled: true, generation: 1, rules: sampleRules() },
      },
    })
  })

  const generations: readonly [string, Partial<SetUpgradePolicy>, number][] = [
    ['nothing', {}, 1],
    ['the very same', { rules: { ...nothing, tags: [], delayMs: 0, window: null } }, 1],
    ['its name', { newName: 'servers of ours' }, 1],
    ['its priority', { priority: 1 }, 1],
    ['that it is disabled', { isEnabled: false }, 1],
    ['its delay', { rules: { ...nothing, delayMs: 1 } }, 2],
    ['whom it means', { rules: { ...nothing, platforms: ['linux'] } }, 2],
  ]
  it.each(generations)('with %s changed', (_, asked, generation) => {
    const decided = decideSetUpgradePolicy(there, command(asked), NOW + 1)
    expect(decided).toMatchObject({ value: { kind: 'changed', after: { generation } } })
    const isTouched = decided.ok && decided.value.after.changedAt === NOW + 1
    expect(isTouched).toBe(Object.keys(asked).length > 0 && _ !== 'the very same')
  })

  it('enabled again it orders anew, whatever the order of its fields in the database', () => {
    const { rules } = samplePolicy()
    const turned = Object.fromEntries(Object.entries(rules).reverse()) as PolicyRules
    const off = [samplePolicy({ isEnabled: false, rules: turned })]
    const on = decideSetUpgradePolicy(off, command({ isEnabled: true }), NOW)
    expect(on).toMatchObject({ value: { after: { isEnabled: true, generation: 2 } } })
    const same = decideSetUpgradePolicy(off, command({ rules: { ...nothing, ...rules } }), NOW)
    expect(same).toMatchObject({ value: { after: { generation: 1 } } })
    const versions = { kind: 'pinned', version: version('1.0.0.1'), allowDowngrade: true } as const
    const pinned = decideSetUpgradePolicy(off, command({ rules: { ...nothing, versions } }), NOW)
    expect(pinned).toMatchObject({ value: { after: { generation: 2 } } })
  })
})
