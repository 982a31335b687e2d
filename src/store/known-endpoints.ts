import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { EndpointId } from '../base/ids.ts'
import type { Reader } from './open.ts'
import { storedDigest } from './releases.ts'

/** Enough to admit an endpoint, and to see that its check-in changes nothing. */
export type KnownEndpoint = {
  readonly credentialDigest: Digest
  readonly isDeleted: boolean
  readonly fingerprint: Digest
  readonly hasOpenUpgrade: boolean
  readonly lastSeen: Instant
}

/**
 * Those of the endpoints that exist, in one narrow query whose text is the same however many they
 * are: a fleet asks nothing else all day. A limit of one keeps each lookup one: as plain joins, of
 * a few hundred endpoints, these were made by reading both tables whole as soon as many upgrades
 * were open.
 */
export async function loadKnownEndpoints(
  reader: Reader,
  ids: readonly EndpointId[],
): Promise<ReadonlyMap<EndpointId, KnownEndpoint>> {
  const rows = await reader
    .selectFrom('endpoint')
    .innerJoinLateral(
      (from) =>
        from
          .selectFrom('liveness')
          .select('last_seen')
          .whereRef('endpoint_id', '=', 'endpoint.id')
          .limit(1)
          .as('liveness'),
      (join) => join.onTrue(),
    )
    .leftJoinLateral(
      (from) =>
        from
          .selectFrom('upgrade')
          .select('action_id')
          .whereRef('endpoint_id', '=', 'endpoint.id')
          .where('finished_at', 'is', null)
          .limit(1)
          .as('open'),
      (join) => join.onTrue(),
    )
    .select(['endpoint.id', 'endpoint.credential_digest', 'endpoint.deleted_at'])
    .select(['endpoint.fingerprint', 'liveness.last_seen', 'open.action_id'])
    .where(sql<boolean>`endpoint.id = any(${[...ids]}::text[])`)
    .execute()
  return new Map(
    rows.map((row) => [
      row.id as EndpointId, // Written by saveNewEndpoint only.
      {
        credentialDigest: storedDigest(row.credential_digest),
        isDeleted: row.deleted_at !== null,
        fingerprint: storedDigest(row.fingerprint),
        hasOpenUpgrade: row.action_id !== null,
        lastSeen: row.last_seen,
      },
    ]),
  )
}
