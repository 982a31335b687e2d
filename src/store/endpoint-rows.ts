/** The rows of lists of endpoints, by the ids that endpoint-list.ts found. */
import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { EndpointId } from '../base/ids.ts'
import type { EndpointFacts, Health } from '../domain/endpoint/endpoint.ts'
import { endpointOf, type StoredEndpoint } from './endpoints.ts'
import type { Reader } from './open.ts'

export type ListedEndpoint = StoredEndpoint & {
  readonly lastSeen: Instant
  readonly distributionName: string
}

/** In the order of the ids; one that was deleted meanwhile is left out. */
export async function loadListedEndpoints(
  reader: Reader,
  ids: readonly EndpointId[],
): Promise<readonly ListedEndpoint[]> {
  if (ids.length === 0) return []
  const rows = await reader
    .selectFrom('endpoint')
    .innerJoin('liveness', 'liveness.endpoint_id', 'endpoint.id')
    .innerJoin('distribution', 'distribution.id', 'endpoint.distribution_id')
    .selectAll('endpoint')
    .select(['liveness.last_seen', 'distribution.name as distribution_name'])
    .where(sql<boolean>`endpoint.id = any(${[...ids]}::text[])`)
    .where('deleted_at', 'is', null)
    .execute()
  const listed = rows.map((row) => {
    const { last_seen: lastSeen, distribution_name: distributionName } = row
    return { ...endpointOf(row), lastSeen, distributionName }
  })
  return inOrderOf(ids, listed)
}

/** The little that a list of the whole fleet tells of each. */
export type LightEndpoint = Pick<
  EndpointFacts,
  'hostname' | 'kind' | 'ipv4' | 'users' | 'endpointTags'
> & {
  readonly id: EndpointId
  readonly alias: string
  readonly version: string | null
  readonly health: Health['status']
  readonly serverTags: readonly string[]
  readonly lastSeen: Instant
}

/**
 * Like `loadListedEndpoints`. The ids are said of both tables: from one alone PostgreSQL would read
 * all of the other for each few hundred.
 */
export async function loadLightEndpoints(
  reader: Reader,
  ids: readonly EndpointId[],
): Promise<readonly LightEndpoint[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<LightEndpoint>`
    select id, hostname, alias, version, health_status as health, server_tags as "serverTags",
      facts ->> 'kind' as kind, facts -> 'ipv4' as ipv4, facts -> 'users' as users,
      facts -> 'endpointTags' as "endpointTags", last_seen as "lastSeen"
    from endpoint join liveness on endpoint_id = id
    where id = any(${[...ids]}::text[]) and deleted_at is null
      and endpoint_id = any(${[...ids]}::text[])`.execute(reader)
  return inOrderOf(ids, rows)
}

function inOrderOf<Row extends { readonly id: EndpointId }>(
  ids: readonly EndpointId[],
  rows: readonly Row[],
): readonly Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}
