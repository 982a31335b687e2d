import type * as z from 'zod'
import type { EndpointId, UpgradeActionId } from '../../../base/ids.ts'
import { accept, type Result, refuse } from '../../../base/result.ts'
import { type getUpgrade, getUpgradeCall } from '../../../contract/public/upgrade-actions.ts'
import { UPGRADE_STATES } from '../../../domain/upgrade/upgrade.ts'
import { hasEndpoint } from '../../../store/endpoint-changes.ts'
import type { Reader } from '../../../store/open.ts'
import {
  loadUpgradeAction,
  loadUpgradePage,
  type StoredUpgradeAction,
  type UpgradeCondition,
} from '../../../store/upgrade-actions.ts'
import type { ApiRefusal } from '../../http/refusal.ts'
import type { PublicRequest, PublicRoute } from '../../http/route.ts'
import type { FilterRule, ReadFilter } from '../lists/filters.ts'
import { readList } from '../lists/read-list.ts'
import { renderEndpointUpgrade, tellActions, UPGRADE_COLUMNS } from './upgrade-action-object.ts'
import { loadSurroundings, type SurroundingsNeeds } from './upgrade-surroundings.ts'

const FILTERS = {
  endpoint_id: { operators: ['in', 'eq'], kind: 'text' },
  group_action_id: { operators: ['in', 'eq'], kind: 'number' },
  state: { operators: ['in', 'eq'], kind: 'choice', values: UPGRADE_STATES },
  reason: { operators: ['in', 'eq'], kind: 'text' },
} as const satisfies Readonly<Record<string, FilterRule>>

type Asked = z.output<typeof getUpgrade>

/** `POST endpoints/upgrade/get`: an action with its endpoints, or the upgrades of one endpoint. */
export const getUpgradeRoute: PublicRoute<SurroundingsNeeds, typeof getUpgradeCall> = {
  call: getUpgradeCall,
  permission: 'upgrades.view',
  async answer(needs, request) {
    const list = readList(request.data, FILTERS, UPGRADE_COLUMNS)
    if (!list.ok) return list
    const { filters, page, keep } = list.value
    const { read } = needs.database
    const named = await loadNamed(read, request)
    if (!named.ok) return named
    const { action, condition } = named.value
    const { scope } = request.actor
    const query = { scope, conditions: [condition, ...filters.map(toCondition)] }
    const order = toOrder(request.data)
    const { total, upgrades } = await loadUpgradePage(read, query, { ...page, order })
    const surroundings = await loadSurroundings(needs, upgrades)
    const [told = null] = await tellActions(needs, action === null ? [] : [action], scope)
    return accept({
      action: told,
      total_count: total,
      result_count: upgrades.length,
      upgrades: upgrades.map((upgrade) => keep(renderEndpointUpgrade(upgrade, surroundings))),
    })
  },
}

type Named = {
  readonly action: StoredUpgradeAction | null
  readonly condition: UpgradeCondition
}

/** What the request names, if it is there and within the scope. */
async function loadNamed(
  reader: Reader,
  request: PublicRequest<Asked>,
): Promise<Result<Named, ApiRefusal>> {
  const { group_action_id: actionId, endpoint_id: endpointId } = request.data
  const { scope } = request.actor
  if (endpointId != null) {
    // Branding: an id that is none names no endpoint.
    const isThere = await hasEndpoint(reader, endpointId as EndpointId, scope)
    if (!isThere) return refuse({ code: 'endpoint-unknown', endpointId })
    return accept({ action: null, condition: { kind: 'endpoint', values: [endpointId] } })
  }
  const values = [actionId ?? 0]
  // Branding: a number that was never given names no action.
  const action = await loadUpgradeAction(reader, (actionId ?? 0) as UpgradeActionId, scope)
  if (action === undefined) return refuse({ code: 'action-unknown', actionId: actionId ?? 0 })
  return accept({ action, condition: { kind: 'action', values } })
}

function toCondition(filter: ReadFilter<keyof typeof FILTERS>): UpgradeCondition {
  switch (filter.field) {
    case 'group_action_id':
      return { kind: 'action', values: filter.numbers }
    case 'endpoint_id':
      return { kind: 'endpoint', values: filter.texts }
    case 'state':
    case 'reason':
      return { kind: filter.field, values: filter.texts }
  }
}

const ORDER_COLUMNS = {
  endpoint_id: 'endpoint_id',
  state: 'state',
  changed_at: 'changed_at',
  group_action_id: 'action_id',
} as const

/** Of an action by endpoint, of an endpoint the newest first. */
function toOrder({ sort, endpoint_id: endpointId }: Asked) {
  if (sort != null) {
    return { column: ORDER_COLUMNS[sort.field], direction: sort.keyword } as const
  }
  if (endpointId != null) return { column: 'action_id', direction: 'desc' } as const
  return { column: 'endpoint_id', direction: 'asc' } as const
}
