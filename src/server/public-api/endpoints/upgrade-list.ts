import type * as z from 'zod'
import { accept } from '../../../base/result.ts'
import { type listUpgrades, listUpgradesCall } from '../../../contract/public/upgrade-actions.ts'
import { loadUpgradeActions, type UpgradeActionCondition } from '../../../store/upgrade-actions.ts'
import type { PublicRoute } from '../../http/route.ts'
import type { FilterRule, ReadFilter } from '../lists/filters.ts'
import { readList } from '../lists/read-list.ts'
import { ACTION_COLUMNS, tellActions } from './upgrade-action-object.ts'
import type { SurroundingsNeeds } from './upgrade-surroundings.ts'

const STATUSES = ['open', 'finished'] as const

const FILTERS = {
  group_action_id: { operators: ['in', 'eq'], kind: 'number' },
  created_by: { operators: ['in', 'eq'], kind: 'text' },
  created_at: { operators: ['gte', 'lte'], kind: 'time' },
  status: { operators: ['in', 'eq'], kind: 'choice', values: STATUSES },
} as const satisfies Readonly<Record<string, FilterRule>>

/** `POST endpoints/upgrade/list`: a page of upgrade actions, the newest first. */
export const listUpgradesRoute: PublicRoute<SurroundingsNeeds, typeof listUpgradesCall> = {
  call: listUpgradesCall,
  permission: 'upgrades.view',
  async answer(needs, request) {
    const list = readList(request.data, FILTERS, ACTION_COLUMNS)
    if (!list.ok) return list
    const { filters, page, keep } = list.value
    const query = { scope: request.actor.scope, conditions: filters.map(toCondition) }
    const order = toOrder(request.data.sort)
    const { read } = needs.database
    const { total, actions } = await loadUpgradeActions(read, query, { ...page, order })
    const told = await tellActions(needs, actions, request.actor.scope)
    return accept({
      total_count: total,
      result_count: actions.length,
      actions: told.map((action) => keep(action)),
    })
  },
}

function toCondition(filter: ReadFilter<keyof typeof FILTERS>): UpgradeActionCondition {
  switch (filter.field) {
    case 'group_action_id':
      return { kind: 'id', values: filter.numbers }
    case 'created_by':
      return { kind: 'created-by', values: filter.texts }
    case 'created_at': {
      const [at = 0] = filter.numbers
      return { kind: 'created-at', operator: filter.operator === 'gte' ? '>=' : '<=', at }
    }
    case 'status':
      return { kind: 'status', values: STATUSES.filter((each) => filter.texts.includes(each)) }
  }
}

const ORDER_COLUMNS = {
  group_action_id: 'id',
  created_at: 'created_at',
  expires_at: 'expires_at',
} as const

function toOrder(sort: z.infer<typeof listUpgrades>['sort']) {
  if (sort == null) return { column: 'created_at', direction: 'desc' } as const
  return { column: ORDER_COLUMNS[sort.field], direction: sort.keyword } as const
}
