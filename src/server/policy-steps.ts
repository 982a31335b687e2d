/** What upgrade policies want and may order as everything stands, for whoever orders or asks. */
import type { Instant } from '../base/clock.ts'
import type { EndpointId } from '../base/ids.ts'
import type { Scope } from '../domain/access/scope.ts'
import { connectionLimits } from '../domain/configuration/agent-status.ts'
import type { Configuration } from '../domain/configuration/configuration.ts'
import type { Release } from '../domain/release/release.ts'
import {
  chooseFollowers,
  decideFollowReleases,
  type PolicyOrder,
  type PolicyStep,
  type TargetSet,
} from '../domain/upgrade-policy/follow-releases.ts'
import { type CensusRow, outlooksOf } from '../domain/upgrade-policy/outlook.ts'
import type { UpgradePolicy } from '../domain/upgrade-policy/upgrade-policy.ts'
import { loadConfiguration } from '../store/configuration.ts'
import { loadCensus, loadFollowers } from '../store/governed-endpoints.ts'
import type { Reader } from '../store/open.ts'
import { loadReleases } from '../store/releases.ts'
import { loadCandidates } from '../store/upgrade-candidates.ts'
import {
  loadPolicyOrders,
  loadPolicyProofs,
  loadUpgradePolicies,
  type StoredPolicy,
} from '../store/upgrade-policies.ts'
import { heardWithinMs } from './work/advance-rollouts.ts'

export type PolicyPicture = {
  readonly policies: readonly StoredPolicy[]
  readonly releases: readonly Release[]
  readonly settings: Configuration
  readonly census: readonly CensusRow[]
  readonly orders: readonly PolicyOrder[]
  readonly steps: readonly PolicyStep[]
}

export type Moment = { readonly now: Instant; readonly intervalS: number }

/** Where nobody is behind, how builds fared before is not looked at. */
export async function loadPolicySteps(
  reader: Reader,
  scope: Scope,
  moment: Moment,
): Promise<PolicyPicture> {
  const census = await loadCensus(reader, await loadUpgradePolicies(reader), scope)
  return await loadStepsOf(reader, census, moment)
}

/**
 * With a census that was taken before: whoever holds others up does not walk a whole fleet. It says
 * where to look; who is there then is asked again (`collectFollowers`).
 */
export async function loadStepsOf(
  reader: Reader,
  census: readonly CensusRow[],
  { now, intervalS }: Moment,
): Promise<PolicyPicture> {
  const policies = await loadUpgradePolicies(reader)
  const settings = await loadConfiguration(reader)
  const releases = await loadReleases(reader, {})
  const view = { policies, releases, settings, census }
  const behind = outlooksOf(view, now).filter((outlook) => outlook.behind.length > 0)
  const proofs = []
  for (const { policy, behind: builds } of behind) {
    const digests = builds.map(({ release }) => release.manifestDigest)
    proofs.push(...(await loadPolicyProofs(reader, policy, digests)))
  }
  const ids = policies.map(({ id }) => id)
  const orders = await loadPolicyOrders(reader, ids, now - heardWithinMs(intervalS))
  const steps = decideFollowReleases({ ...view, orders, proofs }, now)
  return { policies, releases, settings, census, orders, steps }
}

/** Endpoints that are looked at together: as many as one action has. */
const PAGE_MAX = 5_000
const PAGE_FIRST = 100
const PAGE_GROWTH = 10

/**
 * At most `most` endpoints that the policy may bring to the set's versions now. Those that cannot
 * take them are passed over, however many they are: they must not keep the others back.
 */
export async function collectFollowers(
  reader: Reader,
  picture: PolicyPicture,
  wanted: {
    readonly policy: UpgradePolicy
    readonly set: TargetSet
    readonly most: number
    readonly now: Instant
  },
): Promise<readonly EndpointId[]> {
  const { policy, set, most, now } = wanted
  const limits = connectionLimits(picture.settings.agentStatus)
  const lostSince = now - limits.lostMs
  const asked = { policies: picture.policies, policy, set, lostSince }
  const chosen: EndpointId[] = []
  // Most often the first ones will do, where one is enough.
  let limit = Math.min(PAGE_MAX, PAGE_FIRST * most)
  for (let after = ''; ; ) {
    const page = await loadFollowers(reader, { ...asked, after, limit })
    const candidates = await loadCandidates(reader, page, { limits, now })
    chosen.push(...chooseFollowers(picture, policy, set, candidates))
    after = page.at(-1) ?? ''
    if (chosen.length >= most || page.length < limit) return chosen.slice(0, most)
    limit = Math.min(PAGE_MAX, limit * PAGE_GROWTH)
  }
}
