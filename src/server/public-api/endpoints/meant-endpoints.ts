import type { Instant } from '../../../base/clock.ts'
import type { EndpointId } from '../../../base/ids.ts'
import { accept, type Result, refuse } from '../../../base/result.ts'
import { CHANGED_TOGETHER_MAX } from '../../../contract/public/limits.ts'
import type { ListFilter } from '../../../contract/public/list.ts'
import { connectionLimits } from '../../../domain/configuration/agent-status.ts'
import { loadConfiguration } from '../../../store/configuration.ts'
import { resolveEndpointIds } from '../../../store/endpoint-list.ts'
import type { Reader } from '../../../store/open.ts'
import type { ApiRefusal } from '../../http/refusal.ts'
import type { PublicRequest } from '../../http/route.ts'
import { toConditions } from './endpoint-conditions.ts'

/**
 * The endpoints that the filters of a change mean, as far as the actor's scope goes. Too many are
 * refused and not cut off: half a change would look like a whole one.
 */
export async function meantEndpoints(
  reader: Reader,
  request: PublicRequest<{ readonly filters: readonly ListFilter[] }>,
  asked: { readonly max: number; readonly now: Instant },
): Promise<Result<readonly EndpointId[], ApiRefusal>> {
  const conditions = toConditions(request.data.filters)
  if (!conditions.ok) return conditions
  const { scope } = request.actor
  const query = {
    scope,
    conditions: conditions.value,
    now: asked.now,
    limits: connectionLimits((await loadConfiguration(reader)).agentStatus),
  }
  const { ids, hasMore } = await resolveEndpointIds(reader, query, asked.max)
  return hasMore ? refuse({ code: 'too-many-endpoints', limit: asked.max }) : accept(ids)
}

/** Does the work for so many of them at a time, until one of the parts is refused. */
export async function inParts(
  ids: readonly EndpointId[],
  work: (part: readonly EndpointId[]) => Promise<Result<true, ApiRefusal>>,
): Promise<Result<true, ApiRefusal>> {
  for (let from = 0; from < ids.length; from += CHANGED_TOGETHER_MAX) {
    const done = await work(ids.slice(from, from + CHANGED_TOGETHER_MAX))
    if (!done.ok) return done
  }
  return accept(true)
}

/** Named one by one in an audit entry: enough to find them, too few to fill the log. */
export const AUDITED_IDS_MAX = 100

export function auditedIds(ids: readonly string[]) {
  return { endpoints: ids.length, endpoint_ids: ids.slice(0, AUDITED_IDS_MAX) }
}

export function endpointsText(count: number): string {
  return count === 1 ? '1 endpoint' : `${count} endpoints`
}

/** What an audit entry is about: the endpoint itself, where it is one. */
export function subjectOf(ids: readonly string[]): string {
  return ids.length === 1 ? (ids[0] ?? '') : ''
}
