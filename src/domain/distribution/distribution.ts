import type { DistributionId } from '../../base/ids.ts'
import type { Arch, Platform } from '../../base/platform.ts'
import type { AgentVersion } from '../../base/version.ts'

export const DISTRIBUTION_KINDS = ['standalone', 'in-place', 'kubernetes', 'helm'] as const
export type DistributionKind = (typeof DISTRIBUTION_KINDS)[number]

/** `requested -> building -> ready | failed`, `ready -> withdrawn`. */
export const DISTRIBUTION_STATES = [
  'requested',
  'building',
  'ready',
  'failed',
  'withdrawn',
] as const
export type DistributionState = (typeof DISTRIBUTION_STATES)[number]

/** What a distribution was ordered to be; never changes. */
export type DistributionOrder = {
  readonly name: string
  readonly description: string | null
  readonly kind: DistributionKind
  readonly platform: Platform
  readonly version: AgentVersion
  readonly endpointTags: readonly string[]
  /** `host:port` each. */
  readonly proxy: readonly string[]
  readonly clusterName: string | null
  /** Where and how in a cluster; kept as it was ordered, used by the kinds that run in one. */
  readonly placement?: ClusterPlacement
}

/** Null: as the kind does by default. */
export type ClusterPlacement = {
  /** `standard`, `openshift`... */
  readonly flavour: string | null
  readonly namespace: string | null
  readonly nodeSelector: Readonly<Record<string, string>> | null
  readonly runOnMasterNode: boolean | null
  readonly runOnAllNodes: boolean | null
}

export type Distribution = {
  readonly id: DistributionId
  readonly order: DistributionOrder
  readonly state: DistributionState
  /** A reason code of docs/reasons.md when it failed. */
  readonly reason: string | null
  readonly message: string | null
  readonly createdAt: number
  readonly createdBy: string
}

/** Why a distribution failed to be built. */
export const BUILD_FAILED_REASONS = ['release-withdrawn', 'release-missing', 'build-fault'] as const
export type BuildFailedReason = (typeof BUILD_FAILED_REASONS)[number]

/** A built package, without its bytes. */
export type PackageSummary = {
  readonly format: string
  readonly arch: Arch
  readonly fileName: string
  readonly size: number
}
