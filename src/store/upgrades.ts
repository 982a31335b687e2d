import type { Selectable } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { AttemptId, EndpointId, UpgradeActionId } from '../base/ids.ts'
import type { AgentVersion } from '../base/version.ts'
import type {
  CreateUpgradeActionView,
  UpgradeActionCreated,
} from '../domain/upgrade/create-upgrade-action.ts'
import { DEADLINE_AHEAD_MS_MAX, EXPIRES_AHEAD_MS_MAX } from '../domain/upgrade/end-overdue.ts'
import {
  isFinished,
  type Upgrade,
  type UpgradeState,
  WAITING_STATES,
} from '../domain/upgrade/upgrade.ts'
import type { Window } from '../domain/upgrade/window.ts'
import { lockEndpoints } from './endpoints.ts'
import type { Reader, Writer } from './open.ts'
import { loadReleases, storedDigest } from './releases.ts'
import type { UpgradeTable } from './tables.ts'

/** Saves an action with its upgrades, and ends the waiting upgrades that it takes over. */
export async function saveUpgradeAction(
  writer: Writer,
  created: UpgradeActionCreated,
  createdBy: string,
): Promise<UpgradeActionId> {
  const { action, upgrades } = created
  const endpointIds = upgrades.map((upgrade) => upgrade.endpointId)
  await saveSuperseded(writer, endpointIds, action.createdAt)
  const row = await writer
    .insertInto('upgrade_action')
    .values({
      target_versions: JSON.stringify(Object.fromEntries(action.targetVersions)),
      window: JSON.stringify(action.window),
      created_by: createdBy,
      created_at: action.createdAt,
      expires_at: action.expiresAt,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const actionId = row.id as UpgradeActionId // Branding what the store just gave.
  const rows = upgrades.map((upgrade) => upgradeRow({ ...upgrade, actionId }))
  for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) {
    await writer
      .insertInto('upgrade')
      .values(rows.slice(from, from + ROWS_A_STATEMENT))
      .execute()
  }
  return actionId
}

// PostgreSQL takes at most 65,535 parameters in a statement; an upgrade row has 19.
const ROWS_A_STATEMENT = 2000

async function saveSuperseded(
  writer: Writer,
  endpointIds: readonly EndpointId[],
  now: Instant,
): Promise<void> {
  await writer
    .updateTable('upgrade')
    .set({ state: 'cancelled', reason: 'superseded', changed_at: now, finished_at: now })
    .where('endpoint_id', 'in', endpointIds)
    .where('finished_at', 'is', null)
    .execute()
}

/**
 * Writes an upgrade whole. The caller holds the endpoint's row, so nobody else changes it
 * meanwhile.
 */
export async function saveUpgrade(writer: Writer, upgrade: Upgrade): Promise<void> {
  const { action_id, endpoint_id, ...columns } = upgradeRow(upgrade)
  await writer
    .updateTable('upgrade')
    .set(columns)
    .where('action_id', '=', action_id)
    .where('endpoint_id', '=', endpoint_id)
    .execute()
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
    .where('endpoint_id', 'in', endpointIds)
    .where('finished_at', 'is', null)
    .execute()
  return new Map(rows.map(upgradeOf).map((upgrade) => [upgrade.endpointId, upgrade]))
}

/** The upgrade each attempt belongs to, whatever its state. */
export async function loadAttemptedUpgrades(
  reader: Reader,
  attemptIds: readonly AttemptId[],
): Promise<ReadonlyMap<AttemptId, Upgrade>> {
  if (attemptIds.length === 0) return new Map()
  const rows = await reader
    .selectFrom('upgrade')
    .selectAll()
    .where('attempt_id', 'in', attemptIds)
    .execute()
  const upgrades = new Map<AttemptId, Upgrade>()
  for (const upgrade of rows.map(upgradeOf)) {
    if (upgrade.attemptId !== null) upgrades.set(upgrade.attemptId, upgrade)
  }
  return upgrades
}

/** Every upgrade of an action, by endpoint id; undefined when there is no such action. */
export async function loadActionUpgrades(
  reader: Reader,
  actionId: UpgradeActionId,
): Promise<readonly Upgrade[] | undefined> {
  const rows = await reader
    .selectFrom('upgrade')
    .selectAll()
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
    .where('endpoint_id', 'in', endpointIds)
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

function upgradeRow(upgrade: Upgrade) {
  return {
    action_id: upgrade.actionId,
    endpoint_id: upgrade.endpointId,
    state: upgrade.state,
    from_version: upgrade.fromVersion,
    target_version: upgrade.targetVersion,
    manifest_digest: upgrade.manifestDigest,
    attempt_id: upgrade.attemptId,
    attempts: upgrade.attempts,
    reason: upgrade.reason,
    message: upgrade.message,
    percent: upgrade.percent,
    bytes_done: upgrade.bytesDone,
    bytes_total: upgrade.bytesTotal,
    retry_skipped: upgrade.retrySkipped,
    window: JSON.stringify(upgrade.window),
    expires_at: upgrade.expiresAt,
    deadline_at: upgrade.deadlineAt,
    changed_at: upgrade.changedAt,
    finished_at: isFinished(upgrade.state) ? upgrade.changedAt : null,
  }
}

/** The reverse of `upgradeRow`; what is branded here was checked before it was stored. */
function upgradeOf(row: Selectable<UpgradeTable>): Upgrade {
  return {
    actionId: row.action_id as UpgradeActionId,
    endpointId: row.endpoint_id as EndpointId,
    state: row.state as UpgradeState,
    fromVersion: row.from_version as AgentVersion,
    targetVersion: row.target_version as AgentVersion,
    manifestDigest: storedDigest(row.manifest_digest),
    attemptId: row.attempt_id as AttemptId | null,
    attempts: row.attempts,
    reason: row.reason,
    message: row.message,
    percent: row.percent,
    bytesDone: row.bytes_done,
    bytesTotal: row.bytes_total,
    retrySkipped: row.retry_skipped,
    window: row.window as Window | null,
    expiresAt: row.expires_at,
    deadlineAt: row.deadline_at,
    changedAt: row.changed_at,
  }
}

/** What a new action is decided on; the endpoints' rows are held until this transaction ends. */
export async function lockCreateUpgradeActionView(
  writer: Writer,
  wanted: {
    readonly endpointIds: readonly EndpointId[]
    readonly versions: readonly AgentVersion[]
  },
): Promise<CreateUpgradeActionView> {
  const endpoints = await lockEndpoints(writer, wanted.endpointIds)
  const opens = await loadOpenUpgrades(writer, [...endpoints.keys()])
  const releases = await loadReleases(writer, { versions: wanted.versions })
  const candidates = [...endpoints.values()].map((endpoint) => ({
    id: endpoint.id,
    deleted: endpoint.deletedAt !== null,
    target: endpoint.state.facts.target,
    version: endpoint.state.version,
    skipped: endpoint.state.skipped.map((skipped) => skipped.manifestDigest),
    openUpgrade: opens.get(endpoint.id)?.state ?? null,
  }))
  return { candidates, releases }
}
