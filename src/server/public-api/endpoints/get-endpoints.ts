import type { Clock } from '../../../base/clock.ts'
import { accept } from '../../../base/result.ts'
import { getEndpointsCall } from '../../../contract/public/endpoints.ts'
import { type ListedEndpoint, loadEndpointPage } from '../../../store/endpoint-list.ts'
import type { Database } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'
import { renderLightEndpoint } from './endpoint-object.ts'
import { readListRequest } from './get-endpoint.ts'

/**
 * Rows read at once: the list itself has no pages, and the database should not hold it all in one
 * answer.
 */
const ROWS_A_QUERY = 1000

/**
 * `POST endpoints/get_endpoints`: the light list. Without `search_from` and `search_to` it is all
 * of them, as the original's; filters are obeyed, because some clients send them here too.
 */
export const getEndpointsRoute: PublicRoute<
  {
    readonly database: Database
    readonly clock: Clock
  },
  typeof getEndpointsCall
> = {
  call: getEndpointsCall,
  permission: 'endpoints.view',
  async answer(needs, request) {
    const now = needs.clock.now()
    const asked = readListRequest(request.data, request.actor.scope, now)
    if (!asked.ok) return asked
    const { query, page } = asked.value
    const isPaged = hasPage(request.data)
    const endpoints: ListedEndpoint[] = []
    for (;;) {
      const offset = page.offset + endpoints.length
      const limit = isPaged ? page.limit : ROWS_A_QUERY
      const rows = await loadEndpointPage(needs.database.read, query, { ...page, offset, limit })
      endpoints.push(...rows)
      if (isPaged || rows.length < ROWS_A_QUERY) break
    }
    return accept(endpoints.map((endpoint) => renderLightEndpoint(endpoint, query)))
  },
}

function hasPage(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'search_to' in data
}
