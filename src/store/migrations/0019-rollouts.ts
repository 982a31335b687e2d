import { type Kysely, sql } from 'kysely'

/**
 * How each upgrade action is carried out, and in which wave, zone and step each of its upgrades is.
 * Actions of before have a rollout of one wave, as if they had been ordered without a policy.
 */
export const rollouts = { name: '0019-rollouts', up }

const PLAIN_POLICY = JSON.stringify({
  canary: null,
  waves: [],
  maxConcurrent: null,
  soakMinutes: 0,
  failureBudget: { count: null, percent: null },
  probationMinutes: null,
  maxAttempts: 1,
  downloadRate: null,
})

const STATEMENTS = [
  `create table rollout (
    action_id bigint primary key,
    state text not null,
    reason text not null,
    message text,
    policy jsonb not null,
    waves jsonb not null,
    current_wave integer not null,
    soak_since bigint,
    forgiven jsonb not null,
    generation bigint not null,
    holds jsonb not null,
    changed_at bigint not null
  )`,
  `create index rollout_open on rollout (action_id) where state not in ('finished', 'cancelled')`,
  `alter table upgrade
    add column wave integer not null default 0,
    add column zone text not null default 'UTC',
    add column steps jsonb not null default '[]',
    add column not_before bigint`,
  `insert into rollout
    select id,
      case when open > 0 then 'running' else 'finished' end,
      case when open > 0 then 'in-progress' else 'all-ended' end,
      null, '${PLAIN_POLICY}'::jsonb,
      jsonb_build_array(jsonb_build_object('name', 'all', 'size', size, 'budget', null)),
      0, null, '[0]'::jsonb, 1, '["none"]'::jsonb, created_at
    from upgrade_action join (
      select action_id, count(*) as size, count(*) filter (where finished_at is null) as open
      from upgrade group by action_id
    ) as counted on action_id = id`,
  // What downloads or is staged was allowed three days of silence; the phases have their own now.
  `update upgrade set deadline_at = least(deadline_at, changed_at + 7200000)
    where finished_at is null and deadline_at is not null`,
  `create index upgrade_tallied on upgrade (action_id, wave, zone, state)
    include (deadline_at, finished_at)`,
  `create index upgrade_turn on upgrade (action_id, wave, endpoint_id)
    where finished_at is null and deadline_at is null`,
]

async function up(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
}
