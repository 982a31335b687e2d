/** How far the waves of rollouts are, as far as somebody's scope goes. */
import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { UpgradeActionId } from '../base/ids.ts'
import type { Scope } from '../domain/access/scope.ts'
import type { UpgradeState } from '../domain/upgrade/upgrade.ts'
import { isInScope } from './endpoint-query.ts'
import type { Reader } from './open.ts'

/** By wave, how many upgrades are in each state. */
export type WaveCounts = ReadonlyMap<number, ReadonlyMap<UpgradeState, number>>

/** Of each action, in one grouped query; of those that have upgrades in the scope. */
export async function loadWaveCounts(
  reader: Reader,
  actionIds: readonly UpgradeActionId[],
  scope: Scope,
): Promise<ReadonlyMap<UpgradeActionId, WaveCounts>> {
  if (actionIds.length === 0) return new Map()
  const rows = await reader
    .selectFrom('upgrade')
    .$if(scope !== null, (query) =>
      query.innerJoin('endpoint', 'endpoint.id', 'upgrade.endpoint_id').where(isInScope(scope)),
    )
    .select((select) => [
      'upgrade.action_id',
      'upgrade.wave',
      'upgrade.state',
      select.fn.countAll<number>().as('count'),
    ])
    .where(sql<boolean>`upgrade.action_id = any(${[...actionIds]}::bigint[])`)
    .groupBy(['upgrade.action_id', 'upgrade.wave', 'upgrade.state'])
    .orderBy('upgrade.wave')
    .orderBy('upgrade.state')
    .execute()
  const counts = new Map<UpgradeActionId, Map<number, Map<UpgradeState, number>>>()
  for (const row of rows) {
    const actionId = row.action_id as UpgradeActionId // What is branded was checked before.
    const waves = counts.get(actionId) ?? new Map<number, Map<UpgradeState, number>>()
    const states = waves.get(row.wave) ?? new Map<UpgradeState, number>()
    states.set(row.state as UpgradeState, Number(row.count))
    counts.set(actionId, waves.set(row.wave, states))
  }
  return counts
}

/** How much of an action lies in the scope: `none` is also said of one that does not exist. */
export async function reachOf(
  reader: Reader,
  actionId: UpgradeActionId,
  scope: Scope,
): Promise<'none' | 'some' | 'all'> {
  const row = await reader
    .selectFrom('upgrade')
    .innerJoin('endpoint', 'endpoint.id', 'upgrade.endpoint_id')
    .select([
      sql<boolean>`coalesce(bool_or(${isInScope(scope)}), false)`.as('has_some'),
      sql<boolean>`coalesce(bool_and(${isInScope(scope)}), false)`.as('has_all'),
    ])
    .where('upgrade.action_id', '=', actionId)
    .executeTakeFirstOrThrow()
  if (!row.has_some) return 'none'
  return row.has_all ? 'all' : 'some'
}

/** Open rollouts with an upgrade that is to come to one of the releases, now or in a later step. */
export async function loadRolloutsTo(
  reader: Reader,
  manifestDigests: readonly Digest[],
): Promise<readonly UpgradeActionId[]> {
  const rows = await reader
    .selectFrom('upgrade')
    .select('action_id')
    .distinct()
    .where('finished_at', 'is', null)
    .where(
      sql<boolean>`(manifest_digest = any(${[...manifestDigests]}::text[]) or exists (
        select from jsonb_array_elements(steps) as step
        where step ->> 'manifestDigest' = any(${[...manifestDigests]}::text[])))`,
    )
    .orderBy('action_id')
    .execute()
  return rows.map((row) => row.action_id as UpgradeActionId)
}

export type WayBack = { readonly actionId: UpgradeActionId; readonly endpoints: number }

/** Actions named at most: the newest, which moved what runs the releases now. */
const WAYS_BACK_MAX = 100

/** Which actions brought endpoints to the releases that still have them, the newest first. */
export async function loadWaysBack(
  reader: Reader,
  manifestDigests: readonly Digest[],
): Promise<readonly WayBack[]> {
  const rows = await reader
    .selectFrom('upgrade')
    .innerJoin('endpoint', 'endpoint.id', 'upgrade.endpoint_id')
    .select((select) => ['action_id', select.fn.countAll<number>().as('count')])
    .where(sql<boolean>`endpoint.manifest_digest = any(${[...manifestDigests]}::text[])`)
    .whereRef('upgrade.manifest_digest', '=', 'endpoint.manifest_digest')
    .where('upgrade.state', '=', 'succeeded')
    .whereRef('upgrade.from_version', '<>', 'upgrade.target_version')
    .where('deleted_at', 'is', null)
    .groupBy('action_id')
    .orderBy('action_id', 'desc')
    .limit(WAYS_BACK_MAX)
    .execute()
  return rows.map((row) => {
    return { actionId: row.action_id as UpgradeActionId, endpoints: Number(row.count) }
  })
}

/** How many listed endpoints run one of the releases. */
export async function countRunning(
  reader: Reader,
  manifestDigests: readonly Digest[],
): Promise<number> {
  const row = await reader
    .selectFrom('endpoint')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where(sql<boolean>`manifest_digest = any(${[...manifestDigests]}::text[])`)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Events looked at: enough to know a fleet by, few enough to be asked before each order. */
const PACE_EVENTS_MAX = 5_000
const PACE_SINCE_MS = 30 * 86_400_000

/**
 * How long upgrades took here from the offer to their success, in the middle of those that the
 * newest events tell of; null: they tell of none.
 */
export async function loadUpgradePace(
  reader: Reader,
  now: Instant,
): Promise<{ readonly ms: number; readonly upgrades: number } | null> {
  const told = await sql<{ readonly ms: string | number | null; readonly upgrades: string }>`
    with newest as (
      select endpoint_id, action_id, at, body ->> 'state' as state from event
      where type = 'upgrade.changed' and at >= ${now - PACE_SINCE_MS}
      order by id desc limit ${PACE_EVENTS_MAX}
    ), taken as (
      select max(at) filter (where state = 'succeeded')
        - min(at) filter (where state = 'offered') as ms
      from newest group by endpoint_id, action_id
    )
    select percentile_disc(0.5) within group (order by ms) as ms, count(*) as upgrades
    from taken where ms > 0`.execute(reader)
  const [row] = told.rows
  if (row === undefined || row.ms === null) return null
  return { ms: Number(row.ms), upgrades: Number(row.upgrades) }
}
