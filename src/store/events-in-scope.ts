import { sql } from 'kysely'
import type { Scope } from '../domain/access/scope.ts'
import { isInScope } from './endpoint-query.ts'
import type { StoredEvent } from './events.ts'
import type { Reader } from './open.ts'

/**
 * Those that somebody may be told of: events of endpoints in the scope, of actions that have one,
 * and those that are about no endpoint.
 */
export async function loadEventsInScope(
  reader: Reader,
  events: readonly StoredEvent[],
  scope: Scope,
): Promise<readonly StoredEvent[]> {
  if (scope === null) return events
  const about = events.map(({ event }) => event)
  const endpoints = about.flatMap((event) => ('endpointId' in event ? [event.endpointId] : []))
  const actions = about.flatMap((event) => ('actionId' in event ? [event.actionId] : []))
  const inside = await reader
    .selectFrom('endpoint')
    .select('endpoint.id')
    .where(sql<boolean>`endpoint.id = any(${[...new Set(endpoints)]}::text[])`)
    .where(isInScope(scope))
    .execute()
  const reached = await reader
    .selectFrom('upgrade')
    .innerJoin('endpoint', 'endpoint.id', 'upgrade.endpoint_id')
    .select('upgrade.action_id')
    .distinct()
    .where(sql<boolean>`upgrade.action_id = any(${[...new Set(actions)]}::bigint[])`)
    .where(isInScope(scope))
    .execute()
  const endpointIds = new Set(inside.map(({ id }) => id))
  const actionIds = new Set(reached.map((row) => row.action_id))
  return events.filter(({ event }) => {
    if ('endpointId' in event) return endpointIds.has(event.endpointId)
    return !('actionId' in event) || actionIds.has(event.actionId)
  })
}
