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
import { readColumns } from '../lists/columns.ts'
import { readFilters } from '../lists/filters.ts'
import { readPage } from '../lists/page.ts'
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
    const filters = readFilters(request.data.filters, DISTRIBUTION_FILTERS)
    if (!filters.ok) return filters
    const page = readPage(request.data)
    if (!page.ok) return page
    const columns = readColumns(request.data.fields, Object.keys(distributionObject.shape))
    if (!columns.ok) return columns
    const { read } = needs.database
    const conditions = filters.value.map(toCondition)
    const order = toOrder(request.data.sort)
    const rows = await loadDistributionPage(read, conditions, { order, ...page.value })
    return accept({
      data: rows.map(renderDistribution).map(columns.value),
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
