/**
 * Upgrade actions as people look at them and stop them: lists, counts by state, and the cancelling
 * of many upgrades at once. Whoever has a scope sees of an action what lies within it; an action
 * of which nothing does is as if it were not there.
 */
import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { EndpointId, UpgradeActionId } from '../base/ids.ts'
import type { Platform } from '../base/platform.ts'
import type { AgentVersion } from '../base/version.ts'
import type { Scope } from '../domain/access/scope.ts'
import type { UpgradeActionCancelled } from '../domain/upgrade/cancel-upgrade.ts'
import {
  isFinished,
  UPGRADE_STATES,
  type Upgrade,
  type UpgradeState,
} from '../domain/upgrade/upgrade.ts'
import type { UpgradeAction } from '../domain/upgrade/upgrade-action.ts'
import { holdEndpoints } from './endpoint-changes.ts'
import { allOf, isInScope } from './endpoint-query.ts'
import { saveEvents } from './events.ts'
import type { Reader, Writer } from './open.ts'
import { storedWindow } from './stored-window.ts'
import { changeEvent, upgradeOf } from './upgrades.ts'

export type StoredUpgradeAction = UpgradeAction & {
  readonly createdBy: string
  readonly retrySkipped: boolean
  /** Of the endpoints in the scope. */
  readonly counts: ReadonlyMap<UpgradeState, number>
  /** In which the hours of those are read that are open. */
  readonly zones: readonly string[]
}

/** All that are given must hold. */
export type UpgradeActionCondition =
  | { readonly kind: 'id'; readonly values: readonly number[] }
  | { readonly kind: 'created-by'; readonly values: readonly string[] }
  | { readonly kind: 'created-at'; readonly operator: '>=' | '<='; readonly at: Instant }
  | { readonly kind: 'status'; readonly values: readonly ('open' | 'finished')[] }

export type Page = { readonly offset: number; readonly limit: number }
export type Direction = 'asc' | 'desc'

export async function loadUpgradeActions(
  reader: Reader,
  query: { readonly scope: Scope; readonly conditions: readonly UpgradeActionCondition[] },
  page: Page & {
    readonly order: {
      readonly column: 'id' | 'created_at' | 'expires_at'
      readonly direction: Direction
    }
  },
): Promise<{ readonly total: number; readonly actions: readonly StoredUpgradeAction[] }> {
  const { scope } = query
  const conditions = query.conditions.map((condition) => conditionOf(condition, scope))
  if (scope !== null) conditions.push(hasUpgrade(scope, sql`true`))
  const matching = reader.selectFrom('upgrade_action').where(allOf(conditions))
  const { column, direction } = page.order
  const rows = await matching
    .selectAll()
    .orderBy(column, direction)
    .orderBy('id', direction)
    .offset(page.offset)
    .limit(page.limit)
    .execute()
  const counted = await matching
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  const ids = rows.map((row) => row.id)
  const states = await loadStates(reader, ids, scope)
  const actions = rows.map((row) => {
    const own = states.filter((each) => each.action_id === row.id)
    return {
      id: row.id as UpgradeActionId, // What is branded here was checked before it was stored.
      targetVersions: new Map(Object.entries(row.target_versions) as [Platform, AgentVersion][]),
      window: storedWindow(row.window),
      createdBy: row.created_by,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      retrySkipped: own.some((each) => each.retry_skipped),
      counts: new Map(own.map((each) => [each.state as UpgradeState, Number(each.count)])),
      zones: [...new Set(own.flatMap((each) => each.zones ?? []))].sort(),
    }
  })
  return { total: Number(counted.count), actions }
}

/** By state, and not by `finished_at`: the index that counts them tells it. */
const OPEN_STATES = UPGRADE_STATES.filter((state) => !isFinished(state))

function conditionOf(condition: UpgradeActionCondition, scope: Scope): RawBuilder<SqlBool> {
  switch (condition.kind) {
    case 'id':
      return sql`id = any(${[...condition.values]}::bigint[])`
    case 'created-by':
      return sql`created_by = any(${[...condition.values]}::text[])`
    case 'created-at':
      return sql`created_at ${sql.raw(condition.operator)} ${condition.at}`
    case 'status': {
      const isOpen = hasUpgrade(scope, sql`upgrade.state = any(${OPEN_STATES}::text[])`)
      const wanted = condition.values.map((value) =>
        value === 'open' ? isOpen : sql`not ${isOpen}`,
      )
      // One of no values is none.
      return sql`(${sql.join([sql`false`, ...wanted], sql` or `)})`
    }
  }
}

/** Whether the action has such an upgrade within the scope. */
function hasUpgrade(scope: Scope, such: RawBuilder<unknown>): RawBuilder<SqlBool> {
  const joined = scope === null ? sql`` : sql`join endpoint on endpoint.id = upgrade.endpoint_id`
  return sql`exists (
    select from upgrade ${joined}
    where upgrade.action_id = upgrade_action.id and ${such} and ${isInScope(scope)}
  )`
}

/** In one grouped query, however many the actions are. */
async function loadStates(reader: Reader, ids: readonly number[], scope: Scope) {
  return await reader
    .selectFrom('upgrade')
    .$if(scope !== null, (query) =>
      query.innerJoin('endpoint', 'endpoint.id', 'upgrade.endpoint_id').where(isInScope(scope)),
    )
    .select((select) => [
      'upgrade.action_id',
      'upgrade.state',
      select.fn.countAll<number>().as('count'),
      sql<boolean>`bool_or(upgrade.retry_skipped)`.as('retry_skipped'),
      sql<string[] | null>`array_agg(distinct upgrade.zone)
        filter (where upgrade.finished_at is null)`.as('zones'),
    ])
    .where(sql<boolean>`upgrade.action_id = any(${[...ids]}::bigint[])`)
    .groupBy(['upgrade.action_id', 'upgrade.state'])
    .orderBy('upgrade.state')
    .execute()
}

/** All that are given must hold; within one, any of the values. */
export type UpgradeCondition =
  | { readonly kind: 'action'; readonly values: readonly number[] }
  | {
      readonly kind: 'endpoint' | 'state' | 'reason'
      readonly values: readonly string[]
    }

const CONDITION_COLUMNS = {
  endpoint: sql`upgrade.endpoint_id`,
  state: sql`upgrade.state`,
  reason: sql`upgrade.reason`,
} as const

export type NamedUpgrade = Upgrade & { readonly hostname: string }

/** One page of upgrades, with the names of their endpoints, and how many there are in all. */
export async function loadUpgradePage(
  reader: Reader,
  query: { readonly scope: Scope; readonly conditions: readonly UpgradeCondition[] },
  page: Page & {
    readonly order: {
      readonly column: 'action_id' | 'endpoint_id' | 'state' | 'changed_at'
      readonly direction: Direction
    }
  },
): Promise<{ readonly total: number; readonly upgrades: readonly NamedUpgrade[] }> {
  const conditions = query.conditions.map((condition): RawBuilder<SqlBool> => {
    if (condition.kind === 'action') {
      return sql`upgrade.action_id = any(${[...condition.values]}::bigint[])`
    }
    const column = CONDITION_COLUMNS[condition.kind]
    return sql`${column} = any(${[...condition.values]}::text[])`
  })
  const matching = reader
    .selectFrom('upgrade')
    .innerJoin('endpoint', 'endpoint.id', 'upgrade.endpoint_id')
    .where(allOf([...conditions, isInScope(query.scope)]))
  const { column, direction } = page.order
  const rows = await matching
    .selectAll('upgrade')
    .select('endpoint.hostname')
    .orderBy(sql.ref(`upgrade.${column}`), direction)
    .orderBy('upgrade.action_id', direction)
    .orderBy('upgrade.endpoint_id', direction)
    .offset(page.offset)
    .limit(page.limit)
    .execute()
  const counted = await matching
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  const upgrades = rows.map((row) => ({ ...upgradeOf(row), hostname: row.hostname }))
  return { total: Number(counted.count), upgrades }
}

/**
 * The upgrades of an action within the scope, or those of them that are named, while nobody else
 * changes what is open of them; undefined when there is no such action.
 */
export async function lockActionUpgrades(
  writer: Writer,
  actionId: UpgradeActionId,
  wanted: { readonly scope: Scope; readonly endpointIds: readonly EndpointId[] | null },
): Promise<readonly Upgrade[] | undefined> {
  const seen = await loadUpgradesOf(writer, actionId, wanted)
  if (seen === undefined) return undefined
  const open = seen.filter(({ state }) => !isFinished(state))
  await holdEndpoints(
    writer,
    open.map(({ endpointId }) => endpointId),
  )
  return await loadUpgradesOf(writer, actionId, wanted)
}

/** Like `lockActionUpgrades`, for who only looks. */
export async function loadUpgradesOf(
  reader: Reader,
  actionId: UpgradeActionId,
  wanted: { readonly scope: Scope; readonly endpointIds: readonly EndpointId[] | null },
): Promise<readonly Upgrade[] | undefined> {
  const { scope, endpointIds } = wanted
  const action = await reader
    .selectFrom('upgrade_action')
    .select('id')
    .where('id', '=', actionId)
    .where(hasUpgrade(scope, sql`true`))
    .executeTakeFirst()
  if (action === undefined) return undefined
  const named = endpointIds === null ? sql<SqlBool>`true` : isOneOf(endpointIds)
  const rows = await reader
    .selectFrom('upgrade')
    .innerJoin('endpoint', 'endpoint.id', 'upgrade.endpoint_id')
    .selectAll('upgrade')
    .where('upgrade.action_id', '=', actionId)
    .where(allOf([named, isInScope(scope)]))
    .orderBy('upgrade.endpoint_id')
    .execute()
  return rows.map(upgradeOf)
}

/** One action as it was ordered; undefined where the scope has nothing of it. */
export async function loadUpgradeAction(
  reader: Reader,
  actionId: UpgradeActionId,
  scope: Scope,
): Promise<StoredUpgradeAction | undefined> {
  const query = { scope, conditions: [{ kind: 'id', values: [actionId] }] as const }
  const order = { column: 'id', direction: 'asc' } as const
  const { actions } = await loadUpgradeActions(reader, query, { offset: 0, limit: 1, order })
  return actions[0]
}

/** One statement for what is over, and one for what is to stop. The caller holds the endpoints. */
export async function saveUpgradeActionCancelled(
  writer: Writer,
  actionId: UpgradeActionId,
  decided: UpgradeActionCancelled,
  moment: { readonly by: string; readonly message: string | null; readonly now: Instant },
): Promise<void> {
  const { ended, stopping } = decided
  if (ended.length + stopping.length === 0) return
  const { by, message, now } = moment
  const over = { state: 'cancelled', reason: 'cancelled-by-operator' } as const
  await updateOf(writer, actionId, ended)
    .set({ ...over, message, changed_at: now, finished_at: now })
    .execute()
  await updateOf(writer, actionId, stopping)
    .set({ cancel_requested_at: now, message, changed_at: now })
    .execute()
  const upgrades = ended.length + stopping.length
  const about = { type: 'upgrade-action.cancelled', actionId, by, upgrades } as const
  await saveEvents(writer, now, [about, ...ended.map(changeEvent)])
}

function updateOf(writer: Writer, actionId: UpgradeActionId, upgrades: readonly Upgrade[]) {
  return writer
    .updateTable('upgrade')
    .where('action_id', '=', actionId)
    .where(isOneOf(upgrades.map((upgrade) => upgrade.endpointId)))
}

function isOneOf(endpointIds: readonly EndpointId[]): RawBuilder<SqlBool> {
  return sql`upgrade.endpoint_id = any(${[...endpointIds]}::text[])`
}
