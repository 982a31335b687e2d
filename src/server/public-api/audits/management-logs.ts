import { accept } from '../../../base/result.ts'
import {
  type ManagementLogsRequest,
  managementLog,
  managementLogsCall,
} from '../../../contract/public/audits.ts'
import { actorName } from '../../../domain/access/actor.ts'
import {
  type AuditCondition,
  type AuditOrder,
  countAudit,
  loadAuditPage,
} from '../../../store/audit-list.ts'
import type { Database } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'
import type { FilterRules, ReadFilter } from '../lists/filters.ts'
import { readList } from '../lists/read-list.ts'
import { areaOf, renderAudit, verbOf } from './audit-object.ts'

const TEXT = { operators: ['in', 'eq'], kind: 'text' } as const
const RULES = {
  email: TEXT,
  type: TEXT,
  sub_type: TEXT,
  result: {
    operators: ['in', 'eq'],
    kind: 'choice',
    /** `partial` is one of the original's; nothing here has it. */
    values: ['success', 'fail', 'failure', 'partial'],
  },
  timestamp: { operators: ['gte', 'lte'], kind: 'time' },
} as const satisfies FilterRules
type Field = keyof typeof RULES

/** `POST audits/management_logs`: a filtered, sorted page of the audit log, newest first. */
export const managementLogsRoute: PublicRoute<
  { readonly database: Database },
  typeof managementLogsCall
> = {
  call: managementLogsCall,
  permission: 'audits.view',
  async answer(needs, { data, actor }) {
    const list = readList(data, RULES, Object.keys(managementLog.shape))
    if (!list.ok) return list
    const { filters, page, keep } = list.value
    const { read } = needs.database
    const conditions = filters.map(toCondition)
    const query = { scope: actor.scope, asker: actorName(actor), conditions }
    const order = toOrder(data.sort)
    const entries = await loadAuditPage(read, query, { order, ...page })
    return accept({
      total_count: await countAudit(read, query),
      result_count: entries.length,
      data: entries.map(renderAudit).map(keep),
    })
  },
}

function toCondition({ field, operator, texts, numbers }: ReadFilter<Field>): AuditCondition {
  switch (field) {
    case 'timestamp':
      return { kind: 'time', operator: operator === 'gte' ? '>=' : '<=', at: numbers[0] ?? 0 }
    case 'type':
      return { kind: 'one-of', column: 'area', values: texts.map(areaOf) }
    case 'sub_type':
      return { kind: 'one-of', column: 'verb', values: texts.map(verbOf) }
    case 'result': {
      const values = texts.map((text) => (text === 'fail' ? 'failure' : text))
      return { kind: 'one-of', column: 'result', values }
    }
    case 'email':
      return { kind: 'one-of', column: 'email', values: texts }
  }
}

const ORDER_COLUMNS = {
  type: 'area',
  sub_type: 'verb',
  'sub-type': 'verb',
  result: 'result',
  timestamp: 'at',
} as const

function toOrder(sort: ManagementLogsRequest['sort']): AuditOrder {
  if (sort == null) return { column: 'at', direction: 'desc' }
  return { column: ORDER_COLUMNS[sort.field], direction: sort.keyword }
}
