/**
 * An upgrade policy: endpoints, and the version that they ought to have. What it wants is ordered
 * by the server itself as releases come (`decideFollowReleases`). An endpoint is governed by one
 * policy at most: the first, by priority, that means it.
 */
import type { Instant } from '../../base/clock.ts'
import type { DistributionId, UpgradePolicyId } from '../../base/ids.ts'
import type { Platform } from '../../base/platform.ts'
import type { AgentVersion } from '../../base/version.ts'
import type { RolloutPolicy } from '../rollout/policy.ts'
import type { Window } from '../upgrade/window.ts'

/** Which of the versions that are offered for a platform. */
export type VersionRule =
  | { readonly kind: 'latest' }
  /** The newest but one, of the versions and not of the builds. */
  | { readonly kind: 'one-before' }
  /** The newest whose number begins so: `8.6` means 8.6.0.1 and not 8.60.0.1. */
  | { readonly kind: 'line'; readonly line: string }
  /** `allowDowngrade`: also where a newer one is installed. */
  | {
      readonly kind: 'pinned'
      readonly version: AgentVersion
      readonly allowDowngrade: boolean
    }

/** Whom it means, what it wants there, and how it orders that. */
export type PolicyRules = {
  /** Endpoints with one of these; empty: whatever their tags. */
  readonly tags: readonly string[]
  /** Endpoints of one of these; empty: of any. Both said: both must hold. */
  readonly distributionIds: readonly DistributionId[]
  /** Empty: all. */
  readonly platforms: readonly Platform[]
  /** Endpoints with one of these it does not mean: another policy may. */
  readonly excludedTags: readonly string[]
  readonly versions: VersionRule
  /** A release counts so long after it was published. */
  readonly delayMs: number
  readonly window: Window | null
  /** Null: as the instance has it when something is ordered. */
  readonly rollout: RolloutPolicy | null
}

export type UpgradePolicy = {
  readonly id: UpgradePolicyId
  readonly name: string
  /** The smaller comes first; of two that are the same, the older policy. */
  readonly priority: number
  /** One that is not governs nothing. */
  readonly isEnabled: boolean
  readonly rules: PolicyRules
  /** Grows when its rules change, or it is enabled again: what it ordered before is forgotten. */
  readonly generation: number
  readonly createdBy: string
  readonly createdAt: Instant
  readonly changedBy: string
  readonly changedAt: Instant
}

/** What a policy looks at in an endpoint. */
export type PolicySubject = {
  readonly target: { readonly platform: Platform }
  readonly distributionId: DistributionId
  readonly tags: { readonly server: readonly string[]; readonly agent: readonly string[] }
}

export function isMeant(policy: UpgradePolicy, subject: PolicySubject): boolean {
  const { tags, distributionIds, platforms, excludedTags } = policy.rules
  const hasOneOf = (wanted: readonly string[]) =>
    wanted.some((tag) => subject.tags.server.includes(tag) || subject.tags.agent.includes(tag))
  return (
    policy.isEnabled &&
    (tags.length === 0 || hasOneOf(tags)) &&
    (distributionIds.length === 0 || distributionIds.includes(subject.distributionId)) &&
    (platforms.length === 0 || platforms.includes(subject.target.platform)) &&
    !hasOneOf(excludedTags)
  )
}

/** Null: none means it. */
export function governingPolicy<Policy extends UpgradePolicy>(
  policies: readonly Policy[],
  subject: PolicySubject,
): Policy | null {
  return inPrecedence(policies).find((policy) => isMeant(policy, subject)) ?? null
}

/** Who comes first governs. */
export function inPrecedence<Policy extends UpgradePolicy>(
  policies: readonly Policy[],
): readonly Policy[] {
  return policies.toSorted((left, right) => left.priority - right.priority || left.id - right.id)
}

/** How the names of policies begin where it is said who did something. */
export const POLICY_ACTOR_PREFIX = 'upgrade-policy:'

/** As upgrade actions and audit entries name it. */
export function policyActor(id: UpgradePolicyId): string {
  return `${POLICY_ACTOR_PREFIX}${id}`
}
