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

type Values = { readonly values: readonly string[] }
type Since = { readonly operator: '>=' | '<='; readonly at: Instant }

type OwnCondition =
  | ({ readonly kind: 'one-of'; readonly column: keyof typeof VALUE_COLUMNS } & Values)
  | ({ readonly kind: 'distribution-name' } & Values)
  | ({ readonly kind: 'has'; readonly list: keyof typeof LISTS } & Values)
  | { readonly kind: 'health'; readonly values: readonly Health['status'][] }
  | ({ readonly kind: 'first-seen' } & Since)
  | { readonly kind: 'none' }

type LivenessCondition =
  | { readonly kind: 'connection'; readonly values: readonly ConnectionStatus[] }
  | ({ readonly kind: 'last-seen' } & Since)

/** All must hold; within one, any of the values. `tags` are the server's and the agent's. */
export type EndpointCondition =
  | OwnCondition
  | ({ readonly kind: 'tags' } & Values)
  | LivenessCondition

export type EndpointQuery = {
  /** Of whoever asks: an endpoint outside it is as if it were not there. */
  readonly scope: Scope
  readonly conditions: readonly EndpointCondition[]
  readonly now: Instant
  readonly limits: ConnectionLimits
}

export type Condition = RawBuilder<SqlBool>

/** What is asked for, by the table that knows it: each on its own may be enough. */
export type QueryParts = {
  /** Of `endpoint`. */
  readonly own: readonly Condition[]
  /** Each a list of tags of which an endpoint must have one; the scope is among them. */
  readonly tags: readonly (readonly string[])[]
  /** Of `liveness`. */
  readonly liveness: readonly Condition[]
}

/** `lastSeen`: whatever tells when an endpoint was last seen. */
export function partsOf(
  query: EndpointQuery,
  lastSeen: RawBuilder<number> = sql<number>`liveness.last_seen`,
): QueryParts {
  const own: Condition[] = []
  const tags = query.scope === null ? [] : [query.scope.tags]
  const liveness: Condition[] = []
  for (const condition of query.conditions) {
    if (condition.kind === 'tags') tags.push(condition.values)
    else if (condition.kind === 'connection' || condition.kind === 'last-seen') {
      liveness.push(livenessExpression(condition, query, lastSeen))
    } else own.push(expressionOf(condition))
  }
  return { own, tags, liveness }
}

/**
 * The same rule as the domain's `isInScope`, for a query that has found its `endpoint`s: deleted
 * ones, which are in no list, have tags too.
 */
export function isInScope(scope: Scope): Condition {
  if (scope === null) return sql`true`
  return sql`exists (select from endpoint_tag
    where endpoint_id = endpoint.id and tag = any(${[...scope.tags]}::text[]))`
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

/** Written as the index has them: it serves no other spelling. */
const LISTS = {
  addresses: sql`((endpoint.facts -> 'ipv4') || (endpoint.facts -> 'ipv6'))`,
  users: sql`(endpoint.facts -> 'users')`,
} as const

function expressionOf(condition: OwnCondition): Condition {
  switch (condition.kind) {
    case 'one-of':
      return sql`${VALUE_COLUMNS[condition.column]} = any(${[...condition.values]}::text[])`
    case 'distribution-name':
      return sql`endpoint.distribution_id in (
        select id from distribution where name = any(${[...condition.values]}::text[]))`
    case 'has':
      return sql`${LISTS[condition.list]} ?| ${[...condition.values]}::text[]`
    case 'health':
      return sql`endpoint.health_status = any(${[...condition.values]}::text[])`
    case 'first-seen':
      return sql`endpoint.first_seen ${sql.raw(condition.operator)} ${condition.at}`
    case 'none':
      return sql`false`
    default:
      return unreachable(condition)
  }
}

function livenessExpression(
  condition: LivenessCondition,
  query: EndpointQuery,
  lastSeen: RawBuilder<number>,
): Condition {
  if (condition.kind === 'last-seen') {
    return sql`${lastSeen} ${sql.raw(condition.operator)} ${condition.at}`
  }
  return anyOf(condition.values.map((status) => isConnection(status, query, lastSeen)))
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
