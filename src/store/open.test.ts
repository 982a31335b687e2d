import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { silentLog } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'
import { isUniqueViolation } from './database-fault.ts'
import { type Database, openDatabase, WRITE_ATTEMPTS_MAX, type Writer } from './open.ts'
import { startTestDatabase } from './testing/database.ts'

async function setSetting(tx: Writer, name: string, value: unknown): Promise<void> {
  const row = { name, value: JSON.stringify(value) }
  await tx
    .insertInto('setting')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: row.value }))
    .execute()
}

async function names(database: Database): Promise<readonly string[]> {
  const rows = await database.read.selectFrom('setting').select('name').orderBy('name').execute()
  return rows.map((row) => row.name)
}

/** An error as PostgreSQL would send it. */
async function raise(tx: Writer, state: string): Promise<void> {
  await sql
    .raw(`do $$ begin raise exception 'made up' using errcode = '${state}'; end $$`)
    .execute(tx)
}

describe('reading', () => {
  it('cannot write, whatever the statement', async () => {
    await using database = await startTestDatabase()
    const writing = sql`insert into setting (name, value) values ('a', '1')`.execute(database.read)
    await expect(writing).rejects.toMatchObject({ code: '25006' })
  })

  it('gives int8 as numbers, and refuses those beyond 2^53', async () => {
    await using database = await startTestDatabase()
    const counted = await sql`select count(*) as n, 9007199254740991::int8 as max`.execute(
      database.read,
    )
    expect(counted.rows).toEqual([{ n: 1, max: Number.MAX_SAFE_INTEGER }])
    const beyond = sql`select 9007199254740992::int8 as n`.execute(database.read)
    await expect(beyond).rejects.toThrow(/below 2\^53/)
  })
})

describe('writing', () => {
  it('keeps all of a transaction or nothing', async () => {
    await using database = await startTestDatabase()
    expect(await database.write((tx) => setSetting(tx, 'kept', 1).then(() => 7))).toBe(7)
    const failing = database.write(async (tx) => {
      await setSetting(tx, 'lost', 1)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await names(database)).toEqual(['kept'])
  })

  it.each(['40001', '40P01'])('begins again after %s, and gives up after five', async (state) => {
    await using database = await startTestDatabase()
    let attempts = 0
    const work = (failures: number) => async (tx: Writer) => {
      attempts += 1
      await setSetting(tx, `attempt-${attempts}`, 1)
      if (attempts <= failures) await raise(tx, state)
    }
    await database.write(work(WRITE_ATTEMPTS_MAX - 1))
    expect(attempts).toBe(WRITE_ATTEMPTS_MAX)
    expect(await names(database)).toEqual([`attempt-${WRITE_ATTEMPTS_MAX}`])
    attempts = 0
    const hopeless = database.write(work(Number.POSITIVE_INFINITY))
    await expect(hopeless).rejects.toMatchObject({ code: 'database-contended', retry: 'later' })
    expect(attempts).toBe(WRITE_ATTEMPTS_MAX)
  })

  it.each([
    ['23505', { code: '23505' }],
    ['22012', { code: '22012' }],
    ['53100', { code: 'disk-full', retry: 'later' }],
    ['57014', { code: 'database-too-slow', retry: 'later' }],
    ['57P01', { code: 'database-unavailable', retry: 'later' }],
    ['28P01', { code: 'database-refuses-login', retry: 'never' }],
    ['XX001', { code: 'database-damaged', retry: 'never' }],
  ])('tells %s once, without trying again', async (state, told) => {
    await using database = await startTestDatabase()
    let attempts = 0
    const failing = database.write((tx) => {
      attempts += 1
      return raise(tx, state)
    })
    await expect(failing).rejects.toMatchObject(told)
    expect(attempts).toBe(1)
  })

  it('lets two that lock the same rows in turn both succeed', async () => {
    await using database = await startTestDatabase()
    await database.write((tx) => setSetting(tx, 'count', 0))
    const add = () =>
      database.write(async (tx) => {
        const query = tx.selectFrom('setting').select('value').where('name', '=', 'count')
        const { value } = await query.forUpdate().executeTakeFirstOrThrow()
        await setSetting(tx, 'count', Number(value) + 1)
      })
    await Promise.all(Array.from({ length: 40 }, add))
    const rows = await database.read.selectFrom('setting').select('value').execute()
    expect(rows).toEqual([{ value: 40 }])
  })

  it('breaks a deadlock by beginning again', async () => {
    await using database = await startTestDatabase()
    await database.write((tx) => setSetting(tx, 'a', 0).then(() => setSetting(tx, 'b', 0)))
    const bothHoldOne = Promise.withResolvers<void>()
    let holders = 0
    const lockBoth = (first: string, second: string) =>
      database.write(async (tx) => {
        await setSetting(tx, first, 1)
        holders += 1
        if (holders === 2) bothHoldOne.resolve()
        await bothHoldOne.promise
        await setSetting(tx, second, 2)
      })
    await Promise.all([lockBoth('a', 'b'), lockBoth('b', 'a')])
    expect(holders).toBe(3)
  })

  it('holds a rule across rows when it is serializable', async () => {
    await using database = await startTestDatabase()
    const addUnlessTwo = (name: string) =>
      database.write(async (tx) => {
        const found = await tx.selectFrom('setting').select('name').execute()
        if (found.length < 2) await setSetting(tx, name, 1)
      }, 'serializable')
    await Promise.all(['a', 'b', 'c', 'd'].map(addUnlessTwo))
    expect((await names(database)).length).toBe(2)
  })

  it('that caught a failed statement is not taken for committed', async () => {
    await using database = await startTestDatabase()
    const swallowing = database.write(async (tx) => {
      await setSetting(tx, 'a', 1)
      await raise(tx, '22012').catch(() => {})
    })
    await expect(swallowing).rejects.toThrow(/not committed/)
    expect(await names(database)).toEqual([])
  })

  it('tells who was second by a unique violation', async () => {
    await using database = await startTestDatabase()
    const insert = () =>
      database.write((tx) => tx.insertInto('setting').values({ name: 'a', value: '1' }).execute())
    await insert()
    const second = await insert().catch((error: unknown) => error)
    expect(isUniqueViolation(second)).toBe(true)
  })
})

describe('a database that is not there', () => {
  it('is a fault that says "later"', async () => {
    const connection = { kind: 'url', url: 'postgres://nobody@127.0.0.1:1/none' } as const
    const needs = { log: silentLog, clock: systemClock, random: systemRandom }
    await using database = openDatabase({ connection, ...needs })
    const fault = { code: 'database-unavailable', retry: 'later' }
    await expect(names(database)).rejects.toMatchObject(fault)
    await expect(database.write((tx) => setSetting(tx, 'a', 1))).rejects.toMatchObject(fault)
  })

  it('that cut every connection is used again on new ones', async () => {
    await using database = await startTestDatabase()
    await Promise.all(Array.from({ length: 5 }, () => names(database)))
    await using other = openDatabase({
      connection: database.connection,
      log: silentLog,
      clock: systemClock,
      random: systemRandom,
    })
    await other.write((tx) =>
      sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`.execute(tx),
    )
    // Each of the five that were cut fails once at most; then there are new ones.
    for (let cut = 0; cut < 5; cut += 1) await names(database).catch(() => [])
    expect(await names(database)).toEqual([])
  })
})
