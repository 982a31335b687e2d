import { type Kysely, sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { silentLog } from '../base/log.ts'
import { loadAppliedMigrations, type Migration, migrate } from './migrate.ts'
import { ALL_MIGRATIONS } from './migrations/all.ts'
import { createTestDatabase, openTestDatabase, startTestDatabase } from './testing/database.ts'

const needs = { log: silentLog, clock: systemClock }

/** A migration that counts how often it ran, in the database and here. */
function counting(name: string, statement = 'select 1') {
  const migration = {
    name,
    runs: 0,
    async up(database: Kysely<unknown>) {
      migration.runs += 1
      await sql.raw(statement).execute(database)
    },
  }
  return migration satisfies Migration
}

async function emptyDatabase() {
  const empty = await createTestDatabase()
  const database = openTestDatabase(empty.connection)
  return {
    database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]()
      await empty[Symbol.asyncDispose]()
    },
  }
}

async function tablesOf(database: ReturnType<typeof openTestDatabase>): Promise<readonly string[]> {
  const found = await sql<{ name: string }>`select table_name as name
    from information_schema.tables where table_schema = 'public' order by 1`.execute(database.read)
  return found.rows.map((row) => row.name)
}

describe('migrating', () => {
  it('applies each migration once, in order, and none the second time', async () => {
    await using empty = await emptyDatabase()
    const first = counting('1', 'create table one (id int)')
    const second = counting('2', 'insert into one values (1)')
    await migrate(empty.database, [first], needs)
    await migrate(empty.database, [first, second], needs)
    await migrate(empty.database, [first, second], needs)
    expect([first.runs, second.runs]).toEqual([1, 1])
    expect(await loadAppliedMigrations(empty.database.read)).toEqual(['1', '2'])
  })

  it('happens once when many servers start at once', async () => {
    await using empty = await emptyDatabase()
    const migrations = [
      counting('1', 'create table one (id int)'),
      counting('2', 'insert into one values (1)'),
    ]
    const servers = Array.from({ length: 6 }, () => openTestDatabase(empty.database.connection))
    await Promise.all(servers.map((server) => migrate(server, migrations, needs)))
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
    expect(migrations.map((migration) => migration.runs)).toEqual([1, 1])
    const rows = await sql<{ n: number }>`select count(*) as n from one`.execute(
      empty.database.read,
    )
    expect(rows.rows).toEqual([{ n: 1 }])
  })

  it('keeps what was applied before a migration that fails, and nothing of that one', async () => {
    await using empty = await emptyDatabase()
    const good = counting('1', 'create table one (id int)')
    const bad = counting('2', 'create table two (id int); select 1 / 0')
    await expect(migrate(empty.database, [good, bad], needs)).rejects.toThrow(/division by zero/)
    expect(await loadAppliedMigrations(empty.database.read)).toEqual(['1'])
    expect(await tablesOf(empty.database)).not.toContain('two')
    await migrate(empty.database, [good, counting('2', 'create table two (id int)')], needs)
    expect(await tablesOf(empty.database)).toContain('two')
  })

  it('refuses a database of a newer version, and touches nothing', async () => {
    await using empty = await emptyDatabase()
    const [one, two, three] = ['1', '2', '3'].map((name) => counting(name)) as [
      Migration,
      Migration,
      Migration & { runs: number },
    ]
    await migrate(empty.database, [one, two], needs)
    const older = migrate(empty.database, [one], needs)
    await expect(older).rejects.toMatchObject({ code: 'database-newer', retry: 'never' })
    const differing = migrate(empty.database, [one, three], needs)
    await expect(differing).rejects.toMatchObject({ code: 'database-newer', retry: 'never' })
    expect(three.runs).toBe(0)
    expect(await loadAppliedMigrations(empty.database.read)).toEqual(['1', '2'])
  })

  it('refuses a history in another order', async () => {
    await using empty = await emptyDatabase()
    const [one, two] = [counting('1'), counting('2')]
    await migrate(empty.database, [one, two], needs)
    const swapped = migrate(empty.database, [two, one], needs)
    await expect(swapped).rejects.toMatchObject({ code: 'database-history-differs' })
  })

  it('says of an empty database that nothing was applied, and makes nothing', async () => {
    await using empty = await emptyDatabase()
    expect(await loadAppliedMigrations(empty.database.read)).toEqual([])
    expect(await tablesOf(empty.database)).toEqual([])
  })
})

describe('the list of migrations', () => {
  it('gives every reference an index: deleting what is referred to looks for them', async () => {
    await using database = await startTestDatabase()
    const { rows } = await sql<{ table: string; columns: string }>`
      select conrelid::regclass::text as table, conkey::text as columns
      from pg_constraint
      where contype = 'f' and connamespace = current_schema()::regnamespace and not exists (
        select from pg_index
        where indrelid = conrelid and indpred is null
          and (indkey::int2[])[0:cardinality(conkey) - 1] = conkey
      )`.execute(database.read)
    expect(rows).toEqual([])
  })

  it('has names that are in order and never twice', () => {
    const names = ALL_MIGRATIONS.map((migration) => migration.name)
    expect(names).toEqual([...new Set(names)].toSorted())
  })
})
