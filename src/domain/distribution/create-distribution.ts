import type { Digest } from '../../base/digest.ts'
import type { DistributionId } from '../../base/ids.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { AgentVersion } from '../../base/version.ts'
import {
  type CriticalEnvironment,
  type CriticalEnvironmentDisabled,
  isVersionEnabled,
} from '../configuration/critical-environment.ts'
import type { Release } from '../release/release.ts'
import { newestRelease } from '../release/release.ts'
import type { AskedOrder, Distribution, DistributionOrder } from './distribution.ts'
import { isSameContent } from './same-content.ts'

export type CreateDistribution = {
  readonly id: DistributionId
  readonly order: AskedOrder
  /** SHA-256 of the enrolment token; the token itself is derived, never kept. */
  readonly tokenDigest: Digest
}

export type CreateDistributionView = {
  /** Every release for the order's platform. */
  readonly releases: readonly Release[]
  /** The distribution that holds the name; null: it is free. */
  readonly sameName: Distribution | null
  readonly criticalEnvironment: CriticalEnvironment
}

/** In order of precedence: the first that applies is the answer. */
export type CreateDistributionRefusal =
  | NameTaken
  | { readonly code: 'nothing-released'; readonly platform: DistributionOrder['platform'] }
  | {
      readonly code: 'version-not-released'
      readonly platform: DistributionOrder['platform']
      readonly version: DistributionOrder['version']
      readonly released: readonly DistributionOrder['version'][]
    }
  | CriticalEnvironmentDisabled
  | { readonly code: 'release-withdrawn'; readonly version: DistributionOrder['version'] }

export type NameTaken = {
  readonly code: 'distribution-name-taken'
  readonly name: string
  readonly distributionId: DistributionId
}

/**
 * `existing`: the same order was made before, and this one changes nothing; `again`: it was, and
 * could not be built, so it is now.
 */
export type DistributionRequested =
  | { readonly kind: 'new'; readonly id: DistributionId; readonly order: DistributionOrder }
  | { readonly kind: 'existing'; readonly id: DistributionId }
  | { readonly kind: 'again'; readonly id: DistributionId; readonly order: DistributionOrder }

export function decideCreateDistribution(
  view: CreateDistributionView,
  command: CreateDistribution,
): Result<DistributionRequested, CreateDistributionRefusal> {
  const { order } = command
  const { platform, name } = order
  const newest = newestRelease(view.releases.filter(isEnabledIn(view)))?.version ?? null
  const { sameName } = view
  if (sameName !== null && !isSameContent(sameName.order, order, newest)) {
    return refuse({ code: 'distribution-name-taken', name, distributionId: sameName.id })
  }
  if (sameName !== null && sameName.state !== 'failed') {
    return accept({ kind: 'existing', id: sameName.id })
  }
  const version = order.version ?? newest
  if (version === null) return refuse({ code: 'nothing-released', platform })
  const refusal = refuseVersion(view, platform, version)
  if (refusal !== null) return refuse(refusal)
  const resolved = { ...order, version, asksNewest: order.version === null }
  return sameName === null
    ? accept({ kind: 'new', id: command.id, order: resolved })
    : accept({ kind: 'again', id: sameName.id, order: resolved })
}

function isEnabledIn(view: CreateDistributionView): (release: Release) => boolean {
  return ({ version }) => isVersionEnabled(view.criticalEnvironment, version)
}

function refuseVersion(
  view: CreateDistributionView,
  platform: DistributionOrder['platform'],
  version: AgentVersion,
): CreateDistributionRefusal | null {
  const named = view.releases.filter((release) => release.version === version)
  if (named.length === 0) {
    const enabled = view.releases.filter(isEnabledIn(view))
    const offered = enabled.filter((release) => release.withdrawnAt === null)
    const released = [...new Set(offered.map((release) => release.version))]
    return { code: 'version-not-released', platform, version, released }
  }
  if (!isVersionEnabled(view.criticalEnvironment, version)) {
    return { code: 'critical-environment-disabled', version, platform: null }
  }
  const isWithdrawn = named.every((release) => release.withdrawnAt !== null)
  return isWithdrawn ? { code: 'release-withdrawn', version } : null
}
