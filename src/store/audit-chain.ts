/**
 * Sealing the audit log, and reading what was sealed (docs/adr/0014-audit-chain.md). Entries are
 * written without a place in the chain, so that nobody waits for anybody; afterwards whoever holds
 * the head's row gives committed entries the next places. A server that is killed in the middle
 * has sealed all of a batch or none of it.
 */
import { type Selectable, sql } from 'kysely'
import { type Digest, equalInConstantTime } from '../base/digest.ts'
import { Fault } from '../base/fault.ts'
import { CHAIN_START, type ChainedEntry, type ChainHead, nextHead } from '../domain/audit/chain.ts'
import type { Reader, Writer } from './open.ts'
import type { AuditTable } from './tables.ts'

const HEAD = 'audit'

/** What the database alone cannot make: the MAC of a head. */
export type MacOfHead = (head: ChainHead) => string

export type SealedHead = ChainHead & { readonly mac: string }

/** Whether there is an audit entry without a place, and an event without a position. */
export async function loadUnsealed(
  reader: Reader,
): Promise<{ readonly audit: boolean; readonly events: boolean }> {
  const { rows } = await sql<{ readonly audit: boolean; readonly events: boolean }>`
    select exists (select 1 from audit where sequence is null) as audit,
      exists (select 1 from event where position is null) as events`.execute(reader)
  return rows[0] ?? { audit: false, events: false }
}

/** Seals at most `limit` entries; how many. Two who seal at once take turns. */
export async function sealAudit(writer: Writer, macOf: MacOfHead, limit: number): Promise<number> {
  let head = await lockHead(writer, macOf)
  const rows = await writer
    .selectFrom('audit')
    .selectAll()
    .where('sequence', 'is', null)
    .orderBy('id')
    .limit(limit)
    .execute()
  if (rows.length === 0) return 0
  const sealed: { id: number; sequence: number; hash: string }[] = []
  for (const row of rows) {
    head = nextHead(head, chainedEntry(row))
    sealed.push({ id: row.id, ...head })
  }
  await sql`
    update audit set sequence = sealed.sequence, hash = sealed.hash
    from jsonb_to_recordset(${JSON.stringify(sealed)}::jsonb)
      as sealed(id bigint, sequence bigint, hash text)
    where audit.id = sealed.id and audit.sequence is null`.execute(writer)
  await writer
    .updateTable('audit_head')
    .set({ ...head, mac: macOf(head) })
    .where('name', '=', HEAD)
    .execute()
  return rows.length
}

/** Going on from a head that somebody else wrote would vouch for all that he wrote before it. */
async function lockHead(writer: Writer, macOf: MacOfHead): Promise<ChainHead> {
  await writer
    .insertInto('audit_head')
    .values({ name: HEAD, ...CHAIN_START, mac: macOf(CHAIN_START) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const row = await writer
    .selectFrom('audit_head')
    .select(['sequence', 'hash', 'mac'])
    .where('name', '=', HEAD)
    .forUpdate()
    .executeTakeFirstOrThrow()
  const head = { sequence: row.sequence, hash: row.hash as Digest } // Compared before it is used.
  if (equalInConstantTime(row.mac, macOf(head))) return head
  const doing = `sealing the audit log: its head at ${row.sequence} is not one of this instance`
  throw new Fault({ code: 'audit-head-not-ours', doing, retry: 'never' })
}

/** As one snapshot shows it. */
export type AuditChainEnd = {
  /** Null before the first entry was sealed. */
  readonly head: SealedHead | null
  /** Of the last entry that has a place; 0 when none has. */
  readonly lastSequence: number
  readonly unsealed: number
}

export async function loadAuditChainEnd(reader: Reader): Promise<AuditChainEnd> {
  const { rows } = await sql<{
    readonly sequence: number | null
    readonly hash: string | null
    readonly mac: string | null
    readonly last: number
    readonly unsealed: number
  }>`
    select head.sequence, head.hash, head.mac,
      coalesce((select max(audit.sequence) from audit), 0)::bigint as last,
      (select count(*) from audit where audit.sequence is null) as unsealed
    from (select 1) as one left join audit_head as head on head.name = ${HEAD}`.execute(reader)
  const row = rows[0]
  const { sequence = null, hash = null, mac = null } = row ?? {}
  const isThere = sequence !== null && hash !== null && mac !== null
  return {
    // Whatever somebody wrote there: it is compared, and not believed.
    head: isThere ? { sequence, hash: hash as Digest, mac } : null,
    lastSequence: row?.last ?? 0,
    unsealed: row?.unsealed ?? 0,
  }
}

export type SealedEntry = {
  readonly sequence: number
  readonly hash: string
  readonly entry: ChainedEntry
}

/** Those after `sequence`, in order, at most `limit`. */
export async function loadSealedEntries(
  reader: Reader,
  sequence: number,
  limit: number,
): Promise<readonly SealedEntry[]> {
  const rows = await reader
    .selectFrom('audit')
    .selectAll()
    .where('sequence', '>', sequence)
    .orderBy('sequence')
    .limit(limit)
    .execute()
  return rows.map((row) => {
    return { sequence: row.sequence ?? 0, hash: row.hash ?? '', entry: chainedEntry(row) }
  })
}

function chainedEntry(row: Selectable<AuditTable>): ChainedEntry {
  const { id, at, actor, email, role, address, action, area, verb, subject } = row
  const { result, reason, description, before, after } = row
  const who = { actor, email, role, address, userAgent: row.user_agent }
  const what = { action, area, verb, subject, result, reason, description, before, after }
  return { id, at, ...who, ...what }
}
