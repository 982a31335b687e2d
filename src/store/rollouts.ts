/**
 * Rollouts as they are kept. Whoever changes one, or gives berths, holds the name of them all: what
 * the instance's berths are shared by is decided in one place at a time. In this order everywhere:
 * the name, then endpoints, so that no two wait for each other.
 */
import { type Selectable, sql } from 'kysely'
import type { UpgradeActionId } from '../base/ids.ts'
import { invariant } from '../base/invariant.ts'
import type { FleetEvent } from '../domain/event/fleet-event.ts'
import type { RolloutPolicy } from '../domain/rollout/policy.ts'
import type {
  Rollout,
  RolloutReason,
  RolloutState,
  Wave,
  WaveHold,
} from '../domain/rollout/rollout.ts'
import { saveEvents } from './events.ts'
import { holdName } from './leases.ts'
import type { Reader, Writer } from './open.ts'
import type { RolloutTable } from './tables-of-upgrades.ts'

/**
 * Nobody else changes a rollout or gives a berth until this transaction ends. Not the name of the
 * engine's lease: who holds a name lets go of its lease.
 */
export async function holdRollouts(writer: Writer): Promise<void> {
  await holdName(writer, 'rollouts-changed')
}

export async function saveNewRollout(writer: Writer, rollout: Rollout): Promise<void> {
  await writer.insertInto('rollout').values(rowOf(rollout)).execute()
}

export type RolloutChange = { readonly before: Rollout; readonly next: Rollout }

export async function saveRollout(writer: Writer, before: Rollout, next: Rollout): Promise<void> {
  await saveRollouts(writer, [{ before, next }])
}

/**
 * In two statements, however many they are. The caller holds the rollouts, and read what it changes
 * in the same transaction.
 */
export async function saveRollouts(
  writer: Writer,
  changes: readonly RolloutChange[],
): Promise<void> {
  const changed = changes.filter(({ before, next }) => next !== before)
  const [first] = changed
  if (first === undefined) return
  const rows = changed.map(({ before, next }) => {
    return { ...rowOf(next), ...jsonOf(next), was: before.generation }
  })
  const { action_id: _, ...columns } = rowOf(first.next)
  const names = Object.keys(columns)
  const sets = names.map((name) => sql`${sql.ref(name)} = (given.change).${sql.ref(name)}`)
  const done = await sql`
    update rollout set ${sql.join(sets)}
    from (
      select jsonb_populate_record(null::rollout, row) as change, (row ->> 'was')::bigint as was
      from jsonb_array_elements(${JSON.stringify(rows)}::jsonb) as row
    ) as given
    where action_id = (given.change).action_id and generation = given.was`.execute(writer)
  const isDone = Number(done.numAffectedRows ?? 0) === changed.length
  invariant(isDone, 'who holds the rollouts changes what it read')
  await saveEvents(writer, first.next.changedAt, changed.filter(isTold).map(changeOf))
}

/** As JSON within JSON, not as its text. */
function jsonOf({ policy, waves, forgiven, holds }: Rollout) {
  return { policy, waves, forgiven, holds }
}

function isTold({ before, next }: RolloutChange): boolean {
  return (
    next.state !== before.state ||
    next.reason !== before.reason ||
    next.currentWave !== before.currentWave
  )
}

function changeOf({ next }: RolloutChange): FleetEvent {
  const { actionId, state, reason, message, currentWave } = next
  const wave = next.waves[currentWave]?.name ?? ''
  return { type: 'rollout.changed', actionId, state, reason, message, wave }
}

/** By action id; of those that exist. */
export async function loadRollouts(
  reader: Reader,
  actionIds: readonly UpgradeActionId[],
): Promise<ReadonlyMap<UpgradeActionId, Rollout>> {
  if (actionIds.length === 0) return new Map()
  const rows = await reader
    .selectFrom('rollout')
    .selectAll()
    .where(sql<boolean>`action_id = any(${[...actionIds]}::bigint[])`)
    .execute()
  return new Map(rows.map(rolloutOf).map((rollout) => [rollout.actionId, rollout]))
}

/** Whether there is anything that a tick could move. */
export async function hasOpenRollouts(reader: Reader): Promise<boolean> {
  const row = await reader
    .selectFrom('rollout')
    .select('action_id')
    .where(sql<boolean>`state not in ('finished', 'cancelled')`)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

function rowOf(rollout: Rollout) {
  return {
    action_id: rollout.actionId,
    state: rollout.state,
    reason: rollout.reason,
    message: rollout.message,
    policy: JSON.stringify(rollout.policy),
    waves: JSON.stringify(rollout.waves),
    current_wave: rollout.currentWave,
    soak_since: rollout.soakSince,
    forgiven: JSON.stringify(rollout.forgiven),
    generation: rollout.generation,
    holds: JSON.stringify(rollout.holds),
    changed_at: rollout.changedAt,
  }
}

/** The reverse of `rowOf`. */
export function rolloutOf(row: Selectable<RolloutTable>): Rollout {
  return {
    actionId: row.action_id as UpgradeActionId, // What is branded was checked before.
    state: row.state as RolloutState,
    reason: row.reason as RolloutReason,
    message: row.message,
    policy: row.policy as RolloutPolicy,
    waves: row.waves as readonly Wave[],
    currentWave: row.current_wave,
    soakSince: row.soak_since,
    forgiven: row.forgiven,
    generation: row.generation,
    holds: row.holds as readonly WaveHold[],
    changedAt: row.changed_at,
  }
}
