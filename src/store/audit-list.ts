/** Pages of the audit log; the indexes of its columns carry each order. */
import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { Scope } from '../domain/access/scope.ts'
import { type AuditEntry, auditEntryOf } from './audit.ts'
import { isInScope } from './endpoint-query.ts'
import type { Reader } from './open.ts'

/** All conditions must hold; within one, any of the values. */
export type AuditCondition =
  | {
      readonly kind: 'one-of'
      readonly column: 'area' | 'verb' | 'result' | 'email'
      readonly values: readonly string[]
    }
  | { readonly kind: 'time'; readonly operator: '>=' | '<='; readonly at: Instant }

export type AuditQuery = {
  /**
   * Of whoever asks: with one, he sees what he did himself, and what is about an endpoint within
   * it.
   */
  readonly scope: Scope
  readonly asker: string
  readonly conditions: readonly AuditCondition[]
}

export type AuditOrder = {
  readonly column: 'at' | 'area' | 'verb' | 'result'
  readonly direction: 'asc' | 'desc'
}

export type ListedAudit = AuditEntry & {
  readonly id: number
  readonly area: string
  readonly verb: string
  readonly sequence: number | null
  readonly hash: string | null
}

export async function loadAuditPage(
  reader: Reader,
  query: AuditQuery,
  page: { readonly order: AuditOrder; readonly offset: number; readonly limit: number },
): Promise<readonly ListedAudit[]> {
  const { column, direction } = page.order
  const rows = await matching(reader, query)
    .selectAll()
    .orderBy(column, direction)
    .orderBy('id', direction)
    .offset(page.offset)
    .limit(page.limit)
    .execute()
  return rows.map((row) => {
    const { id, area, verb, sequence, hash } = row
    return { ...auditEntryOf(row), id, area, verb, sequence, hash }
  })
}

export async function countAudit(reader: Reader, query: AuditQuery): Promise<number> {
  if (query.scope === null && query.conditions.length === 0) return await countAll(reader)
  const row = await matching(reader, query)
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return row.count
}

/** Nothing is deleted, so the chain knows how long it is: a million rows need not be counted. */
async function countAll(reader: Reader): Promise<number> {
  const { rows } = await sql<{ readonly count: number }>`
    select coalesce((select max(sequence) from audit), 0)
      + (select count(*) from audit where sequence is null) as count`.execute(reader)
  return rows[0]?.count ?? 0
}

function matching(reader: Reader, { scope, asker, conditions }: AuditQuery) {
  let query = reader.selectFrom('audit')
  for (const condition of conditions) {
    query =
      condition.kind === 'time'
        ? query.where('at', condition.operator, condition.at)
        : query.where(
            sql<boolean>`${sql.ref(condition.column)} = any(${[...condition.values]}::text[])`,
          )
  }
  if (scope === null) return query
  return query.where((where) => {
    const endpoint = where
      .selectFrom('endpoint')
      .select('endpoint.id')
      .whereRef('endpoint.id', '=', 'audit.subject')
      .where(isInScope(scope))
    return where.or([where('audit.actor', '=', asker), where.exists(endpoint)])
  })
}
