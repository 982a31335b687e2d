import { sql } from 'kysely'
import type { Scope } from '../domain/access/scope.ts'
import type { FleetEvent } from '../domain/event/fleet-event.ts'
import { isInScope } from './endpoint-query.ts'
import type { StoredEvent } from './events.ts'
import type { Reader } from './open.ts'

/**
 * Those that somebody may be told of: events of endpoints in the scope, of actions and rollouts as
 * far as they lie in it, and those that are about no endpoint.
 */
export async function loadEventsInScope(
  reader: Reader,
  events: readonly StoredEvent[],
  scope: Scope,
): Promise<readonly StoredEvent[]> {
  if (scope === null) return events
  const endpointIds = await loadEndpointsInside(reader, events, scope)
  const reach = await loadReach(reader, events, scope)
  return events.flatMap((stored) => {
    const { event } = stored
    if ('endpointId' in event) return endpointIds.has(event.endpointId) ? [stored] : []
    if (event.type === 'rollout.changed') {
      const isReached = (reach.get(nameOf(stored))?.['upgrade-action.created'] ?? 0) > 0
      // What a halt counted may lie outside of the scope.
      return isReached ? [{ ...stored, event: { ...event, message: null } }] : []
    }
    if (!isOfAction(event)) return [stored]
    const upgrades = reach.get(nameOf(stored))?.[event.type] ?? 0
    return upgrades === 0 ? [] : [{ ...stored, event: { ...event, upgrades } }]
  })
}

type ActionEvent = Extract<FleetEvent, { readonly upgrades: number }>

function isOfAction(event: FleetEvent): event is ActionEvent {
  return 'upgrades' in event
}

async function loadEndpointsInside(
  reader: Reader,
  events: readonly StoredEvent[],
  scope: Scope,
): Promise<ReadonlySet<string>> {
  const named = events.flatMap(({ event }) => ('endpointId' in event ? [event.endpointId] : []))
  const rows = await reader
    .selectFrom('endpoint')
    .select('endpoint.id')
    .where(sql<boolean>`endpoint.id = any(${[...new Set(named)]}::text[])`)
    .where(isInScope(scope))
    .execute()
  return new Set(rows.map(({ id }) => id))
}

/**
 * How many upgrades within the scope each event of an action is about: of one that was ordered all,
 * of one that was cancelled those that it ended or told to stop.
 */
async function loadReach(
  reader: Reader,
  events: readonly StoredEvent[],
  scope: Scope,
): Promise<ReadonlyMap<string, Readonly<Record<ActionEvent['type'], number>>>> {
  const asked = new Map<string, { readonly action: number; readonly at: number }>()
  for (const { at, event } of events) {
    if (!isOfAction(event) && event.type !== 'rollout.changed') continue
    asked.set(nameOf({ at, event }), { action: event.actionId, at })
  }
  if (asked.size === 0) return new Map()
  const { rows } = await sql<{ name: string; created: number; cancelled: number }>`
    select told.action || ' ' || told.at as name, count(*) as created,
      count(*) filter (where told.at in (cancel_requested_at, finished_at)) as cancelled
    from jsonb_to_recordset(${JSON.stringify([...asked.values()])}::jsonb)
      as told(action bigint, at bigint)
    join upgrade on upgrade.action_id = told.action
    join endpoint on endpoint.id = upgrade.endpoint_id
    where ${isInScope(scope)}
    group by told.action, told.at`.execute(reader)
  return new Map(
    rows.map(({ name, created, cancelled }) => [
      name,
      { 'upgrade-action.created': created, 'upgrade-action.cancelled': cancelled },
    ]),
  )
}

function nameOf({ at, event }: Pick<StoredEvent, 'at' | 'event'>): string {
  return `${'actionId' in event ? event.actionId : ''} ${at}`
}
