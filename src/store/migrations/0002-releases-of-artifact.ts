import { type Kysely, sql } from 'kysely'

/**
 * Which releases an artifact is in: asked at every download of an agent, and before one is removed.
 * Releases have thousands of files.
 */
export const releasesOfArtifact = { name: '0002-releases-of-artifact', up }

const STATEMENT = 'create index release_artifact_by_artifact on release_artifact (artifact_digest)'

async function up(database: Kysely<unknown>): Promise<void> {
  await sql.raw(STATEMENT).execute(database)
}
