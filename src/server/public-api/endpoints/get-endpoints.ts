import type { Clock } from '../../../base/clock.ts'
import { accept } from '../../../base/result.ts'
import {
  endpointSummary,
  type GetEndpointRequest,
  getEndpointsCall,
} from '../../../contract/public/endpoint-lists.ts'
import {
  findEndpointPage,
  type ResolvedEndpoints,
  resolveEndpointIds,
} from '../../../store/endpoint-list.ts'
import type { EndpointQuery } from '../../../store/endpoint-query.ts'
import { loadLightEndpoints } from '../../../store/endpoint-rows.ts'
import type { Database, Reader } from '../../../store/open.ts'
import type { LiveConfiguration } from '../../configuration.ts'
import type { PublicRoute } from '../../http/route.ts'
import { type Columns, readColumns } from '../lists/columns.ts'
import { readListRequest } from './endpoint-list-request.ts'
import { renderLightEndpoint } from './endpoint-object.ts'

/** Ids are found in large pieces, because each time all that match are looked through again. */
const IDS_A_QUERY = 10_000
const ROWS_A_QUERY = 1000

const COLUMNS = Object.keys(endpointSummary.shape)

/**
 * `POST endpoints/get_endpoints`: the light list. Without `search_from` and `search_to` it is all
 * of them, as the original's, and goes out as it is read; filters are obeyed, because some clients
 * send them here too.
 */
export const getEndpointsRoute: PublicRoute<
  {
    readonly database: Database
    readonly clock: Clock
    readonly configuration: LiveConfiguration
  },
  typeof getEndpointsCall
> = {
  call: getEndpointsCall,
  permission: 'endpoints.view',
  async answer(needs, request) {
    const asked = await readListRequest(needs, request)
    if (!asked.ok) return asked
    const columns = readColumns(request.data.fields, COLUMNS)
    if (!columns.ok) return columns
    const { query, page } = asked.value
    const { read } = needs.database
    if (hasPage(request.data)) {
      const { ids } = await findEndpointPage(read, query, page)
      const endpoints = await loadLightEndpoints(read, ids)
      return accept(endpoints.map((each) => columns.value(renderLightEndpoint(each, query))))
    }
    // Before the answer begins: a database that is away is then told with a status.
    const first = await resolveEndpointIds(read, query, IDS_A_QUERY)
    return accept(eachRow(read, { query, first, columns: columns.value }))
  },
}

/**
 * Row by row in the order of ids, going on after the last one: whoever enrols meanwhile neither
 * moves nor repeats another.
 */
async function* eachRow(
  reader: Reader,
  list: {
    readonly query: EndpointQuery
    readonly first: ResolvedEndpoints
    readonly columns: Columns
  },
): AsyncGenerator<ReturnType<typeof renderLightEndpoint>> {
  const { query, columns } = list
  let piece = list.first
  for (;;) {
    for (let from = 0; from < piece.ids.length; from += ROWS_A_QUERY) {
      const ids = piece.ids.slice(from, from + ROWS_A_QUERY)
      for (const each of await loadLightEndpoints(reader, ids)) {
        yield columns(renderLightEndpoint(each, query))
      }
    }
    const last = piece.ids.at(-1)
    if (!piece.hasMore || last === undefined) return
    piece = await resolveEndpointIds(reader, query, IDS_A_QUERY, last)
  }
}

function hasPage(data: GetEndpointRequest): boolean {
  return data.search_from != null || data.search_to != null
}
