/**
 * Endpoints that the server deletes by itself: those that have been silent for long, and those that
 * were another one's former self. Never one that was heard from in the meantime: that is looked at
 * again with its rows held.
 */
import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { EndpointId } from '../base/ids.ts'
import type { DuplicateMark } from '../domain/configuration/duplicate-cleanup.ts'
import { type ChangedEndpoint, holdEndpoints, saveEndpointsDeleted } from './endpoint-changes.ts'
import type { Reader, Writer } from './open.ts'

/** Last heard from at `since` or before, longest ago first; deleted ones are not among them. */
export async function loadSilentEndpoints(
  reader: Reader,
  since: Instant,
  limit: number,
): Promise<readonly EndpointId[]> {
  const rows = await reader
    .selectFrom('liveness')
    .innerJoin('endpoint', 'endpoint.id', 'liveness.endpoint_id')
    .select('endpoint.id')
    .where('liveness.last_seen', '<=', since)
    .where('endpoint.deleted_at', 'is', null)
    .orderBy('liveness.last_seen')
    .orderBy('endpoint.id')
    .limit(limit)
    .execute()
  return rows.map((row) => row.id as EndpointId) // Written by saveNewEndpoint only.
}

/**
 * Endpoints that share every one of the marks with one that was seen after them, and that have not
 * been heard from since `since`. An empty mark is none, and shared with nobody.
 */
export async function loadDuplicates(
  reader: Reader,
  marks: readonly DuplicateMark[],
  wanted: { readonly since: Instant; readonly limit: number },
): Promise<readonly EndpointId[]> {
  if (marks.length === 0) return []
  const shared = sql.join(marks.map((mark) => MARKS[mark]))
  const present = sql.join(
    marks.map((mark) => sql`${MARKS[mark]} <> ''`),
    sql` and `,
  )
  const ranked = sql<{ id: string; rank: number; last_seen: number }>`(
    select endpoint.id, liveness.last_seen, row_number() over (
      partition by ${shared} order by liveness.last_seen desc, endpoint.id
    ) as rank
    from endpoint join liveness on liveness.endpoint_id = endpoint.id
    where endpoint.deleted_at is null and ${present}
  )`
  const rows = await reader
    .selectFrom(ranked.as('ranked'))
    .select('id')
    .where('rank', '>', 1)
    .where('last_seen', '<=', wanted.since)
    .orderBy('id')
    .limit(wanted.limit)
    .execute()
  return rows.map((row) => row.id as EndpointId) // Written by saveNewEndpoint only.
}

/** Lists are told in any order, and letter case tells neither names nor cards apart. */
const MARKS: Readonly<Record<DuplicateMark, ReturnType<typeof sql<string>>>> = {
  hostname: sql<string>`lower(endpoint.hostname)`,
  ip: listText('ipv4'),
  mac: listText('macAddresses'),
}

function listText(list: 'ipv4' | 'macAddresses') {
  return sql<string>`coalesce((
    select string_agg(lower(each), ' ' order by lower(each))
    from jsonb_array_elements_text(endpoint.facts -> ${sql.lit(list)}) as each
  ), '')`
}

/** Deletes those of them that are still silent; ends their open upgrades. */
export async function deleteSilentEndpoints(
  writer: Writer,
  ids: readonly EndpointId[],
  moment: { readonly since: Instant; readonly now: Instant },
): Promise<readonly ChangedEndpoint[]> {
  await holdEndpoints(writer, ids)
  const silent = await writer
    .selectFrom('liveness')
    .select('endpoint_id')
    .where('endpoint_id', 'in', ids)
    .where('last_seen', '<=', moment.since)
    .orderBy('endpoint_id')
    .forUpdate()
    .execute()
  const still = silent.map((row) => row.endpoint_id as EndpointId)
  return await saveEndpointsDeleted(writer, still, moment.now)
}
