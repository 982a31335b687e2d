import { type Kysely, sql } from 'kysely'

/** What the packages of a release have in common, kept once for all of its distributions. */
export const packageModels = { name: '0018-package-models', up }

const STATEMENTS = [
  `create table package_model (
    key text primary key,
    sealed bytea not null,
    created_at bigint not null
  )`,
  'alter table package add column model_key text references package_model (key)',
]

async function up(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
}
