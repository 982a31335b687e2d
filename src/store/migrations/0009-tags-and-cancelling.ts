import { type Kysely, sql } from 'kysely'

/**
 * The tags that the server gives, each with its beginning; upgrades that somebody wants to stop;
 * and what lists of upgrade actions ask for: the newest ones.
 */
export const tagsAndCancelling = { name: '0009-tags-and-cancelling', up }

const STATEMENTS = [
  `create table server_tag (
    name text primary key,
    created_at bigint not null,
    created_by text not null
  )`,
  `insert into server_tag (name, created_at, created_by)
    select distinct tag, 0, 'server' from endpoint, jsonb_array_elements_text(server_tags) as tag`,
  `alter table upgrade add column cancel_requested_at bigint`,
  // An order of thousands is written in the transaction that made its action and read its releases,
  // and neither is ever deleted: to look both up again for each row takes as long as the rows.
  `alter table upgrade drop constraint upgrade_action_id_fkey`,
  `alter table upgrade drop constraint upgrade_manifest_digest_fkey`,
  `create index upgrade_action_by_time on upgrade_action (created_at, id)`,
]

async function up(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
}
