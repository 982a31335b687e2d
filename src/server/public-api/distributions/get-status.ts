import type { DistributionId } from '../../../base/ids.ts'
import { unreachable } from '../../../base/invariant.ts'
import { accept, refuse } from '../../../base/result.ts'
import type { DISTRIBUTION_STATUSES } from '../../../contract/public/distributions.ts'
import { getDistributionStatusCall } from '../../../contract/public/distributions.ts'
import type { DistributionState } from '../../../domain/distribution/distribution.ts'
import { loadDistribution } from '../../../store/distributions.ts'
import type { Database } from '../../../store/open.ts'
import { loadPackages } from '../../../store/packages.ts'
import type { PublicRoute } from '../../http/route.ts'
import { packageTypeOf } from '../../package-type.ts'

/** `POST distributions/get_status`: whether a distribution has been built. */
export const getDistributionStatusRoute: PublicRoute<
  { readonly database: Database },
  typeof getDistributionStatusCall
> = {
  call: getDistributionStatusCall,
  permission: 'distributions.view',
  async answer(needs, request) {
    const id = request.data.distribution_id as DistributionId // The schema checked its spelling.
    const distribution = await loadDistribution(needs.database.read, id)
    const status = distribution === undefined ? null : statusOf(distribution.state)
    if (distribution === undefined || status === null) {
      return refuse({ code: 'distribution-unknown', distributionId: id })
    }
    const packages = await loadPackages(needs.database.read, id)
    return accept({
      status,
      reason: distribution.reason,
      message: distribution.message,
      supported_packages: status === 'Completed' ? packages.map(packageTypeOf) : [],
    })
  },
}

/** Null: it was deleted, and is told as unknown. */
function statusOf(state: DistributionState): (typeof DISTRIBUTION_STATUSES)[number] | null {
  switch (state) {
    case 'requested':
    case 'building':
      return 'In progress'
    case 'ready':
      return 'Completed'
    case 'failed':
      return 'Failed'
    case 'withdrawn':
      return null
    default:
      return unreachable(state)
  }
}
