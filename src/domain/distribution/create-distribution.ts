import type { Digest } from '../../base/digest.ts'
import type { DistributionId } from '../../base/ids.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { Release } from '../release/release.ts'
import { newestRelease } from '../release/release.ts'
import type { DistributionOrder } from './distribution.ts'

export type CreateDistribution = {
  readonly id: DistributionId
  /** A null version means the newest one. */
  readonly order: Omit<DistributionOrder, 'version'> & {
    readonly version: DistributionOrder['version'] | null
  }
  /** SHA-256 of the enrolment token; the token itself is derived, never kept. */
  readonly tokenDigest: Digest
}

export type CreateDistributionView = {
  /** Every release for the order's platform. */
  readonly releases: readonly Release[]
}

/** In order of precedence: the first that applies is the answer. */
export type CreateDistributionRefusal =
  | { readonly code: 'kind-not-built-yet'; readonly kind: DistributionOrder['kind'] }
  | { readonly code: 'platform-not-built-yet'; readonly platform: DistributionOrder['platform'] }
  | { readonly code: 'nothing-released'; readonly platform: DistributionOrder['platform'] }
  | {
      readonly code: 'version-not-released'
      readonly platform: DistributionOrder['platform']
      readonly version: DistributionOrder['version']
      readonly released: readonly DistributionOrder['version'][]
    }
  | { readonly code: 'release-withdrawn'; readonly version: DistributionOrder['version'] }

export type DistributionRequested = { readonly order: DistributionOrder }

export function decideCreateDistribution(
  view: CreateDistributionView,
  command: CreateDistribution,
): Result<DistributionRequested, CreateDistributionRefusal> {
  const { order } = command
  const { platform } = order
  if (order.kind !== 'standalone') return refuse({ code: 'kind-not-built-yet', kind: order.kind })
  if (platform !== 'linux') return refuse({ code: 'platform-not-built-yet', platform })
  const version = order.version ?? newestRelease(view.releases)?.version
  if (version === undefined) return refuse({ code: 'nothing-released', platform })
  const named = view.releases.filter((release) => release.version === version)
  if (named.length === 0) {
    const offered = view.releases.filter((release) => release.withdrawnAt === null)
    const released = [...new Set(offered.map((release) => release.version))]
    return refuse({ code: 'version-not-released', platform, version, released })
  }
  if (named.every((release) => release.withdrawnAt !== null)) {
    return refuse({ code: 'release-withdrawn', version })
  }
  return accept({ order: { ...order, version } })
}
