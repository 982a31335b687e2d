import { type Kysely, sql } from 'kysely'

/**
 * An order writes thousands of upgrades while somebody waits, and each change of state writes every
 * index anew. So one index counts, by state as well as by wave, and the endpoint is not looked up
 * for each row: no endpoint is ever deleted from its table, and orders hold those that they name.
 */
export const lighterUpgrades = { name: '0021-lighter-upgrades', up }

const STATEMENTS = [
  'alter table upgrade drop constraint upgrade_endpoint_id_fkey',
  'drop index upgrade_tallied',
  'drop index upgrade_counted',
  `create index upgrade_counted on upgrade (action_id, state, wave, zone)
    include (deadline_at, finished_at, retry_skipped)`,
]

async function up(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
}
