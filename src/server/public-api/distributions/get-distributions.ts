import { accept } from '../../../base/result.ts'
import {
  distributionObject,
  type GetDistributionsRequest,
  getDistributionsCall,
} from '../../../contract/public/distributions.ts'
import {
  countDistributions,
  type DistributionListOrder,
  loadDistributionPage,
} from '../../../store/distribution-list.ts'
import type { Database } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'
import { readList } from '../lists/read-list.ts'
import { DISTRIBUTION_FILTERS, toCondition } from './distribution-conditions.ts'
import { renderDistribution } from './distribution-object.ts'

/** `POST distributions/get_distributions`: a filtered, sorted page, and how many there are. */
export const getDistributionsRoute: PublicRoute<
  { readonly database: Database },
  typeof getDistributionsCall
> = {
  call: getDistributionsCall,
  permission: 'distributions.view',
  async answer(needs, request) {
    const columns = Object.keys(distributionObject.shape)
    const list = readList(request.data, DISTRIBUTION_FILTERS, columns)
    if (!list.ok) return list
    const { filters, page, keep } = list.value
    const { read } = needs.database
    const conditions = filters.map(toCondition)
    const order = toOrder(request.data.sort)
    const rows = await loadDistributionPage(read, conditions, { order, ...page })
    return accept({
      data: rows.map(renderDistribution).map(keep),
      filter_count: await countDistributions(read, conditions),
      total_count: await countDistributions(read, []),
    })
  },
}

const ORDER_COLUMNS = {
  distribution_id: 'id',
  name: 'name',
  description: 'description',
  package_type: 'kind',
  platform: 'platform',
  agent_version: 'version',
  status: 'state',
} as const

/** Newest first where nothing is said. */
function toOrder(sort: GetDistributionsRequest['sort']): DistributionListOrder {
  if (sort == null) return { column: 'created', direction: 'desc' }
  return { column: ORDER_COLUMNS[sort.field], direction: sort.keyword }
}
