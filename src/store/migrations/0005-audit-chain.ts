import { type Kysely, sql } from 'kysely'

/**
 * The audit log becomes a chain (docs/adr/0014-audit-chain.md) and a list: each entry gets its
 * place and its digest after it was committed, and an area and a verb to be found by.
 */
export const auditChain = { name: '0005-audit-chain', up }

const STATEMENTS = [
  `alter table audit add column sequence bigint`,
  `alter table audit add column hash text`,
  `alter table audit add column area text not null default 'system'`,
  `alter table audit add column verb text not null default ''`,
  `update audit set verb = split_part(action, '.', 2), area = case split_part(action, '.', 1)
    when 'distribution' then 'distributions'
    when 'release' then 'distributions'
    when 'endpoint' then 'endpoint-management'
    when 'api-key' then 'api-key'
    when 'upgrade-action' then 'action-center'
    else 'system' end`,
  `create unique index audit_by_sequence on audit (sequence)`,
  `create index audit_unsealed on audit (id) where sequence is null`,
  `create index audit_by_time on audit (at, id)`,
  `create index audit_by_area on audit (area, id)`,
  `create index audit_by_verb on audit (verb, id)`,
  `create index audit_by_result on audit (result, id)`,
  `create index audit_by_email on audit (email, id)`,
  `create table audit_head (
    name text primary key,
    sequence bigint not null,
    hash text not null,
    mac text not null
  )`,
]

async function up(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
}
