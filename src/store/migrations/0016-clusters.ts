import { type Kysely, sql } from 'kysely'

/**
 * The cluster of an endpoint, by the UID of its DaemonSet: what is upgraded together. Its endpoints
 * may have one attempt in common, so that is each one's only once.
 */
export const clusters = { name: '0016-clusters', up }

async function up(database: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table endpoint add column cluster text').execute(database)
  await sql
    .raw('create index endpoint_cluster on endpoint (cluster) where cluster is not null')
    .execute(database)
  await sql.raw('drop index upgrade_by_attempt').execute(database)
  await sql
    .raw(
      `create unique index upgrade_by_attempt on upgrade (attempt_id, endpoint_id)
        where attempt_id is not null`,
    )
    .execute(database)
}
