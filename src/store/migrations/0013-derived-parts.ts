import { type Kysely, sql } from 'kysely'

/** What is made of a release once, for packages that its gzip members cannot be put together to. */
export const derivedParts = { name: '0013-derived-parts', up }

async function up(database: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create table derived_part (
        key text primary key,
        digest text not null,
        size bigint not null,
        notes text not null,
        created_at bigint not null
      )`,
    )
    .execute(database)
  await sql.raw('create index derived_part_digest on derived_part (digest)').execute(database)
}
