import { type Kysely, sql } from 'kysely'

/** The cluster of an endpoint, by the UID of its DaemonSet: what is upgraded together. */
export const clusters = { name: '0016-clusters', up }

async function up(database: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table endpoint add column cluster text').execute(database)
  await sql
    .raw('create index endpoint_cluster on endpoint (cluster) where cluster is not null')
    .execute(database)
}
