import { type Kysely, sql } from 'kysely'

/**
 * Distributions have names of their own, limits, and tokens that can be revoked; releases have
 * floors, and somebody who withdrew them.
 */
export const distributionsAndReleases = { name: '0007-distributions-and-releases', up }

const STATEMENTS = [
  `alter table distribution add column description text`,
  `update distribution set description = "order" ->> 'description'`,
  `alter table distribution add column generation integer not null default 0`,
  `alter table distribution add column enrolments_max bigint`,
  `alter table distribution add column enrol_until bigint`,
  // Names were not unique before: the newest of those that share one holds it, the others go on.
  `alter table distribution add column name_key text`,
  `update distribution set name_key = name where id in (
    select distinct on (name) id from distribution
    where state <> 'withdrawn' order by name, created_at desc, id
  )`,
  `create unique index distribution_by_name on distribution (name_key)`,
  `create table revoked_token (
    token_digest text primary key,
    distribution_id text not null references distribution (id),
    revoked_at bigint not null
  )`,
  `create index revoked_token_by_distribution on revoked_token (distribution_id)`,
  // How many endpoints a distribution has, deleted ones too: whoever forgets a distribution asks
  // for them, and so does the database itself.
  `create index endpoint_of_distribution on endpoint (distribution_id)`,
  `alter table release add column floors jsonb`,
  `alter table release add column withdrawn_by text`,
  `alter table release add column withdrawn_reason text`,
]

async function up(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
}
