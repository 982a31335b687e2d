/** A policy for tests: every field said once, tests say what differs. */
import type { UpgradePolicyId } from '../../base/ids.ts'
import { NOW } from '../_samples.ts'
import type { PolicyRules, UpgradePolicy } from './upgrade-policy.ts'

/** For all endpoints, at once, at any time. */
export const sampleRules = (rules: Partial<PolicyRules> = {}): PolicyRules => ({
  tags: [],
  distributionIds: [],
  platforms: [],
  excludedTags: [],
  versions: { kind: 'latest' },
  delayMs: 0,
  window: null,
  rollout: null,
  ...rules,
})

export const samplePolicy = (policy: Partial<UpgradePolicy> = {}): UpgradePolicy => ({
  id: 3 as UpgradePolicyId,
  name: 'Servers',
  priority: 100,
  isEnabled: true,
  rules: sampleRules(),
  generation: 1,
  createdBy: 'api-key:1',
  createdAt: NOW,
  changedBy: 'api-key:1',
  changedAt: NOW,
  ...policy,
})
