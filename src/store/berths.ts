/** Berths as upgrades hold them: an open one with a deadline has one (`holdsBerth`). */
import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { EndpointId, UpgradeActionId } from '../base/ids.ts'
import type { WaitingReason } from '../domain/upgrade/upgrade.ts'
import { saveEvents } from './events.ts'
import type { Reader, Writer } from './open.ts'
import { changeEventOf, TOLD_COLUMNS } from './upgrades.ts'

/** How many upgrades hold a berth (`holdsBerth`), counted in an index of just these. */
export async function countBerthsTaken(reader: Reader): Promise<number> {
  const row = await reader
    .selectFrom('upgrade')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('finished_at', 'is', null)
    .where('deadline_at', 'is not', null)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Endpoints that hold a berth of the action and have not begun: what can be taken back. */
export async function loadUnbegun(
  reader: Reader,
  actionIds: readonly UpgradeActionId[],
): Promise<readonly EndpointId[]> {
  if (actionIds.length === 0) return []
  const rows = await reader
    .selectFrom('upgrade')
    .select('endpoint_id')
    .where(sql<boolean>`action_id = any(${[...actionIds]}::bigint[])`)
    .where('finished_at', 'is', null)
    .where('deadline_at', 'is not', null)
    .where('state', 'in', ['queued', 'offered'])
    .execute()
  return rows.map((row) => row.endpoint_id as EndpointId) // Written by saveUpgradeAction only.
}

/**
 * Berths of the action that nobody took up go back, offers with them, which is told. The caller
 * holds the endpoints. A cluster whose image moves is left alone: its pods follow, whatever is
 * wished here.
 */
export async function saveBerthsTakenBack(
  writer: Writer,
  actionId: UpgradeActionId,
  reason: WaitingReason,
  now: Instant,
): Promise<void> {
  const taken = await writer
    .updateTable('upgrade')
    .set({ state: 'queued', reason, deadline_at: null, changed_at: now })
    .where('action_id', '=', actionId)
    .where('finished_at', 'is', null)
    .where('deadline_at', 'is not', null)
    .where('state', 'in', ['queued', 'offered'])
    .returning(TOLD_COLUMNS)
    .execute()
  await saveEvents(writer, now, taken.map(changeEventOf))
}

/**
 * Those of the endpoints that still wait get a berth, in one statement for all actions. The caller
 * holds them.
 */
export async function saveBerths(
  writer: Writer,
  given: readonly {
    readonly actionId: UpgradeActionId
    readonly endpointIds: readonly EndpointId[]
  }[],
  moment: { readonly until: Instant; readonly now: Instant },
): Promise<void> {
  const rows = given.flatMap(({ actionId, endpointIds }) => {
    return endpointIds.map((endpoint) => ({ action: actionId, endpoint }))
  })
  if (rows.length === 0) return
  await sql`
    update upgrade set reason = 'awaiting-check-in', deadline_at = ${moment.until},
      changed_at = ${moment.now}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given(action bigint, endpoint text)
    where action_id = given.action and endpoint_id = given.endpoint
      and finished_at is null and deadline_at is null and state = 'queued'`.execute(writer)
}
