import type { Digest } from '../../base/digest.ts'
import type { EndpointId } from '../../base/ids.ts'
import type { Platform, Target } from '../../base/platform.ts'
import { type AgentVersion, compareVersions } from '../../base/version.ts'
import { belowFloors, FLOOR_REASONS } from '../release/floors.ts'
import type { Release } from '../release/release.ts'
import { isForTarget } from '../release/release.ts'
import { isRunning, type UpgradeState } from './upgrade.ts'

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
  readonly target: Target
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
      readonly release: Release
      readonly fromVersion: AgentVersion
    }
  | {
      readonly kind: 'ineligible'
      readonly endpointId: EndpointId
      readonly reason: IneligibleReason
      /** Null for an endpoint nobody knows. */
      readonly platform: Platform | null
    }

export function assessEligibility(
  candidate: UpgradeCandidate,
  targetVersions: ReadonlyMap<Platform, AgentVersion>,
  options: { readonly releases: readonly Release[]; readonly retrySkipped: boolean },
): Eligibility {
  const { platform } = candidate.target
  const no = (reason: IneligibleReason): Eligibility => {
    return { kind: 'ineligible', endpointId: candidate.id, reason, platform }
  }
  if (candidate.deleted) return no('endpoint-deleted')
  const fromVersion = candidate.version
  if (fromVersion === null) return no('never-checked-in')
  const version = targetVersions.get(platform)
  if (version === undefined) return no('no-target-for-platform')
  const release = options.releases.find(
    (each) => each.version === version && isForTarget(each, candidate.target),
  )
  if (release === undefined) return no('no-release-for-target')
  if (release.withdrawnAt !== null) return no('release-withdrawn')
  const order = compareVersions(fromVersion, version)
  if (order === 0) return no('already-at-version')
  if (order > 0) return no('newer-version-installed')
  const below = belowFloors(release.floors, { ...candidate, version: fromVersion })
  if (below !== null) return no(below)
  if (!options.retrySkipped && candidate.skipped.includes(release.manifestDigest)) {
    return no('version-failed-here')
  }
  if (candidate.openUpgrade !== null && isRunning(candidate.openUpgrade)) {
    return no('upgrade-in-progress')
  }
  return { kind: 'eligible', endpointId: candidate.id, release, fromVersion }
}
