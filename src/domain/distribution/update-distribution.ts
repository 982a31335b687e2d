import type { Instant } from '../../base/clock.ts'
import type { DistributionId } from '../../base/ids.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { NameTaken } from './create-distribution.ts'
import type { Distribution, EnrolmentLimits } from './distribution.ts'

/** What is undefined stays as it is. */
export type UpdateDistribution = {
  readonly id: DistributionId
  readonly name: string | undefined
  readonly description: string | null | undefined
  readonly limits: { readonly [Name in keyof EnrolmentLimits]: EnrolmentLimits[Name] | undefined }
  /** Its token lets nobody in any more; its packages are built anew, with another. */
  readonly revokesToken: boolean
}

export type UpdateDistributionView = {
  /** Null: there is none, or it was deleted. */
  readonly distribution: Distribution | null
  /** Which distribution holds the new name; null: none does. */
  readonly nameHolder: DistributionId | null
}

/** In order of precedence: the first that applies is the answer. */
export type UpdateDistributionRefusal =
  | { readonly code: 'distribution-unknown'; readonly distributionId: DistributionId }
  | NameTaken

/** `after` is `before` itself where nothing changed. */
export type DistributionUpdated = {
  readonly before: Distribution
  readonly after: Distribution
}

export function decideUpdateDistribution(
  view: UpdateDistributionView,
  command: UpdateDistribution,
  now: Instant,
): Result<DistributionUpdated, UpdateDistributionRefusal> {
  const before = view.distribution
  if (before === null || before.state === 'withdrawn') {
    return refuse({ code: 'distribution-unknown', distributionId: command.id })
  }
  const { name = before.name, description = before.description, limits } = command
  const holder = view.nameHolder
  if (name !== before.name && holder !== null && holder !== before.id) {
    return refuse({ code: 'distribution-name-taken', name, distributionId: holder })
  }
  const { endpointsMax = before.limits.endpointsMax, until = before.limits.until } = limits
  const isChanged =
    command.revokesToken ||
    name !== before.name ||
    description !== before.description ||
    endpointsMax !== before.limits.endpointsMax ||
    until !== before.limits.until
  if (!isChanged) return accept({ before, after: before })
  const told = { ...before, name, description, limits: { endpointsMax, until }, modifiedAt: now }
  const after = command.revokesToken ? revoked(told) : told
  return accept({ before, after })
}

/** Back to where it began: what was built of it holds the old token. */
function revoked(distribution: Distribution): Distribution {
  const generation = distribution.generation + 1
  return { ...distribution, generation, state: 'requested', reason: null, message: null }
}
