import { type Selectable, sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import { type Digest, digestOf } from '../base/digest.ts'
import type { DistributionId } from '../base/ids.ts'
import {
  type Distribution,
  type DistributionOrder,
  type DistributionState,
  type NewDistribution,
  NO_LIMITS,
} from '../domain/distribution/distribution.ts'
import { saveEvents } from './events.ts'
import { holdName } from './leases.ts'
import type { Reader, Writer } from './open.ts'
import type { DistributionTable } from './tables.ts'

export async function saveNewDistribution(
  writer: Writer,
  distribution: NewDistribution,
  tokenDigest: Digest,
): Promise<void> {
  const { order } = distribution
  const { endpointsMax, until } = order.limits ?? NO_LIMITS
  await writer
    .insertInto('distribution')
    .values({
      id: distribution.id,
      name: order.name,
      name_key: order.name,
      description: order.description,
      kind: order.kind,
      platform: order.platform,
      version: order.version,
      order: JSON.stringify(order),
      state: distribution.state,
      reason: null,
      message: null,
      token_digest: tokenDigest,
      enrolments_max: endpointsMax,
      enrol_until: until,
      created_by: distribution.createdBy,
      created_at: distribution.createdAt,
      modified_at: distribution.createdAt,
    })
    .execute()
}

export async function loadDistribution(
  reader: Reader,
  id: DistributionId,
): Promise<Distribution | undefined> {
  const row = await reader
    .selectFrom('distribution')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined ? undefined : distributionOf(row)
}

/** Nobody else changes it, or enrols under its limits, until this transaction ends. */
export async function lockDistribution(
  writer: Writer,
  id: DistributionId,
): Promise<Distribution | null> {
  const row = await writer
    .selectFrom('distribution')
    .selectAll()
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst()
  return row === undefined ? null : distributionOf(row)
}

/**
 * The distribution that holds the name, locked; null: none does, and nobody else takes it until
 * this transaction ends.
 */
export async function lockDistributionName(
  writer: Writer,
  name: string,
): Promise<Distribution | null> {
  // Few names for all of them: they stay as rows.
  await holdName(writer, `distribution-name-${digestOf(name).slice(0, 2)}`)
  const row = await writer
    .selectFrom('distribution')
    .selectAll()
    .where('name_key', '=', name)
    .forNoKeyUpdate()
    .executeTakeFirst()
  return row === undefined ? null : distributionOf(row)
}

/** What is branded here was checked before it was stored. */
export function distributionOf(row: Selectable<DistributionTable>): Distribution {
  return {
    id: row.id as DistributionId,
    order: row.order as DistributionOrder, // Written by this file only, as is the state.
    name: row.name,
    description: row.description,
    limits: { endpointsMax: row.enrolments_max, until: row.enrol_until },
    generation: row.generation,
    state: row.state as DistributionState,
    reason: row.reason,
    message: row.message,
    createdAt: row.created_at,
    createdBy: row.created_by,
    modifiedAt: row.modified_at,
  }
}

/** A failed one begins again, as it is ordered now. */
export async function saveOrderedAgain(
  writer: Writer,
  again: { readonly id: DistributionId; readonly order: DistributionOrder },
  now: Instant,
): Promise<void> {
  const { id, order } = again
  await writer
    .updateTable('distribution')
    .set({ version: order.version, order: JSON.stringify(order) })
    .set({ state: 'requested', reason: null, message: null, modified_at: now })
    .where('id', '=', id)
    .execute()
}

/** Writes what can change of a distribution; one that is withdrawn gives its name back. */
export async function saveDistribution(writer: Writer, distribution: Distribution): Promise<void> {
  const { id, name, limits, state } = distribution
  await writer
    .updateTable('distribution')
    .set({
      name,
      // One that shares its name since before names were unique goes on without holding it.
      name_key:
        state === 'withdrawn' ? null : sql`case when name = ${name} then name_key else ${name} end`,
      description: distribution.description,
      enrolments_max: limits.endpointsMax,
      enrol_until: limits.until,
      generation: distribution.generation,
      state,
      reason: distribution.reason,
      message: distribution.message,
      modified_at: distribution.modifiedAt,
    })
    .where('id', '=', id)
    .execute()
  if (state !== 'withdrawn') return
  const deleted = { type: 'distribution.deleted', distributionId: id, name, reason: null } as const
  await saveEvents(writer, distribution.modifiedAt, [deleted])
}

/**
 * Moves a distribution that is being built: false where it was withdrawn meanwhile, or its token
 * was revoked and what was built holds the old one, or it was ordered again with another version;
 * then it stays as it is.
 */
export async function saveBuildState(
  writer: Writer,
  built: Pick<Distribution, 'id' | 'generation' | 'order'>,
  change: {
    readonly state: Extract<DistributionState, 'building' | 'ready' | 'failed'>
    readonly reason: string | null
    readonly message: string | null
  },
  now: Instant,
): Promise<boolean> {
  const row = await writer
    .updateTable('distribution')
    .set({ ...change, modified_at: now })
    .where('id', '=', built.id)
    .where('generation', '=', built.generation)
    .where('version', '=', built.order.version)
    .where('state', 'in', ['requested', 'building'])
    .returning('name')
    .executeTakeFirst()
  if (row === undefined) return false
  if (change.state !== 'building') {
    const about = { distributionId: built.id, name: row.name, reason: change.reason }
    await saveEvents(writer, now, [{ type: `distribution.${change.state}`, ...about }])
  }
  return true
}

/**
 * Forgets up to `limit` of those that were withdrawn before that time and that no endpoint ever
 * came from, or none is remembered of: their tokens are unknown from then on.
 */
export async function deleteWithdrawn(
  writer: Writer,
  old: { readonly before: Instant; readonly limit: number },
): Promise<void> {
  const forgotten = writer
    .selectFrom('distribution')
    .select('id')
    .where('state', '=', 'withdrawn')
    .where('modified_at', '<', old.before)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('endpoint')
            .select('endpoint.id')
            .whereRef('endpoint.distribution_id', '=', 'distribution.id'),
        ),
      ),
    )
    .orderBy('modified_at')
    .limit(old.limit)
    .forUpdate()
    .skipLocked()
  await writer.deleteFrom('distribution').where('id', 'in', forgotten).execute()
}
