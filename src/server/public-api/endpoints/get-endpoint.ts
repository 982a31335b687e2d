import type { Clock } from '../../../base/clock.ts'
import { accept, type Result } from '../../../base/result.ts'
import { type GetEndpointRequest, getEndpointCall } from '../../../contract/public/endpoints.ts'
import type { Scope } from '../../../domain/access/scope.ts'
import { CONNECTION_LIMITS } from '../../../domain/endpoint/endpoint.ts'
import {
  countEndpoints,
  type EndpointListOrder,
  loadEndpointPage,
} from '../../../store/endpoint-list.ts'
import type { EndpointQuery } from '../../../store/endpoint-query.ts'
import type { Database } from '../../../store/open.ts'
import { loadLatestUpgrades } from '../../../store/upgrades.ts'
import type { RequestRefusal } from '../../http/refusal.ts'
import type { PublicRoute } from '../../http/route.ts'
import { readPage } from '../lists/page.ts'
import { toConditions } from './endpoint-conditions.ts'
import { renderEndpoint } from './endpoint-object.ts'

/**
 * `POST endpoints/get_endpoint`: a filtered, sorted page of endpoints, and how many there are in
 * all.
 */
export const getEndpointRoute: PublicRoute<
  { readonly database: Database; readonly clock: Clock },
  typeof getEndpointCall
> = {
  call: getEndpointCall,
  permission: 'endpoints.view',
  async answer(needs, request) {
    const now = needs.clock.now()
    const asked = readListRequest(request.data, request.actor.scope, now)
    if (!asked.ok) return asked
    const { query, page } = asked.value
    const { read } = needs.database
    const endpoints = await loadEndpointPage(read, query, page)
    const ids = endpoints.map((endpoint) => endpoint.id)
    const latest = await loadLatestUpgrades(read, ids)
    return accept({
      total_count: await countEndpoints(read, query),
      result_count: endpoints.length,
      endpoints: endpoints.map((endpoint) =>
        renderEndpoint(endpoint, latest.get(endpoint.id) ?? null, query),
      ),
    })
  },
}

export type EndpointListRequest = {
  readonly query: EndpointQuery
  readonly page: {
    readonly order: EndpointListOrder
    readonly offset: number
    readonly limit: number
  }
}

/** Filters, order and page of `get_endpoint`, in house words. */
export function readListRequest(
  asked: GetEndpointRequest,
  scope: Scope,
  now: number,
): Result<EndpointListRequest, RequestRefusal> {
  const conditions = toConditions(asked.filters)
  if (!conditions.ok) return conditions
  const page = readPage(asked)
  if (!page.ok) return page
  return accept({
    query: { scope, conditions: conditions.value, now, limits: CONNECTION_LIMITS },
    page: { order: toOrder(asked.sort), ...page.value },
  })
}

const ORDER_COLUMNS = {
  endpoint_id: 'id',
  first_seen: 'first-seen',
  last_seen: 'last-seen',
} as const

/** The documented default: newest first. */
function toOrder(sort: GetEndpointRequest['sort']): EndpointListOrder {
  if (sort == null) return { column: 'first-seen', direction: 'desc' }
  const direction = sort.keyword === 'asc' ? 'asc' : 'desc'
  return { column: ORDER_COLUMNS[sort.field], direction }
}
