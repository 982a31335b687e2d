/**
 * What policies order. Asked again and again, and every time from what is stored: an endpoint that
 * a policy has ordered a version for is not ordered it again, whatever came of it, and while an
 * earlier rollout of a version is under way nobody else comes to that version. So the order can be
 * made twice, late, or by another server, and means the same.
 */
import type { Instant } from '../../base/clock.ts'
import type { Digest } from '../../base/digest.ts'
import type { EndpointId, UpgradeActionId, UpgradePolicyId } from '../../base/ids.ts'
import type { Platform } from '../../base/platform.ts'
import { type AgentVersion, compareVersions } from '../../base/version.ts'
import type { Release } from '../release/release.ts'
import type { RolloutPolicy } from '../rollout/policy.ts'
import { isOver, type RolloutState } from '../rollout/rollout.ts'
import type { CreateUpgradeAction } from '../upgrade/create-upgrade-action.ts'
import { assessEligibility, type UpgradeCandidate } from '../upgrade/eligibility.ts'
import {
  type Behind,
  mayGoBack,
  type OutlookView,
  outlooksOf,
  type PolicyOutlook,
} from './outlook.ts'
import { governingPolicy, type UpgradePolicy } from './upgrade-policy.ts'

/** Why a policy orders nothing. */
export const POLICY_REASONS = [
  'policy-disabled',
  'policy-governs-nobody',
  'policy-nothing-released',
  'policy-delay-running',
  'policy-fulfilled',
  'policy-rollout-halted',
  'policy-rollout-paused',
  'policy-rollout-cancelled',
  'policy-version-failed',
  'policy-rollout-open',
  'policy-rest-left-out',
] as const
export type PolicyReason = (typeof POLICY_REASONS)[number]

/** An upgrade action that a policy ordered, as its rollout stands. */
export type PolicyOrder = {
  readonly policyId: UpgradePolicyId
  /** Of the policy, when it ordered it. */
  readonly generation: number
  readonly actionId: UpgradeActionId
  readonly createdAt: Instant
  readonly targetVersions: ReadonlyMap<Platform, AgentVersion>
  readonly state: RolloutState
  /** Its last wave is on, and whoever it still waits for is not heard of. */
  readonly isSettled: boolean
}

/** How a build fared in what a policy ordered. */
export type PolicyProof = {
  readonly policyId: UpgradePolicyId
  readonly manifestDigest: Digest
  readonly hasSucceeded: boolean
  /** Somewhere, ordered with the rules as they are now. */
  readonly hasFailed: boolean
}

export type FollowView = OutlookView & {
  /** Of each policy those that are not finished, and the newest. */
  readonly orders: readonly PolicyOrder[]
  readonly proofs: readonly PolicyProof[]
}

/** What one action may bring: a version for each platform, by the builds that endpoints lack. */
export type TargetSet = {
  readonly targetVersions: ReadonlyMap<Platform, AgentVersion>
  readonly builds: readonly Behind[]
  /** Each of them has succeeded in what the policy ordered before. */
  readonly isProven: boolean
}

export type PolicyStep = {
  readonly outlook: PolicyOutlook
  /** An action for each, where there is anybody to take it. */
  readonly sets: readonly TargetSet[]
  /** Null: there is something to order. */
  readonly reason: PolicyReason | null
}

export function decideFollowReleases(view: FollowView, now: Instant): readonly PolicyStep[] {
  return outlooksOf(view, now).map((outlook) => {
    const { id } = outlook.policy
    const orders = view.orders.filter(({ policyId }) => policyId === id)
    const proofs = view.proofs.filter(({ policyId }) => policyId === id)
    return stepOf(outlook, { orders, proofs })
  })
}

type Past = { readonly orders: readonly PolicyOrder[]; readonly proofs: readonly PolicyProof[] }

function stepOf(outlook: PolicyOutlook, past: Past): PolicyStep {
  const quiet = whyQuiet(outlook)
  if (quiet !== null) return { outlook, sets: [], reason: quiet }
  const stops = outlook.behind.map((build) => stopOf(outlook.policy, build, past))
  const free = outlook.behind.filter((_, index) => stops[index] === null)
  const reason = POLICY_REASONS.find((each) => stops.includes(each)) ?? null
  if (free.length === 0) return { outlook, sets: [], reason }
  return { outlook, sets: targetSets(free, past), reason: null }
}

function whyQuiet({ policy, wishes, endpoints, behind }: PolicyOutlook): PolicyReason | null {
  if (!policy.isEnabled) return 'policy-disabled'
  if (endpoints === 0) return 'policy-governs-nobody'
  if (behind.length > 0) return null
  if (wishes.some(({ version }) => version !== null)) return 'policy-fulfilled'
  const isComing = wishes.some(({ next }) => next !== null)
  return isComing ? 'policy-delay-running' : 'policy-nothing-released'
}

/** Why nobody may be brought to the build now; null: nothing is in the way. */
function stopOf(policy: UpgradePolicy, { release }: Behind, past: Past): PolicyReason | null {
  const { version, target } = release
  const own = past.orders.filter((each) => each.targetVersions.get(target.platform) === version)
  const open = own.filter(({ state }) => !isOver(state))
  if (open.some(({ state }) => state === 'halted')) return 'policy-rollout-halted'
  if (open.some(({ state }) => state === 'paused')) return 'policy-rollout-paused'
  const isCancelled = own.some(({ state, generation }) => {
    return state === 'cancelled' && generation === policy.generation
  })
  if (isCancelled) return 'policy-rollout-cancelled'
  const proof = past.proofs.find((each) => each.manifestDigest === release.manifestDigest)
  const isProven = proof?.hasSucceeded === true
  if (open.some(({ isSettled }) => !isSettled || !isProven)) return 'policy-rollout-open'
  return proof?.hasFailed === true && !isProven ? 'policy-version-failed' : null
}

type GrowingSet = { readonly versions: Map<Platform, AgentVersion>; readonly builds: Behind[] }

/**
 * The newest version of each platform together, so that one canary covers all; where some targets
 * of a platform lack that build, what they get is an action of its own.
 */
function targetSets(builds: readonly Behind[], { proofs }: Past): readonly TargetSet[] {
  const sets: GrowingSet[] = []
  const newestFirst = builds.toSorted((left, right) =>
    compareVersions(right.release.version, left.release.version),
  )
  for (const build of newestFirst) {
    const { version, target } = build.release
    const fits = sets.find(({ versions }) => (versions.get(target.platform) ?? version) === version)
    const set: GrowingSet = fits ?? { versions: new Map(), builds: [] }
    if (fits === undefined) sets.push(set)
    set.versions.set(target.platform, version)
    set.builds.push(build)
  }
  const proven = new Set(
    proofs.filter((each) => each.hasSucceeded).map((each) => each.manifestDigest),
  )
  return sets.map((set) => ({
    targetVersions: set.versions,
    builds: set.builds,
    isProven: set.builds.every(({ release }) => proven.has(release.manifestDigest)),
  }))
}

/** Those of the candidates that the policy governs, and that can take what it wants. */
export function chooseFollowers(
  view: { readonly policies: readonly UpgradePolicy[]; readonly releases: readonly Release[] },
  policy: UpgradePolicy,
  set: TargetSet,
  candidates: readonly UpgradeCandidate[],
): readonly EndpointId[] {
  const rules = {
    releases: view.releases,
    catalogue: view.releases,
    retrySkipped: false,
    allowDowngrade: mayGoBack(policy.rules),
    supersede: false,
    excludedTags: policy.rules.excludedTags,
  }
  const chosen = candidates.filter((candidate) => {
    if (governingPolicy(view.policies, candidate)?.id !== policy.id) return false
    const { cluster } = candidate
    // Its cluster would be left out as a whole, and found again at every turn.
    if (cluster !== null && (cluster.uid === '' || !cluster.mayUpgrade)) return false
    return assessEligibility(candidate, set.targetVersions, rules).kind === 'eligible'
  })
  return chosen.map(({ id }) => id)
}

/**
 * The order for them. A version that is proven comes to newcomers in one wave: waves are there to
 * find out whether it is good. What else the policy says, the failure budget before all, holds.
 */
export function orderFor(
  policy: UpgradePolicy,
  set: TargetSet,
  endpointIds: readonly EndpointId[],
  defaults: RolloutPolicy,
): CreateUpgradeAction {
  const rollout = policy.rules.rollout ?? defaults
  return {
    endpointIds,
    targetVersions: set.targetVersions,
    window: policy.rules.window,
    retrySkipped: false,
    allowDowngrade: mayGoBack(policy.rules),
    supersede: false,
    excludedTags: policy.rules.excludedTags,
    policy: set.isProven ? { ...rollout, canary: null, waves: [] } : rollout,
    expiresInMs: null,
    scope: null,
  }
}

/** When something that a policy waits for comes by itself; null: nothing does. */
export function nextTurnAt(steps: readonly PolicyStep[]): Instant | null {
  const turns = steps.flatMap(({ outlook: { policy, wishes } }) => {
    return policy.isEnabled ? wishes.flatMap(({ next }) => (next === null ? [] : [next.at])) : []
  })
  return turns.length === 0 ? null : Math.min(...turns)
}
