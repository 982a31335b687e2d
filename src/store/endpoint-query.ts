/**
 * Which endpoints somebody means: conditions in house words, and the scope of whoever asks. Every
 * value travels as a parameter, lists of them as one array, so that the text of a statement does
 * not grow with them. Deleted endpoints are never meant.
 */
import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import { unreachable } from '../base/invariant.ts'
import type { Scope } from '../domain/access/scope.ts'
import type { ConnectionLimits, ConnectionStatus, Health } from '../domain/endpoint/endpoint.ts'

/** All conditions must hold; within one, any of the values. */
export type EndpointCondition =
  | {
      readonly kind: 'one-of'
      readonly column: keyof typeof VALUE_COLUMNS
      readonly values: readonly string[]
    }
  | { readonly kind: 'distribution-name'; readonly values: readonly string[] }
  | {
      readonly kind: 'has'
      readonly list: keyof typeof LISTS
      readonly values: readonly string[]
    }
  | { readonly kind: 'health'; readonly values: readonly Health['status'][] }
  | { readonly kind: 'connection'; readonly values: readonly ConnectionStatus[] }
  | {
      readonly kind: 'time'
      readonly column: 'first-seen' | 'last-seen'
      readonly operator: '>=' | '<='
      readonly at: Instant
    }
  | { readonly kind: 'none' }

export type EndpointQuery = {
  /** Of whoever asks: an endpoint outside it is as if it were not there. */
  readonly scope: Scope
  readonly conditions: readonly EndpointCondition[]
  readonly now: Instant
  readonly limits: ConnectionLimits
}

export type Condition = RawBuilder<SqlBool>

/** Whether the condition is about the narrow table of what was seen when. */
export function isOfLiveness(condition: EndpointCondition): boolean {
  return (
    condition.kind === 'connection' ||
    (condition.kind === 'time' && condition.column === 'last-seen')
  )
}

/** Of the endpoint's own row: scope, and conditions but those of `isOfLiveness`. */
export function endpointConditions(query: EndpointQuery): Condition[] {
  const conditions = query.conditions
    .filter((condition) => !isOfLiveness(condition))
    .map((condition) => expressionOf(condition, query, LAST_SEEN))
  if (query.scope !== null) conditions.push(isInScope(query.scope))
  return conditions
}

/** The same rule as the domain's `isInScope`, for the database. */
export function isInScope(scope: Scope): Condition {
  return scope === null ? sql`true` : listHas('tags', scope.tags)
}

export const LAST_SEEN = sql<number>`liveness.last_seen`

/** The conditions of `isOfLiveness`, on whatever tells when an endpoint was last seen. */
export function livenessConditions(
  query: EndpointQuery,
  lastSeen: RawBuilder<number> = LAST_SEEN,
): Condition[] {
  return query.conditions
    .filter((condition) => isOfLiveness(condition))
    .map((condition) => expressionOf(condition, query, lastSeen))
}

export function allOf(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, sql` and `)})`
}

function anyOf(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? sql`false` : sql`(${sql.join(conditions, sql` or `)})`
}

const VALUE_COLUMNS = {
  id: sql`endpoint.id`,
  hostname: sql`endpoint.hostname`,
  alias: sql`endpoint.alias`,
  platform: sql`endpoint.platform`,
  version: sql`endpoint.version`,
  distribution: sql`endpoint.distribution_id`,
  'public-address': sql`endpoint.public_address`,
} as const

/** Written as the index of 0008-endpoint-lists.ts has them: it serves no other spelling. */
const LISTS = {
  addresses: sql`((endpoint.facts -> 'ipv4') || (endpoint.facts -> 'ipv6'))`,
  users: sql`(endpoint.facts -> 'users')`,
  /** The server's and the agent's. */
  tags: sql`(endpoint.server_tags || (endpoint.facts -> 'endpointTags'))`,
} as const

function listHas(list: keyof typeof LISTS, values: readonly string[]): Condition {
  return sql`${LISTS[list]} ?| ${[...values]}::text[]`
}

function expressionOf(
  condition: EndpointCondition,
  query: EndpointQuery,
  lastSeen: RawBuilder<number>,
): Condition {
  switch (condition.kind) {
    case 'one-of':
      return sql`${VALUE_COLUMNS[condition.column]} = any(${[...condition.values]}::text[])`
    case 'distribution-name':
      return sql`endpoint.distribution_id in (
        select id from distribution where name = any(${[...condition.values]}::text[]))`
    case 'has':
      return listHas(condition.list, condition.values)
    case 'health':
      return anyOf(condition.values.map((status) => sql`endpoint.health ->> 'status' = ${status}`))
    case 'connection':
      return anyOf(condition.values.map((status) => isConnection(status, query, lastSeen)))
    case 'time': {
      const column = condition.column === 'last-seen' ? lastSeen : sql`endpoint.first_seen`
      return sql`${column} ${sql.raw(condition.operator)} ${condition.at}`
    }
    case 'none':
      return sql`false`
    default:
      return unreachable(condition)
  }
}

/** The same rule as `connectionStatus`, for the database. */
function isConnection(
  status: ConnectionStatus,
  query: EndpointQuery,
  lastSeen: RawBuilder<number>,
): Condition {
  const connectedSince = query.now - query.limits.connectedMs
  const connectedUntil = query.now + query.limits.connectedMs
  const disconnectedSince = query.now - query.limits.lostMs
  switch (status) {
    case 'connected':
      return sql`(${lastSeen} > ${connectedSince} and ${lastSeen} < ${connectedUntil})`
    case 'disconnected':
      return sql`((${lastSeen} <= ${connectedSince} and ${lastSeen} > ${disconnectedSince})
        or ${lastSeen} >= ${connectedUntil})`
    case 'lost':
      return sql`${lastSeen} <= ${disconnectedSince}`
  }
}
