import type { Clock } from '../../../base/clock.ts'
import { accept } from '../../../base/result.ts'
import { endpointObject, getEndpointCall } from '../../../contract/public/endpoint-lists.ts'
import { findEndpointPage } from '../../../store/endpoint-list.ts'
import { loadListedEndpoints } from '../../../store/endpoint-rows.ts'
import type { Database } from '../../../store/open.ts'
import { loadLatestUpgrades } from '../../../store/upgrades.ts'
import type { LiveConfiguration } from '../../configuration.ts'
import type { PublicRoute } from '../../http/route.ts'
import { readColumns } from '../lists/columns.ts'
import { readListRequest } from './endpoint-list-request.ts'
import { renderEndpoint } from './endpoint-object.ts'

const COLUMNS = Object.keys(endpointObject.shape)

/**
 * `POST endpoints/get_endpoint`: a filtered, sorted page of endpoints, and how many there are in
 * all.
 */
export const getEndpointRoute: PublicRoute<
  {
    readonly database: Database
    readonly clock: Clock
    readonly configuration: LiveConfiguration
  },
  typeof getEndpointCall
> = {
  call: getEndpointCall,
  permission: 'endpoints.view',
  async answer(needs, request) {
    const asked = await readListRequest(needs, request)
    if (!asked.ok) return asked
    const columns = readColumns(request.data.fields, COLUMNS)
    if (!columns.ok) return columns
    const { query, page } = asked.value
    const { read } = needs.database
    const { total, ids } = await findEndpointPage(read, query, page)
    const endpoints = await loadListedEndpoints(read, ids)
    const latest = await loadLatestUpgrades(read, ids)
    return accept({
      total_count: total,
      result_count: endpoints.length,
      endpoints: endpoints.map((endpoint) =>
        columns.value(renderEndpoint(endpoint, latest.get(endpoint.id) ?? null, query)),
      ),
    })
  },
}
