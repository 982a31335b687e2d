import type { Instant } from '../../base/clock.ts'
import type { DistributionId } from '../../base/ids.ts'
import type { Arch, Platform } from '../../base/platform.ts'
import type { AgentVersion } from '../../base/version.ts'

export const DISTRIBUTION_KINDS = ['standalone', 'in-place', 'kubernetes', 'helm'] as const
export type DistributionKind = (typeof DISTRIBUTION_KINDS)[number]

/**
 * `requested -> building -> ready | failed`; back to `requested` when its token is revoked, or when
 * the same order comes again after a failure; each `-> withdrawn`.
 */
export const DISTRIBUTION_STATES = [
  'requested',
  'building',
  'ready',
  'failed',
  'withdrawn',
] as const
export type DistributionState = (typeof DISTRIBUTION_STATES)[number]

/** Until when, and for how many endpoints, a distribution takes new ones. */
export type EnrolmentLimits = {
  /** Endpoints at a time that enrolled with it; null: any number. */
  readonly endpointsMax: number | null
  /** Null: as long as it is there. */
  readonly until: Instant | null
}

export const NO_LIMITS: EnrolmentLimits = { endpointsMax: null, until: null }

/**
 * What a distribution was ordered to be; changes only where a failed one is ordered again. What it
 * is called now, and its limits now, stand beside it.
 */
export type DistributionOrder = {
  readonly name: string
  readonly description: string | null
  readonly kind: DistributionKind
  readonly platform: Platform
  readonly version: AgentVersion
  /** The newest version was asked for, which was `version` then; absent: that very one. */
  readonly asksNewest?: boolean
  readonly endpointTags: readonly string[]
  /** `host:port` each. */
  readonly proxy: readonly string[]
  readonly clusterName: string | null
  /** Where and how in a cluster; kept as it was ordered, used by the kinds that run in one. */
  readonly placement?: ClusterPlacement
  /** Absent: none. */
  readonly limits?: EnrolmentLimits
}

/** An order before it is known what it means; a null version is the newest one. */
export type AskedOrder = Omit<DistributionOrder, 'version' | 'asksNewest'> & {
  readonly version: AgentVersion | null
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
  readonly name: string
  readonly description: string | null
  readonly limits: EnrolmentLimits
  /** How often its token was revoked. */
  readonly generation: number
  readonly state: DistributionState
  /** A reason code of docs/reasons.md when it failed. */
  readonly reason: string | null
  readonly message: string | null
  readonly createdAt: Instant
  readonly createdBy: string
  readonly modifiedAt: Instant
}

/** One that was just ordered: all the rest stands in its order. */
export type NewDistribution = Pick<
  Distribution,
  'id' | 'order' | 'state' | 'reason' | 'message' | 'createdAt' | 'createdBy'
>

/** Why a distribution failed to be built. */
export const BUILD_FAILED_REASONS = [
  'release-withdrawn',
  'release-missing',
  'code-certificate-expired',
  'build-fault',
] as const
export type BuildFailedReason = (typeof BUILD_FAILED_REASONS)[number]

/** A built package, without its bytes. */
export type PackageSummary = {
  readonly format: string
  readonly arch: Arch
  readonly fileName: string
  readonly size: number
}
