import { type Kysely, sql } from 'kysely'

/**
 * The key that signs packages for Android, with the certificate that it signed itself: devices
 * compare that, so it is kept as it was made.
 */
export const androidKey = { name: '0017-android-key', up }

async function up(database: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create table android_key (
        key_id text primary key,
        sealed_private bytea not null,
        certificate bytea not null,
        created_at bigint not null
      )`,
    )
    .execute(database)
}
