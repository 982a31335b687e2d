import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { loadAppliedMigrations } from '../migrate.ts'
import { ALL_MIGRATIONS } from '../migrations/all.ts'
import { startTestDatabase } from './database.ts'

describe('test database', () => {
  it('has every migration applied', async () => {
    await using database = await startTestDatabase()
    const applied = await loadAppliedMigrations(database.read)
    expect(applied).toEqual(ALL_MIGRATIONS.map((migration) => migration.name))
  })

  it('belongs to its caller alone', async () => {
    await using first = await startTestDatabase()
    await using second = await startTestDatabase()
    await first.write(async (tx) => {
      await sql`insert into setting (name, value) values ('a', '1')`.execute(tx)
    })
    expect(await second.read.selectFrom('setting').selectAll().execute()).toEqual([])
  })
})
