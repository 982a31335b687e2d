/**
 * What endpoints are reported to have gone through. A row keeps the endpoint's name, domain and
 * version as they were: they are taken from its row in the statement that writes the report, so
 * save the endpoint first.
 */
import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { AgentReport } from '../domain/report/agent-report.ts'
import type { Writer } from './open.ts'

/** One statement for any number of them. */
export async function saveAgentReports(
  writer: Writer,
  now: Instant,
  reports: readonly AgentReport[],
): Promise<void> {
  if (reports.length === 0) return
  const rows = reports.map(({ endpointId, ...report }) => ({ ...report, endpoint_id: endpointId }))
  await sql`
    insert into agent_report (at, endpoint_id, endpoint_name, domain, version, kind, result,
      reason, message, severity)
    select ${now}, endpoint.id, endpoint.hostname, coalesce(endpoint.facts ->> 'domain', ''),
      coalesce(endpoint.version, distribution.version, ''), report.kind, report.result,
      report.reason, report.message, report.severity
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as report(endpoint_id text, kind text,
      result text, reason text, message text, severity text)
    join endpoint on endpoint.id = report.endpoint_id
    left join distribution on distribution.id = endpoint.distribution_id`.execute(writer)
}

/** Forgets at most `limit` that are older than `before`, or beyond the newest `keep`; how many. */
export async function deleteOldAgentReports(
  writer: Writer,
  old: { readonly before: Instant; readonly keep: number; readonly limit: number },
): Promise<number> {
  const gone = await sql`
    delete from agent_report where id in (
      (select id from agent_report where at < ${old.before} order by at limit ${old.limit})
      union
      (select id from agent_report
        where id <= (select max(id) from agent_report) - ${old.keep}::bigint
        order by id limit ${old.limit})
      limit ${old.limit}
    )`.execute(writer)
  return Number(gone.numAffectedRows ?? 0)
}
