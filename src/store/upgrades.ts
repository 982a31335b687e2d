import { type Selectable, sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { AttemptId, EndpointId, UpgradeActionId } from '../base/ids.ts'
import type { AgentVersion } from '../base/version.ts'
import type { Scope } from '../domain/access/scope.ts'
import type { FleetEvent } from '../domain/event/fleet-event.ts'
import { reportOfUpgrade } from '../domain/report/agent-report.ts'
import {
  DEADLINE_AHEAD_MS_MAX,
  EXPIRES_AHEAD_MS_MAX,
  NOT_BEFORE_AHEAD_MS_MAX,
} from '../domain/upgrade/end-overdue.ts'
import {
  AT_STAKE_STATES,
  type EndedReason,
  isFinished,
  type Upgrade,
  type UpgradeState,
  type UpgradeStep,
  WAITING_STATES,
} from '../domain/upgrade/upgrade.ts'
import { saveAgentReports } from './agent-reports.ts'
import { isInScope } from './endpoint-query.ts'
import { saveEvents } from './events.ts'
import type { Reader, Writer } from './open.ts'
import { storedDigest } from './releases.ts'
import { storedWindow } from './stored-window.ts'
import type { UpgradeTable } from './tables-of-upgrades.ts'

/**
 * Ends whatever is open there, in one statement. What may have switched where its endpoint is
 * deleted is given up, and counts as failed until it says otherwise: taken for cancelled, it would
 * make room for another while its own end is unknown. The caller holds the endpoints.
 */
export async function endOpenUpgrades(
  writer: Writer,
  endpointIds: readonly EndpointId[],
  reason: Extract<EndedReason, 'superseded' | 'endpoint-deleted'>,
  now: Instant,
): Promise<void> {
  const givenUp = reason === 'endpoint-deleted' ? [...AT_STAKE_STATES] : []
  const state = sql<string>`case when state = any(${givenUp}::text[])
    then 'timed-out' else 'cancelled' end`
  const ended = await writer
    .updateTable('upgrade')
    .set({ state, reason, changed_at: now, finished_at: now })
    .where(sql<boolean>`endpoint_id = any(${[...endpointIds]}::text[])`)
    .where('finished_at', 'is', null)
    .returning(TOLD_COLUMNS)
    .execute()
  await saveEvents(writer, now, ended.map(changeEventOf))
}

/**
 * Writes upgrades whole, and tells of those that came into another state or wait for another
 * reason; of progress within a state where `tellsProgress` says so. The caller holds the endpoints'
 * rows, so nobody else changes them meanwhile.
 */
export async function saveUpgrades(
  writer: Writer,
  upgrades: readonly Upgrade[],
  tellsProgress: TellsProgress = () => false,
): Promise<void> {
  const befores = await saveUpgradeRows(writer, upgrades)
  const changed = upgrades.flatMap((upgrade): UpgradeChange[] => {
    const before = befores.get(keyOf(upgrade))
    return before === undefined ? [] : [{ upgrade, before }]
  })
  const moved = changed.filter(hasMoved)
  const at = Math.max(0, ...upgrades.map((upgrade) => upgrade.changedAt))
  const told = changed.filter((change) => {
    const { percent, bytesDone, endpointId } = change.upgrade
    const isFurther = percent !== change.before.percent || bytesDone !== change.before.bytesDone
    return hasMoved(change) || (isFurther && tellsProgress(endpointId))
  })
  await saveEvents(
    writer,
    at,
    told.map(({ upgrade }) => changeEvent(upgrade)),
  )
  const reports = moved.map(({ upgrade, before }) => reportOfUpgrade(before.state, upgrade))
  await saveAgentReports(
    writer,
    at,
    reports.filter((report) => report !== null),
  )
}

/** Whether to tell now how far the upgrade of an endpoint is. */
export type TellsProgress = (endpointId: EndpointId) => boolean

type UpgradeChange = { readonly upgrade: Upgrade; readonly before: Upgrade }

function hasMoved({ upgrade, before }: UpgradeChange): boolean {
  return upgrade.state !== before.state || upgrade.reason !== before.reason
}

/** How each was before, by `keyOf`. */
async function saveUpgradeRows(
  writer: Writer,
  upgrades: readonly Upgrade[],
): Promise<ReadonlyMap<string, UpgradeChange['before']>> {
  const rows = upgrades.map(upgradeRow)
  const [first] = rows
  if (first === undefined) return new Map()
  const { action_id: _, endpoint_id: __, ...columns } = first
  const changes = Object.keys(columns).map((name) => {
    const given = sql.ref(`given.${name}`)
    // No window is a JSON null, which would be read as no value at all.
    const value = name === 'window' ? sql`coalesce(${given}, 'null'::jsonb)` : given
    return sql`${sql.ref(name)} = ${value}`
  })
  const { rows: befores } = await sql<Selectable<UpgradeTable>>`
    update upgrade set ${sql.join(changes)}
    from jsonb_populate_recordset(null::upgrade, ${JSON.stringify(rows)}::jsonb) as given,
      upgrade as before
    where upgrade.action_id = given.action_id and upgrade.endpoint_id = given.endpoint_id
      and before.action_id = given.action_id and before.endpoint_id = given.endpoint_id
    returning before.*`.execute(writer)
  return new Map(befores.map(upgradeOf).map((before) => [keyOf(before), before]))
}

function keyOf({ actionId, endpointId }: Pick<Upgrade, 'actionId' | 'endpointId'>): string {
  return `${actionId} ${endpointId}`
}

/** All that is told of an upgrade's change: of thousands, each other column would be read too. */
export const TOLD_COLUMNS = [
  'endpoint_id',
  'action_id',
  'state',
  'reason',
  'message',
  'target_version',
  'percent',
  'bytes_done',
  'bytes_total',
  'attempts',
  'not_before',
] as const

/** From a row as it was stored, so that what is branded was checked before. */
export function changeEventOf(
  row: Pick<Selectable<UpgradeTable>, (typeof TOLD_COLUMNS)[number]>,
): FleetEvent {
  return changeEvent({
    endpointId: row.endpoint_id as EndpointId,
    actionId: row.action_id as UpgradeActionId,
    state: row.state as UpgradeState,
    reason: row.reason,
    message: row.message,
    targetVersion: row.target_version as AgentVersion,
    percent: row.percent,
    bytesDone: row.bytes_done,
    bytesTotal: row.bytes_total,
    attempts: row.attempts,
    notBefore: row.not_before,
  })
}

type ToldUpgrade = Pick<
  Upgrade,
  'endpointId' | 'actionId' | 'state' | 'reason' | 'message' | 'targetVersion'
> &
  Pick<Upgrade, 'percent' | 'bytesDone' | 'bytesTotal' | 'attempts' | 'notBefore'>

export function changeEvent(upgrade: ToldUpgrade): FleetEvent {
  const { endpointId, actionId, state, reason, message, targetVersion } = upgrade
  const about = { endpointId, actionId, targetVersion }
  const { percent, bytesDone, bytesTotal, attempts, notBefore } = upgrade
  const progress = { percent, bytesDone, bytesTotal, attempts, notBefore }
  return { type: 'upgrade.changed', ...about, state, reason, message, ...progress }
}

/** The open upgrade of each endpoint that has one. */
export async function loadOpenUpgrades(
  reader: Reader,
  endpointIds: readonly EndpointId[],
): Promise<ReadonlyMap<EndpointId, Upgrade>> {
  if (endpointIds.length === 0) return new Map()
  const rows = await reader
    .selectFrom('upgrade')
    .selectAll()
    .where(sql<boolean>`endpoint_id = any(${[...endpointIds]}::text[])`)
    .where('finished_at', 'is', null)
    .execute()
  return new Map(rows.map(upgradeOf).map((upgrade) => [upgrade.endpointId, upgrade]))
}

/** The upgrades that attempts belong to, whatever their state. */
export async function loadAttemptedUpgrades(
  reader: Reader,
  attemptIds: readonly AttemptId[],
): Promise<readonly Upgrade[]> {
  if (attemptIds.length === 0) return []
  const rows = await reader
    .selectFrom('upgrade')
    .selectAll()
    .where(sql<boolean>`attempt_id = any(${[...attemptIds]}::text[])`)
    .execute()
  return rows.map(upgradeOf)
}

/**
 * The upgrades of an action whose endpoints are in the scope, by endpoint id; undefined when there
 * is no such action, as far as the scope goes.
 */
export async function loadActionUpgrades(
  reader: Reader,
  actionId: UpgradeActionId,
  scope: Scope,
): Promise<readonly Upgrade[] | undefined> {
  const rows = await reader
    .selectFrom('upgrade')
    .selectAll('upgrade')
    .$if(scope !== null, (query) =>
      query.innerJoin('endpoint', 'endpoint.id', 'upgrade.endpoint_id').where(isInScope(scope)),
    )
    .where('action_id', '=', actionId)
    .orderBy('endpoint_id')
    .execute()
  // An action is never saved without upgrades.
  return rows.length === 0 ? undefined : rows.map(upgradeOf)
}

/** The newest upgrade of each endpoint that ever had one. */
export async function loadLatestUpgrades(
  reader: Reader,
  endpointIds: readonly EndpointId[],
): Promise<ReadonlyMap<EndpointId, Upgrade>> {
  if (endpointIds.length === 0) return new Map()
  const rows = await reader
    .selectFrom('upgrade')
    .selectAll()
    .distinctOn('endpoint_id')
    .where(sql<boolean>`endpoint_id = any(${[...endpointIds]}::text[])`)
    .orderBy('endpoint_id')
    .orderBy('action_id', 'desc')
    .execute()
  return new Map(rows.map(upgradeOf).map((upgrade) => [upgrade.endpointId, upgrade]))
}

/** Endpoints whose open upgrade `endOverdue` changes: past its end, or its end too far ahead. */
export async function loadOverdueEndpoints(
  reader: Reader,
  now: Instant,
  limit: number,
): Promise<readonly EndpointId[]> {
  const rows = await reader
    .selectFrom('upgrade')
    .select('endpoint_id')
    .where('finished_at', 'is', null)
    .where((where) =>
      where.or([
        // What runs outlives its expiry: asked for, it would crowd out what does not.
        where.and([
          where('state', 'in', WAITING_STATES),
          where.or([
            where('expires_at', '<=', now),
            where('expires_at', '>', now + EXPIRES_AHEAD_MS_MAX),
            where('not_before', '>', now + NOT_BEFORE_AHEAD_MS_MAX),
          ]),
        ]),
        where('deadline_at', '<=', now),
        where('deadline_at', '>', now + DEADLINE_AHEAD_MS_MAX),
      ]),
    )
    .limit(limit)
    .execute()
  return rows.map((row) => row.endpoint_id as EndpointId)
}

/** Travels as JSON, of which window and steps are a part. */
export function upgradeRow(upgrade: Upgrade) {
  return {
    action_id: upgrade.actionId,
    endpoint_id: upgrade.endpointId,
    wave: upgrade.wave,
    zone: upgrade.zone,
    state: upgrade.state,
    from_version: upgrade.fromVersion,
    target_version: upgrade.targetVersion,
    manifest_digest: upgrade.manifestDigest,
    steps: upgrade.steps,
    not_before: upgrade.notBefore,
    attempt_id: upgrade.attemptId,
    attempts: upgrade.attempts,
    reason: upgrade.reason,
    message: upgrade.message,
    percent: upgrade.percent,
    bytes_done: upgrade.bytesDone,
    bytes_total: upgrade.bytesTotal,
    retry_skipped: upgrade.retrySkipped,
    window: upgrade.window,
    expires_at: upgrade.expiresAt,
    deadline_at: upgrade.deadlineAt,
    cancel_requested_at: upgrade.cancelRequestedAt,
    changed_at: upgrade.changedAt,
    finished_at: isFinished(upgrade.state) ? upgrade.changedAt : null,
  }
}

/** The reverse of `upgradeRow`; what is branded here was checked before it was stored. */
export function upgradeOf(row: Selectable<UpgradeTable>): Upgrade {
  return {
    actionId: row.action_id as UpgradeActionId,
    endpointId: row.endpoint_id as EndpointId,
    wave: row.wave,
    zone: row.zone,
    state: row.state as UpgradeState,
    fromVersion: row.from_version as AgentVersion,
    targetVersion: row.target_version as AgentVersion,
    manifestDigest: storedDigest(row.manifest_digest),
    steps: row.steps as readonly UpgradeStep[],
    notBefore: row.not_before,
    attemptId: row.attempt_id as AttemptId | null,
    attempts: row.attempts,
    reason: row.reason,
    message: row.message,
    percent: row.percent,
    bytesDone: row.bytes_done,
    bytesTotal: row.bytes_total,
    retrySkipped: row.retry_skipped,
    window: storedWindow(row.window),
    expiresAt: row.expires_at,
    deadlineAt: row.deadline_at,
    cancelRequestedAt: row.cancel_requested_at,
    changedAt: row.changed_at,
  }
}
