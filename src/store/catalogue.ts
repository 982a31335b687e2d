/**
 * What tables there are, as the database itself tells; for backup and restore, which treat all
 * alike.
 */
import type { Client } from 'pg'
import { invariant } from '../base/invariant.ts'
import type { BackupHead } from './backup-format.ts'

/** Restoring makes these itself: the last one's rows come with those of the endpoints. */
const BOOKKEEPING = ['schema_migration', 'schema_lock', 'endpoint_tag']

export type Tables = BackupHead['tables']
export type Identities = BackupHead['identities']

/**
 * Every table but those, each before those that refer to it, with the columns that the database
 * does not make from others.
 */
export async function loadTables(client: Client): Promise<Tables> {
  const columns = await client.query<{ table: string; column: string }>(
    `select c.table_name as table, c.column_name as column
     from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = current_schema() and t.table_type = 'BASE TABLE'
       and c.is_generated = 'NEVER'
     order by c.table_name, c.ordinal_position`,
  )
  const tables = new Map<string, string[]>()
  for (const { table, column } of columns.rows) {
    if (!BOOKKEEPING.includes(table)) tables.set(table, [...(tables.get(table) ?? []), column])
  }
  const references = await loadReferences(client)
  return inOrder([...tables.keys()], references).map((name) => ({
    name,
    columns: tables.get(name) ?? [],
  }))
}

type Reference = { readonly from: string; readonly to: string }

async function loadReferences(client: Client): Promise<readonly Reference[]> {
  const { rows } = await client.query<Reference>(
    `select source.relname as from, target.relname as to
     from pg_catalog.pg_constraint c
     join pg_catalog.pg_class source on source.oid = c.conrelid
     join pg_catalog.pg_class target on target.oid = c.confrelid
     join pg_catalog.pg_namespace space on space.oid = source.relnamespace
     where c.contype = 'f' and space.nspname = current_schema() and c.conrelid <> c.confrelid`,
  )
  return rows
}

/** The names, each after all that it refers to. */
export function inOrder(names: readonly string[], references: readonly Reference[]): string[] {
  const placed: string[] = []
  let left = names
  while (left.length > 0) {
    const waits = (name: string) =>
      references.some(({ from, to }) => from === name && !placed.includes(to))
    const next = left.filter((name) => !waits(name))
    invariant(next.length > 0, `tables do not refer to each other in a circle: ${left.join(', ')}`)
    placed.push(...next)
    left = left.filter((name) => !next.includes(name))
  }
  return placed
}

/**
 * The next number of every identity column. Call it after the snapshot was taken: it then covers
 * its rows.
 */
export async function loadIdentities(client: Client): Promise<Identities> {
  const { rows } = await client.query<{ table: string; column: string; sequence: string }>(
    `select table_name as table, column_name as column,
       pg_get_serial_sequence(quote_ident(table_name), column_name) as sequence
     from information_schema.columns
     where table_schema = current_schema() and is_identity = 'YES'
     order by table_name, column_name`,
  )
  const identities: Identities = []
  for (const { table, column, sequence } of rows) {
    const [state] = (
      await client.query<{ next: string }>(
        `select case when is_called then last_value + 1 else last_value end as next
         from ${sequence}`,
      )
    ).rows
    identities.push({ table, column, next: Number(state?.next) })
  }
  return identities
}

export async function setIdentities(client: Client, identities: Identities): Promise<void> {
  for (const { table, column, next } of identities) {
    const sequence = 'pg_get_serial_sequence(quote_ident($1), $2)'
    await client.query(`select setval(${sequence}, $3, false)`, [table, column, next])
  }
}

/** `copy "table" ("column", ...)`: the beginning of a COPY in either direction. */
export function copyClause(table: Tables[number]): string {
  return `copy ${quoted(table.name)} (${table.columns.map(quoted).join(', ')})`
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}
