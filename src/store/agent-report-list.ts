/** Pages of what endpoints are reported to have gone through. */
import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { EndpointId } from '../base/ids.ts'
import type { Scope } from '../domain/access/scope.ts'
import type { AgentReport, ReportKind, ReportSeverity } from '../domain/report/agent-report.ts'
import { isInScope } from './endpoint-query.ts'
import type { Reader } from './open.ts'

export type ReportCondition =
  | {
      readonly kind: 'one-of'
      readonly column: 'endpoint_id' | 'endpoint_name' | 'domain' | 'version' | 'kind' | 'result'
      readonly values: readonly string[]
    }
  | { readonly kind: 'time'; readonly operator: '>=' | '<='; readonly at: Instant }

export type ReportQuery = {
  /** Of whoever asks: reports of endpoints outside it are as if they were not there. */
  readonly scope: Scope
  readonly conditions: readonly ReportCondition[]
}

export type ReportOrder = {
  /** `kind`: in the order of `kinds`. */
  readonly column: 'at' | 'version' | 'domain' | 'kind'
  readonly kinds: readonly ReportKind[]
  readonly direction: 'asc' | 'desc'
}

export type ListedReport = AgentReport & {
  readonly id: number
  readonly at: Instant
  readonly endpointName: string
  readonly domain: string
  readonly version: string
}

export async function loadReportPage(
  reader: Reader,
  query: ReportQuery,
  page: { readonly order: ReportOrder; readonly offset: number; readonly limit: number },
): Promise<readonly ListedReport[]> {
  const { column, direction, kinds } = page.order
  const first =
    column === 'kind'
      ? sql`array_position(${[...kinds]}::text[], agent_report.kind)`
      : sql.ref(`agent_report.${column}`)
  const rows = await matching(reader, query)
    .selectAll('agent_report')
    .orderBy(first, direction)
    .orderBy('agent_report.id', direction)
    .offset(page.offset)
    .limit(page.limit)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    at: row.at,
    endpointId: row.endpoint_id as EndpointId, // Written by saveAgentReports, as are the others.
    endpointName: row.endpoint_name,
    domain: row.domain,
    version: row.version,
    kind: row.kind as ReportKind,
    result: row.result as AgentReport['result'],
    reason: row.reason,
    message: row.message,
    severity: row.severity as ReportSeverity,
  }))
}

export async function countReports(reader: Reader, query: ReportQuery): Promise<number> {
  const row = await matching(reader, query)
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return row.count
}

function matching(reader: Reader, { scope, conditions }: ReportQuery) {
  let query = reader.selectFrom('agent_report')
  for (const condition of conditions) {
    query =
      condition.kind === 'time'
        ? query.where('agent_report.at', condition.operator, condition.at)
        : query.where(
            sql<boolean>`${sql.ref(`agent_report.${condition.column}`)}
              = any(${[...condition.values]}::text[])`,
          )
  }
  if (scope === null) return query
  return query.where((where) =>
    where.exists(
      where
        .selectFrom('endpoint')
        .select('endpoint.id')
        .whereRef('endpoint.id', '=', 'agent_report.endpoint_id')
        .where(isInScope(scope)),
    ),
  )
}
