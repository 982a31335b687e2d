/**
 * The tags that the server gives to endpoints. Which endpoints have one stands in their own rows;
 * this is the list of those that exist. Whoever gives or deletes a tag holds its name, so that
 * nobody deletes a tag that somebody is giving away.
 */
import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import { digestOf } from '../base/digest.ts'
import type { EndpointId } from '../base/ids.ts'
import { holdEndpoints } from './endpoint-changes.ts'
import { holdName } from './leases.ts'
import type { Reader, Writer } from './open.ts'

/** Nobody else makes or deletes these tags until this transaction ends. */
export async function holdTags(writer: Writer, names: readonly string[]): Promise<void> {
  // Few names for all tags: they stay as rows. Sorted: two who hold several never wait in a circle.
  const held = new Set(names.map((name) => `server-tag-${digestOf(name).slice(0, 2)}`))
  for (const name of [...held].toSorted()) await holdName(writer, name)
}

export async function countTags(reader: Reader): Promise<number> {
  const row = await reader
    .selectFrom('server_tag')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

export type ServerTag = { readonly name: string; readonly createdAt: Instant }

/** Those of the names that are tags. */
export async function loadTags(
  reader: Reader,
  names: readonly string[],
): Promise<readonly ServerTag[]> {
  if (names.length === 0) return []
  const rows = await reader
    .selectFrom('server_tag')
    .select(['name', 'created_at'])
    .where('name', 'in', names)
    .orderBy('name')
    .execute()
  return rows.map((row) => ({ name: row.name, createdAt: row.created_at }))
}

export async function saveNewTag(
  writer: Writer,
  tag: ServerTag & { readonly createdBy: string },
): Promise<void> {
  await writer
    .insertInto('server_tag')
    .values({ name: tag.name, created_at: tag.createdAt, created_by: tag.createdBy })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Those of the names that some endpoint has. */
export async function loadAssignedTags(
  reader: Reader,
  names: readonly string[],
): Promise<readonly string[]> {
  const assigned: string[] = []
  for (const name of names) {
    const row = await reader
      .selectFrom('endpoint')
      .select('id')
      .where(sql<boolean>`server_tags ? ${name}`)
      .where('deleted_at', 'is', null)
      .limit(1)
      .executeTakeFirst()
    if (row !== undefined) assigned.push(name)
  }
  return assigned
}

/** Deleted endpoints lose them too: one that comes back has no tag that does not exist. */
export async function deleteTags(writer: Writer, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  const hasOne = sql<boolean>`server_tags ?| ${[...names]}::text[]`
  const found = await writer.selectFrom('endpoint').select('id').where(hasOne).execute()
  // Held in the order of all who change endpoints; nobody gives them these tags meanwhile.
  const ids = found.map((row) => row.id as EndpointId)
  await holdEndpoints(writer, ids)
  await writer
    .updateTable('endpoint')
    .set({ server_tags: sql<string>`server_tags - ${[...names]}::text[]` })
    .where(sql<boolean>`id = any(${ids}::text[])`)
    .execute()
  await writer.deleteFrom('server_tag').where('name', 'in', names).execute()
}
