import { type Kysely, sql } from 'kysely'

/**
 * The upgrades of each action by state, which also tells whether it is open: counted again and
 * again, and from an index alone.
 */
export const counts = { name: '0011-counts', up }

const STATEMENT = 'create index upgrade_counted on upgrade (action_id, state, retry_skipped)'

async function up(database: Kysely<unknown>): Promise<void> {
  await sql.raw(STATEMENT).execute(database)
}
