import type { Digest } from '../../base/digest.ts'
import type { DistributionId, EndpointId } from '../../base/ids.ts'
import type { Platform, Target } from '../../base/platform.ts'
import { type AgentVersion, compareVersions } from '../../base/version.ts'
import type { ConnectionStatus } from '../endpoint/endpoint.ts'
import { FLOOR_REASONS } from '../release/floors.ts'
import type { Release } from '../release/release.ts'
import { isForTarget } from '../release/release.ts'
import { isRunning, type UpgradeState, type UpgradeStep } from './upgrade.ts'
import { stepsTo } from './version-path.ts'

/** Why none of a cluster's endpoints can be upgraded, though this one could. */
export const CLUSTER_REASONS = [
  'cluster-upgrade-not-granted',
  'cluster-outside-scope',
  'cluster-mixed',
] as const

/** Why an endpoint is left out of an upgrade action, in order of precedence. */
export const INELIGIBLE_REASONS = [
  'unknown-endpoint',
  'endpoint-deleted',
  'never-checked-in',
  'disconnected-too-long',
  'excluded-by-tag',
  'no-target-for-platform',
  'no-release-for-target',
  'release-withdrawn',
  'already-at-version',
  'newer-version-installed',
  ...FLOOR_REASONS,
  'version-failed-here',
  'upgrade-in-progress',
  ...CLUSTER_REASONS,
] as const
export type IneligibleReason = (typeof INELIGIBLE_REASONS)[number]

/** What eligibility needs to know of an endpoint. */
export type UpgradeCandidate = {
  readonly id: EndpointId
  readonly deleted: boolean
  readonly distributionId: DistributionId
  readonly target: Target
  /** As the agent says it; empty: it does not know. */
  readonly timeZone: string
  readonly connection: ConnectionStatus
  readonly tags: { readonly server: readonly string[]; readonly agent: readonly string[] }
  /** Null until its first check-in. */
  readonly version: AgentVersion | null
  readonly osVersion: string
  readonly kernel: string
  /** Manifest digests that failed there. */
  readonly skipped: readonly Digest[]
  /** The state of its open upgrade; null when it has none. */
  readonly openUpgrade: UpgradeState | null
  /** Null on a machine of its own. */
  readonly cluster: { readonly uid: string; readonly mayUpgrade: boolean } | null
}

export type Eligibility =
  | {
      readonly kind: 'eligible'
      readonly endpointId: EndpointId
      /** The version that was asked for. */
      readonly release: Release
      /** In order, the last being that version: most often there is no other. */
      readonly path: readonly [UpgradeStep, ...UpgradeStep[]]
      readonly fromVersion: AgentVersion
    }
  | {
      readonly kind: 'ineligible'
      readonly endpointId: EndpointId
      readonly reason: IneligibleReason
      /** Null for an endpoint nobody knows. */
      readonly platform: Platform | null
    }

export type EligibilityRules = {
  /** Every release of a target version, withdrawn ones included. */
  readonly releases: readonly Release[]
  /** What may lie on the way to a version that cannot be reached at once. */
  readonly catalogue: readonly Release[]
  readonly retrySkipped: boolean
  readonly allowDowngrade: boolean
  /** Also where another upgrade is in progress, as long as its endpoint cannot have switched. */
  readonly supersede: boolean
  readonly excludedTags: readonly string[]
}

export function assessEligibility(
  candidate: UpgradeCandidate,
  targetVersions: ReadonlyMap<Platform, AgentVersion>,
  rules: EligibilityRules,
): Eligibility {
  const { platform } = candidate.target
  const no = (reason: IneligibleReason): Eligibility => {
    return { kind: 'ineligible', endpointId: candidate.id, reason, platform }
  }
  if (candidate.deleted) return no('endpoint-deleted')
  const fromVersion = candidate.version
  if (fromVersion === null) return no('never-checked-in')
  if (candidate.connection === 'lost') return no('disconnected-too-long')
  const tags = [...candidate.tags.server, ...candidate.tags.agent]
  if (rules.excludedTags.some((tag) => tags.includes(tag))) return no('excluded-by-tag')
  const version = targetVersions.get(platform)
  if (version === undefined) return no('no-target-for-platform')
  const release = rules.releases.find(
    (each) => each.version === version && isForTarget(each, candidate.target),
  )
  if (release === undefined) return no('no-release-for-target')
  const reached = assessRelease({ ...candidate, version: fromVersion }, release, rules)
  if (typeof reached === 'string') return no(reached)
  if (isInTheWay(candidate.openUpgrade, rules)) return no('upgrade-in-progress')
  return { kind: 'eligible', endpointId: candidate.id, release, path: reached, fromVersion }
}

/**
 * What waits is taken over. What downloads is, if asked for. What is staged may have switched by
 * now: taken over, its failure would be nobody's, and the bound on failures not hold.
 */
function isInTheWay(open: UpgradeState | null, { supersede }: EligibilityRules): boolean {
  if (open === null || !isRunning(open)) return false
  return !supersede || open !== 'downloading'
}

/** The way to the release, or why there is none. */
function assessRelease(
  candidate: UpgradeCandidate & { readonly version: AgentVersion },
  release: Release,
  rules: EligibilityRules,
): readonly [UpgradeStep, ...UpgradeStep[]] | IneligibleReason {
  if (release.withdrawnAt !== null) return 'release-withdrawn'
  const order = compareVersions(candidate.version, release.version)
  if (order === 0) return 'already-at-version'
  if (order > 0 && !rules.allowDowngrade) return 'newer-version-installed'
  const isBad = candidate.skipped.includes(release.manifestDigest)
  const path = stepsTo(candidate, release, rules.catalogue)
  if (typeof path === 'string') return path
  return isBad && !rules.retrySkipped ? 'version-failed-here' : path
}
