import { accept } from '../../../base/result.ts'
import {
  type AgentsReportsRequest,
  agentsReport,
  agentsReportsCall,
} from '../../../contract/public/audits.ts'
import type { ListFilter } from '../../../contract/public/list.ts'
import {
  countReports,
  loadReportPage,
  type ReportCondition,
  type ReportOrder,
} from '../../../store/agent-report-list.ts'
import type { Database } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'
import type { FilterRules, ReadFilter } from '../lists/filters.ts'
import { readList } from '../lists/read-list.ts'
import { kindsBy, kindsWith, renderReport } from './report-object.ts'

const TEXT = { operators: ['in', 'eq'], kind: 'text' } as const
const RULES = {
  endpoint_id: TEXT,
  endpoint_name: TEXT,
  type: TEXT,
  sub_type: TEXT,
  result: {
    operators: ['in', 'eq'],
    kind: 'choice',
    values: ['success', 'failed', 'fail', 'failure'],
  },
  domain: TEXT,
  xdr_version: TEXT,
  trapsversion: TEXT,
  category: { operators: ['in', 'eq'], kind: 'choice', values: ['status', 'monitoring', 'audit'] },
  timestamp: { operators: ['gte', 'lte'], kind: 'time' },
} as const satisfies FilterRules
type Field = keyof typeof RULES

/** `POST audits/agents_reports`: a filtered, sorted page of what endpoints went through. */
export const agentsReportsRoute: PublicRoute<
  { readonly database: Database },
  typeof agentsReportsCall
> = {
  call: agentsReportsCall,
  permission: 'audits.view',
  async answer(needs, { data, actor }) {
    const asked = { ...data, filters: data.filters?.map(wholeMilliseconds) }
    const list = readList(asked, RULES, Object.keys(agentsReport.shape))
    if (!list.ok) return list
    const { filters, page, keep } = list.value
    const { read } = needs.database
    const query = { scope: actor.scope, conditions: filters.map(toCondition) }
    const reports = await loadReportPage(read, query, { order: toOrder(data.sort), ...page })
    return accept({
      total_count: await countReports(read, query),
      result_count: reports.length,
      data: reports.map(renderReport).map(keep),
    })
  },
}

/** Whoever goes on from the last TIMESTAMP he read sends it back as it was, with its fraction. */
function wholeMilliseconds(filter: ListFilter): ListFilter {
  const { field, value } = filter
  if (field !== 'timestamp' || typeof value !== 'number') return filter
  return { ...filter, value: Math.floor(value) }
}

const COLUMNS = {
  endpoint_id: 'endpoint_id',
  endpoint_name: 'endpoint_name',
  domain: 'domain',
  xdr_version: 'version',
  trapsversion: 'version',
} as const

function toCondition({ field, operator, texts, numbers }: ReadFilter<Field>): ReportCondition {
  switch (field) {
    case 'timestamp':
      return { kind: 'time', operator: operator === 'gte' ? '>=' : '<=', at: numbers[0] ?? 0 }
    case 'type':
      return { kind: 'one-of', column: 'kind', values: kindsWith('type', texts) }
    case 'sub_type':
      return { kind: 'one-of', column: 'kind', values: kindsWith('subtype', texts) }
    case 'category':
      return { kind: 'one-of', column: 'kind', values: kindsWith('category', texts) }
    case 'result': {
      const values = texts.map((text) => (text === 'success' ? 'success' : 'failure'))
      return { kind: 'one-of', column: 'result', values }
    }
    default:
      return { kind: 'one-of', column: COLUMNS[field], values: texts }
  }
}

function toOrder(sort: AgentsReportsRequest['sort']): ReportOrder {
  if (sort == null) return { column: 'at', direction: 'desc', kinds: [] }
  const direction = sort.keyword
  switch (sort.field) {
    case 'timestamp':
      return { column: 'at', direction, kinds: [] }
    case 'domain':
      return { column: 'domain', direction, kinds: [] }
    case 'type':
    case 'category':
      return { column: 'kind', direction, kinds: kindsBy(sort.field) }
    default:
      return { column: 'version', direction, kinds: [] }
  }
}
