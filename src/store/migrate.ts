/**
 * Brings the database to this version of the code: the ordered list of migrations, each in a
 * transaction of its own that also records it. Every step first locks one row and then looks again
 * at what has been applied, so two servers that start at once do each migration once. A database
 * that knows a migration which this code does not is newer; it is refused before anything is
 * written.
 */
import { type Kysely, sql } from 'kysely'
import type { Clock, Instant } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { Log } from '../base/log.ts'
import { isUniqueViolation, sqlState } from './database-fault.ts'
import type { Database, Reader, Writer } from './open.ts'

export type Migration = {
  /** Stays for ever: `0001-first-path`. */
  readonly name: string
  up(database: Kysely<unknown>): Promise<void>
}

const DUPLICATE_TABLE = '42P07'
/**
 * Two servers may make the tables of the first start at the same moment; one of them sees the
 * other's.
 */
const PREPARE_ATTEMPTS_MAX = 5

export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  needs: { readonly log: Log; readonly clock: Clock },
): Promise<void> {
  const known = migrations.map((migration) => migration.name)
  const applied = await loadAppliedMigrations(database.read)
  checkHistory(applied, known)
  if (applied.length === known.length) return
  await prepare(database)
  for (const migration of migrations) {
    await database.write(async (tx) => {
      await sql`set local statement_timeout = 0`.execute(tx)
      await sql`set local lock_timeout = 0`.execute(tx)
      await sql`select id from schema_lock where id = 1 for update`.execute(tx)
      const now = await loadAppliedMigrations(tx)
      checkHistory(now, known)
      if (now.includes(migration.name)) return
      needs.log.info({ migration: migration.name }, 'migrating the database')
      await applyMigration(tx, { migration, position: now.length + 1, now: needs.clock.now() })
    })
  }
}

/** One migration and its record, in the transaction that it is given. */
export async function applyMigration(
  tx: Writer,
  step: { readonly migration: Migration; readonly position: number; readonly now: Instant },
): Promise<void> {
  // A migration speaks of the tables as they were in its time, not as `Tables` says they are now.
  await step.migration.up(tx as unknown as Kysely<unknown>)
  await sql`insert into schema_migration (name, position, applied_at)
    values (${step.migration.name}, ${step.position}, ${step.now})`.execute(tx)
}

/** The names of the applied migrations, in order; none for a database that is empty. */
export async function loadAppliedMigrations(reader: Reader): Promise<readonly string[]> {
  const found = await sql<{ count: number }>`select count(*) as count
    from information_schema.tables
    where table_schema = current_schema() and table_name = 'schema_migration'`.execute(reader)
  if (found.rows[0]?.count !== 1) return []
  const applied = await sql<{ name: string }>`select name from schema_migration
    order by position`.execute(reader)
  return applied.rows.map((row) => row.name)
}

function checkHistory(applied: readonly string[], known: readonly string[]): void {
  const stranger = applied.find((name, index) => known[index] !== name)
  if (stranger === undefined) return
  throw new Fault({
    code: known.includes(stranger) ? 'database-history-differs' : 'database-newer',
    doing: `opening a database with migration ${stranger}; the last known here is ${known.at(-1)}`,
    retry: 'never',
  })
}

async function prepare(database: Database): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.write(createBookkeeping)
    } catch (error) {
      const isRace = isUniqueViolation(error) || sqlState(error) === DUPLICATE_TABLE
      if (!isRace || attempt === PREPARE_ATTEMPTS_MAX) throw error
    }
  }
}

export async function createBookkeeping(tx: Writer): Promise<void> {
  await sql`create table if not exists schema_migration (
    name text primary key,
    position integer not null unique,
    applied_at bigint not null
  )`.execute(tx)
  await sql`create table if not exists schema_lock (id integer primary key)`.execute(tx)
  await sql`insert into schema_lock (id) values (1) on conflict do nothing`.execute(tx)
}
