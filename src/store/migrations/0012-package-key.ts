import { type Kysely, sql } from 'kysely'

/** The key that signs packages for rpm. Not among the release keys, which every agent trusts. */
export const packageKey = { name: '0012-package-key', up }

async function up(database: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create table package_key (
        key_id text primary key,
        sealed_private bytea not null,
        created_at bigint not null
      )`,
    )
    .execute(database)
}
