import type { Instant } from '../base/clock.ts'
import type { Reader, Writer } from './open.ts'

/** One thing that was changed, by whom. Written in the transaction that changes it. */
export type AuditEntry = {
  readonly at: Instant
  /** `api-key:1`, `endpoint:<id>`, `server`. */
  readonly actor: string
  /** `distribution.create`, `endpoint.return`: noun and verb. */
  readonly action: string
  /** The id of what was changed. */
  readonly subject: string
  readonly facts: Readonly<Record<string, unknown>>
}

export async function saveAudit(writer: Writer, entry: AuditEntry): Promise<void> {
  await writer
    .insertInto('audit')
    .values({ ...entry, facts: JSON.stringify(entry.facts) })
    .execute()
}

/** Newest first. */
export async function loadAudit(reader: Reader, limit: number): Promise<readonly AuditEntry[]> {
  const rows = await reader
    .selectFrom('audit')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, facts: row.facts as Record<string, unknown> }))
}
