import { accept } from '../../../base/result.ts'
import { endpointObject, getEndpointCall } from '../../../contract/public/endpoint-lists.ts'
import { findEndpointPage } from '../../../store/endpoint-list.ts'
import { loadListedEndpoints } from '../../../store/endpoint-rows.ts'
import { loadLatestUpgrades } from '../../../store/upgrades.ts'
import type { PublicRoute } from '../../http/route.ts'
import { readColumns } from '../lists/columns.ts'
import { readListRequest } from './endpoint-list-request.ts'
import { renderEndpoint } from './endpoint-object.ts'
import { renderUpgradeDetail } from './upgrade-detail.ts'
import { loadSurroundings, type SurroundingsNeeds } from './upgrade-surroundings.ts'

const COLUMNS = Object.keys(endpointObject.shape)

/**
 * `POST endpoints/get_endpoint`: a filtered, sorted page of endpoints, and how many there are in
 * all.
 */
export const getEndpointRoute: PublicRoute<SurroundingsNeeds, typeof getEndpointCall> = {
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
    const surroundings = await loadSurroundings(needs, [...latest.values()])
    return accept({
      total_count: total,
      result_count: endpoints.length,
      endpoints: endpoints.map((endpoint) => {
        const upgrade = latest.get(endpoint.id)
        const told = upgrade === undefined ? null : renderUpgradeDetail(upgrade, surroundings)
        return columns.value(renderEndpoint(endpoint, told, query))
      }),
    })
  },
}
