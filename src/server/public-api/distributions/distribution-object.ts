import { unreachable } from '../../../base/invariant.ts'
import type { DistributionObject } from '../../../contract/public/distributions.ts'
import type {
  DistributionKind,
  DistributionState,
} from '../../../domain/distribution/distribution.ts'
import type { ListedDistribution } from '../../../store/distribution-list.ts'
import { packageTypeOf } from '../../package-type.ts'

export const KIND_NAMES = {
  standalone: 'standalone',
  'in-place': 'upgrade',
  kubernetes: 'kubernetes',
  helm: 'helm',
} as const satisfies Readonly<Record<DistributionKind, DistributionObject['package_type']>>

/** A distribution as lists show it; one that was deleted is in none. */
export function renderDistribution(distribution: ListedDistribution): DistributionObject {
  const { order, limits, state } = distribution
  return {
    distribution_id: distribution.id,
    name: distribution.name,
    description: distribution.description,
    package_type: KIND_NAMES[order.kind],
    platform: order.platform,
    agent_version: order.version,
    status: statusOf(state),
    tags: [...order.endpointTags],
    eol_time: null,
    created_by: distribution.createdBy,
    creation_time: distribution.createdAt,
    modification_time: distribution.modifiedAt,
    supported_packages: state === 'ready' ? distribution.packages.map(packageTypeOf) : [],
    enrolments: distribution.endpointsCount,
    enrolments_max: limits.endpointsMax,
    enrol_until: limits.until,
  }
}

function statusOf(state: DistributionState): DistributionObject['status'] {
  switch (state) {
    case 'requested':
    case 'building':
      return 'in_progress'
    case 'ready':
      return 'completed'
    case 'failed':
    case 'withdrawn':
      return 'failed'
    default:
      return unreachable(state)
  }
}
