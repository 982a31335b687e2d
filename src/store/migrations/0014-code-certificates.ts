import { type Kysely, sql } from 'kysely'

/** What an operator gave to sign packages with: one certificate for each platform that has such. */
export const codeCertificates = { name: '0014-code-certificates', up }

async function up(database: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create table code_certificate (
        purpose text primary key,
        certificate_id text not null,
        subject text not null,
        issuer text not null,
        not_before bigint not null,
        not_after bigint not null,
        chain jsonb not null,
        sealed_private bytea not null,
        created_at bigint not null,
        created_by text not null
      )`,
    )
    .execute(database)
}
