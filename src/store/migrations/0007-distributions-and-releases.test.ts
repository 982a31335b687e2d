import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { silentLog } from '../../base/log.ts'
import { migrate } from '../migrate.ts'
import { createTestDatabase, openTestDatabase } from '../testing/database.ts'
import { distributionsAndReleases } from './0007-distributions-and-releases.ts'
import { ALL_MIGRATIONS } from './all.ts'

const needs = { log: silentLog, clock: systemClock }

describe('names that older databases hold twice', () => {
  it('belong to the newest that is there; the others go on without', async () => {
    await using empty = await createTestDatabase()
    await using database = openTestDatabase(empty.connection)
    const at = ALL_MIGRATIONS.findIndex(({ name }) => name === distributionsAndReleases.name)
    await migrate(database, ALL_MIGRATIONS.slice(0, at), needs)
    const rows = [
      ['old', 'web', 'ready', 1],
      ['new', 'web', 'failed', 2],
      ['gone', 'web', 'withdrawn', 3],
      ['alone', 'db', 'ready', 1],
    ] as const
    await database.write(async (tx) => {
      for (const [id, name, state, createdAt] of rows) {
        await sql`insert into distribution (id, name, kind, platform, version, "order", state,
            token_digest, created_by, created_at, modified_at)
          values (${id}, ${name}, 'standalone', 'linux', '1.0.0.1',
            ${JSON.stringify({ description: `of ${id}` })}, ${state}, ${id}, 'test',
            ${createdAt}, ${createdAt})`.execute(tx)
      }
    })
    await migrate(database, ALL_MIGRATIONS, needs)
    const found = await database.read
      .selectFrom('distribution')
      .select(['id', 'name_key', 'description', 'generation'])
      .orderBy('id')
      .execute()
    expect(found).toEqual([
      { id: 'alone', name_key: 'db', description: 'of alone', generation: 0 },
      { id: 'gone', name_key: null, description: 'of gone', generation: 0 },
      { id: 'new', name_key: 'web', description: 'of new', generation: 0 },
      { id: 'old', name_key: null, description: 'of old', generation: 0 },
    ])
  })
})
