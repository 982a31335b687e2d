import { type Kysely, sql } from 'kysely'

/**
 * Roles of the operator's own, users and their groups; keys that belong to users, see only some
 * endpoints, and change their secret without downtime. Names are found by what they are when letter
 * case is put aside.
 */
export const access = { name: '0004-access', up }

const STATEMENTS = [
  `create table role (
    key text primary key,
    name text not null,
    description text not null,
    permissions jsonb not null,
    created_by text not null,
    created_at bigint not null,
    updated_at bigint
  )`,
  `create table user_account (
    email text primary key,
    first_name text not null,
    last_name text not null,
    role text,
    scope jsonb,
    created_by text not null,
    created_at bigint not null
  )`,
  `create table user_group (
    key text primary key,
    name text not null,
    description text not null,
    role text,
    created_at bigint not null,
    updated_at bigint
  )`,
  `create table user_group_member (
    group_key text not null references user_group (key) on delete cascade,
    email text not null references user_account (email) on delete cascade,
    primary key (group_key, email)
  )`,
  `create index user_group_member_by_email on user_group_member (email)`,
  `alter table api_key add column created_by text not null default 'N/A'`,
  `alter table api_key add column scope jsonb`,
  `alter table api_key add column user_email text`,
  `alter table api_key add column previous_digest text`,
  `alter table api_key add column previous_state bytea`,
  `alter table api_key add column previous_until bigint`,
]

async function up(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
}
