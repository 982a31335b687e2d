import { type Kysely, sql } from 'kysely'

/**
 * How many upgrades are offered or run is asked at every offer. Offers that stand get the deadline
 * that they would have had, an hour after they were made.
 */
export const berths = { name: '0010-berths', up }

const STATEMENTS = [
  `update upgrade set deadline_at = changed_at + 3600000
    where finished_at is null and state = 'offered' and deadline_at is null`,
  `create index upgrade_berth on upgrade (deadline_at)
    where finished_at is null and deadline_at is not null`,
]

async function up(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
}
