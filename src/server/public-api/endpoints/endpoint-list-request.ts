import type { Clock } from '../../../base/clock.ts'
import { accept, type Result } from '../../../base/result.ts'
import type { GetEndpointRequest } from '../../../contract/public/endpoint-lists.ts'
import { connectionLimits } from '../../../domain/configuration/agent-status.ts'
import type { EndpointPage } from '../../../store/endpoint-list.ts'
import type { EndpointQuery } from '../../../store/endpoint-query.ts'
import type { LiveConfiguration } from '../../configuration.ts'
import type { RequestRefusal } from '../../http/refusal.ts'
import type { PublicRequest } from '../../http/route.ts'
import { readPage } from '../lists/page.ts'
import { toConditions } from './endpoint-conditions.ts'

/** Filters, order and page of the two lists, in house words, as far as the actor's scope goes. */
export async function readListRequest(
  needs: { readonly clock: Clock; readonly configuration: LiveConfiguration },
  request: PublicRequest<GetEndpointRequest>,
): Promise<Result<{ readonly query: EndpointQuery; readonly page: EndpointPage }, RequestRefusal>> {
  const conditions = toConditions(request.data.filters)
  if (!conditions.ok) return conditions
  const page = readPage(request.data)
  if (!page.ok) return page
  const { agentStatus } = await needs.configuration.current()
  return accept({
    query: {
      scope: request.actor.scope,
      conditions: conditions.value,
      now: needs.clock.now(),
      limits: connectionLimits(agentStatus),
    },
    page: { order: toOrder(request.data.sort), ...page.value },
  })
}

const ORDER_COLUMNS = {
  endpoint_id: 'id',
  first_seen: 'first-seen',
  last_seen: 'last-seen',
} as const

/** The documented default: newest first. */
function toOrder(sort: GetEndpointRequest['sort']): EndpointPage['order'] {
  if (sort == null) return { column: 'first-seen', direction: 'desc' }
  return { column: ORDER_COLUMNS[sort.field], direction: sort.keyword }
}
