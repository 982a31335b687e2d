import { type Kysely, sql } from 'kysely'

/** What the packages of a release have in common, kept once for all of its distributions. */
export const packageModels = { name: '0018-package-models', up }

const STATEMENTS = [
  `create table package_model (
    key text primary key,
    sealed bytea not null,
    created_at bigint not null
  )`,
  // No foreign key: models are never deleted, and an index for it would cost more than it guards.
  'alter table package add column model_key text',
]

async function up(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
}
