import { type Kysely, sql } from 'kysely'

/**
 * The audit log tells who, from where, what, before and after; what earlier versions wrote keeps
 * its facts as what became true.
 */
export const auditTrail = { name: '0003-audit-trail', up }

const STATEMENTS = [
  `alter table audit rename column facts to after`,
  `alter table audit alter column after drop not null`,
  `alter table audit add column before jsonb`,
  `alter table audit add column email text`,
  `alter table audit add column role text`,
  `alter table audit add column address text`,
  `alter table audit add column user_agent text`,
  `alter table audit add column result text not null default 'success'`,
  `alter table audit add column reason text`,
  `alter table audit add column description text not null default ''`,
]

async function up(database: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database)
}
