import { type Kysely, sql } from 'kysely'

/**
 * What is counted again and again, from indexes alone: the upgrades of each action by state, which
 * also tells whether it is open. And
 * the endpoints of a distribution, deleted ones too: whoever forgets a distribution asks for them,
 * and so does the database itself. Those that are not deleted have an index of lists already.
 * Events are forgotten by position: nobody asks for them by time.
 */
export const counts = { name: '0011-counts', up }

const STATEMENTS = [
  `create index upgrade_counted on upgrade (action_id, state, retry_skipped)`,
  `drop index upgrade_open_by_action`,
  `drop index endpoint_by_distribution`,
  `drop index event_by_time`,
  `create index endpoint_of_distribution on endpoint (distribution_id)`,
]

async function up(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
}
