import type { Selectable } from 'kysely'
import type { Instant } from '../base/clock.ts'
import { auditArea, auditVerb } from '../domain/audit/area.ts'
import type { Reader, Writer } from './open.ts'
import type { AuditTable } from './tables.ts'

/** Who did something, and from where. */
export type AuditedParty = {
  /** `api-key:1`, `endpoint:<id>`, `distribution:<id>`, `server`. */
  readonly name: string
  /** Of the user whose key it was. */
  readonly email: string | null
  readonly role: string | null
  readonly address: string | null
  readonly userAgent: string | null
}

/** One thing that was changed or refused, by whom. Written in the transaction that changes it. */
export type AuditEntry = {
  readonly at: Instant
  readonly by: AuditedParty
  /** `distribution.create`, `endpoint.return`: noun and verb. */
  readonly action: string
  /** The id of what was changed. */
  readonly subject: string
  readonly result: 'success' | 'failure'
  /** Of a refusal: its code (docs/reasons.md). */
  readonly reason: string | null
  /** A sentence for a person. */
  readonly description: string
  /** What it was and what it became, as JSON; null where there was or is nothing. */
  readonly before: unknown
  readonly after: unknown
}

/** What the server does by itself. */
export const SERVER_PARTY: AuditedParty = {
  name: 'server',
  email: null,
  role: null,
  address: null,
  userAgent: null,
}

export async function saveAudit(writer: Writer, entry: AuditEntry): Promise<void> {
  await saveAudits(writer, [entry])
}

export async function saveAudits(writer: Writer, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return
  await writer.insertInto('audit').values(entries.map(rowOf)).execute()
}

function rowOf(entry: AuditEntry) {
  const { by } = entry
  return {
    at: entry.at,
    actor: by.name,
    email: by.email,
    role: by.role,
    address: by.address,
    user_agent: by.userAgent,
    action: entry.action,
    area: auditArea(entry.action),
    verb: auditVerb(entry.action),
    subject: entry.subject,
    result: entry.result,
    reason: entry.reason,
    description: entry.description,
    before: entry.before == null ? null : JSON.stringify(entry.before),
    after: entry.after == null ? null : JSON.stringify(entry.after),
  }
}

/** Newest first. */
export async function loadAudit(reader: Reader, limit: number): Promise<readonly AuditEntry[]> {
  const rows = await reader
    .selectFrom('audit')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(auditEntryOf)
}

export function auditEntryOf(row: Selectable<AuditTable>): AuditEntry {
  return {
    at: row.at,
    by: {
      name: row.actor,
      email: row.email,
      role: row.role,
      address: row.address,
      userAgent: row.user_agent,
    },
    action: row.action,
    subject: row.subject,
    result: row.result,
    reason: row.reason,
    description: row.description,
    before: row.before,
    after: row.after,
  }
}
