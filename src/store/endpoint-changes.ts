/**
 * What people change of many endpoints at once: one statement however many they are, after their
 * rows were locked in id order, as everybody does who changes endpoints (endpoints.ts).
 */
import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { EndpointId } from '../base/ids.ts'
import type { Platform } from '../base/platform.ts'
import type { Scope } from '../domain/access/scope.ts'
import { plainReport } from '../domain/report/agent-report.ts'
import { saveAgentReports } from './agent-reports.ts'
import { isInScope } from './endpoint-query.ts'
import { saveEvents } from './events.ts'
import type { Reader, Writer } from './open.ts'
import { endOpenUpgrades } from './upgrades.ts'

/** Nobody else changes these endpoints until this transaction ends; nothing of them is read. */
export async function holdEndpoints(writer: Writer, ids: readonly EndpointId[]): Promise<void> {
  if (ids.length === 0) return
  const held = writer
    .selectFrom('endpoint')
    .select('id')
    .where(isOneOf(ids))
    .orderBy('id')
    .forUpdate()
    .as('held')
  await writer
    .selectFrom(held)
    .select((select) => select.fn.countAll<number>().as('count'))
    .execute()
}

/**
 * Those of them that are still listed and in the scope, once nobody else changes them: who asks may
 * have found them before somebody took them out of it.
 */
export async function holdMeant(
  writer: Writer,
  ids: readonly EndpointId[],
  scope: Scope,
): Promise<readonly EndpointId[]> {
  await holdEndpoints(writer, ids)
  const rows = await writer
    .selectFrom('endpoint')
    .select('id')
    .where(isOneOf(ids))
    .where('deleted_at', 'is', null)
    .where(isInScope(scope))
    .orderBy('id')
    .execute()
  return rows.map((row) => row.id as EndpointId) // They were given.
}

export type ChangedEndpoint = { readonly id: EndpointId; readonly hostname: string }

/**
 * Deletes those that are not deleted yet, and ends their open upgrades. What is known of them
 * stays: one that checks in again comes back with it. The caller holds them.
 */
export async function saveEndpointsDeleted(
  writer: Writer,
  ids: readonly EndpointId[],
  now: Instant,
): Promise<readonly ChangedEndpoint[]> {
  if (ids.length === 0) return []
  const rows = await writer
    .updateTable('endpoint')
    .set({ deleted_at: now })
    .where(isOneOf(ids))
    .where('deleted_at', 'is', null)
    .returning(['id', 'hostname'])
    .execute()
  const deleted = rows.map((row) => ({ id: row.id as EndpointId, hostname: row.hostname }))
  const gone = deleted.map(({ id }) => id)
  await endOpenUpgrades(writer, gone, 'endpoint-deleted', now)
  const events = deleted.map(({ id, hostname }) => {
    return { type: 'endpoint.deleted', endpointId: id, hostname } as const
  })
  await saveEvents(writer, now, events)
  const reports = gone.map((id) => plainReport(id, 'delete'))
  await saveAgentReports(writer, now, reports)
  return deleted
}

/** The caller holds the endpoint. */
export async function saveEndpointRestored(
  writer: Writer,
  id: EndpointId,
  now: Instant,
): Promise<void> {
  const { hostname } = await writer
    .updateTable('endpoint')
    .set({ deleted_at: null })
    .where('id', '=', id)
    .returning('hostname')
    .executeTakeFirstOrThrow()
  await saveEvents(writer, now, [{ type: 'endpoint.restored', endpointId: id, hostname }])
  await saveAgentReports(writer, now, [plainReport(id, 'restore')])
}

/** Of an endpoint in the scope that is not deleted; undefined when there is none. */
export async function loadEndpointPlatform(
  reader: Reader,
  id: EndpointId,
  scope: Scope,
): Promise<Platform | undefined> {
  const row = await reader
    .selectFrom('endpoint')
    .select('platform')
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .where(isInScope(scope))
    .executeTakeFirst()
  return row?.platform as Platform | undefined // Checked before it was stored.
}

/** Also a deleted one: what it went through stays. */
export async function hasEndpoint(reader: Reader, id: EndpointId, scope: Scope): Promise<boolean> {
  const row = await reader
    .selectFrom('endpoint')
    .select('id')
    .where('id', '=', id)
    .where(isInScope(scope))
    .executeTakeFirst()
  return row !== undefined
}

/** By endpoint id. */
export async function loadAliases(
  reader: Reader,
  ids: readonly EndpointId[],
): Promise<Readonly<Record<string, string>>> {
  const rows = await reader
    .selectFrom('endpoint')
    .select(['id', 'alias'])
    .where(isOneOf(ids))
    .orderBy('id')
    .execute()
  return Object.fromEntries(rows.map((row) => [row.id, row.alias]))
}

/** The caller holds the endpoints. */
export async function saveAlias(
  writer: Writer,
  ids: readonly EndpointId[],
  alias: string,
): Promise<void> {
  await writer.updateTable('endpoint').set({ alias }).where(isOneOf(ids)).execute()
}

/** Gives the tag to those that do not have it; how many those were. The caller holds them. */
export async function saveTagAssigned(
  writer: Writer,
  ids: readonly EndpointId[],
  tag: string,
): Promise<number> {
  const done = await writer
    .updateTable('endpoint')
    .set({ server_tags: sql<string>`server_tags || jsonb_build_array(${tag}::text)` })
    .where(isOneOf(ids))
    .where(sql<boolean>`not server_tags ? ${tag}`)
    .executeTakeFirst()
  return Number(done.numUpdatedRows)
}

/** How many do not have the tag, and have as many tags of the server as an endpoint may. */
export async function countFullEndpoints(
  reader: Reader,
  ids: readonly EndpointId[],
  tag: { readonly name: string; readonly endpointTagsMax: number },
): Promise<number> {
  const row = await reader
    .selectFrom('endpoint')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where(isOneOf(ids))
    .where(sql<boolean>`jsonb_array_length(server_tags) >= ${tag.endpointTagsMax}`)
    .where(sql<boolean>`not server_tags ? ${tag.name}`)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Takes the tag from those that have it; how many those were. The caller holds them. */
export async function saveTagRemoved(
  writer: Writer,
  ids: readonly EndpointId[],
  tag: string,
): Promise<number> {
  const done = await writer
    .updateTable('endpoint')
    .set({ server_tags: sql<string>`server_tags - ${tag}::text` })
    .where(isOneOf(ids))
    .where(sql<boolean>`server_tags ? ${tag}`)
    .executeTakeFirst()
  return Number(done.numUpdatedRows)
}

/** One parameter, and one statement's text, however many they are. */
function isOneOf(ids: readonly EndpointId[]) {
  return sql<boolean>`id = any(${[...ids]}::text[])`
}
