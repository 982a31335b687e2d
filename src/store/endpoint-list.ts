/**
 * Lists of endpoints. The filter is data in house words; every value in it travels as a parameter.
 * Deleted endpoints are never listed.
 */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { ConnectionLimits, ConnectionStatus } from '../domain/endpoint/endpoint.ts'
import { endpointOf, type StoredEndpoint } from './endpoints.ts'
import type { Reader } from './open.ts'
import type { Tables } from './tables.ts'

/** All conditions must hold; within one, any of the values. */
export type EndpointCondition =
  | {
      readonly kind: 'one-of'
      readonly column:
        | 'id'
        | 'hostname'
        | 'alias'
        | 'platform'
        | 'distribution-name'
        | 'public-address'
      readonly values: readonly string[]
    }
  | { readonly kind: 'has-address' | 'has-user'; readonly values: readonly string[] }
  | { readonly kind: 'connection'; readonly values: readonly ConnectionStatus[] }
  | {
      readonly kind: 'time'
      readonly column: 'first-seen' | 'last-seen'
      readonly operator: '>=' | '<='
      readonly at: Instant
    }

export type EndpointListOrder = {
  readonly column: 'id' | 'first-seen' | 'last-seen'
  readonly direction: 'asc' | 'desc'
}

export type ListedEndpoint = StoredEndpoint & {
  readonly lastSeen: Instant
  readonly distributionName: string
}

type Joined = Pick<Tables, 'endpoint' | 'liveness' | 'distribution'>
type Where = ExpressionBuilder<Joined, keyof Joined>

export type EndpointQuery = {
  readonly conditions: readonly EndpointCondition[]
  readonly now: Instant
  readonly limits: ConnectionLimits
}

/** One page of the list. */
export async function loadEndpointPage(
  reader: Reader,
  query: EndpointQuery,
  page: {
    readonly order: EndpointListOrder
    readonly offset: number
    readonly limit: number
  },
): Promise<readonly ListedEndpoint[]> {
  const rows = await joined(reader, query)
    .selectAll('endpoint')
    .select(['liveness.last_seen', 'distribution.name as distribution_name'])
    .orderBy(ORDER_COLUMNS[page.order.column], page.order.direction)
    .orderBy('endpoint.id')
    .offset(page.offset)
    .limit(page.limit)
    .execute()
  return rows.map((row) => ({
    ...endpointOf(row),
    lastSeen: row.last_seen,
    distributionName: row.distribution_name,
  }))
}

/** How many endpoints the whole list has. */
export async function countEndpoints(reader: Reader, query: EndpointQuery): Promise<number> {
  const row = await joined(reader, query)
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

const ORDER_COLUMNS = {
  id: 'endpoint.id',
  'first-seen': 'endpoint.first_seen',
  'last-seen': 'liveness.last_seen',
} as const

function joined(reader: Reader, query: EndpointQuery) {
  return reader
    .selectFrom('endpoint')
    .innerJoin('liveness', 'liveness.endpoint_id', 'endpoint.id')
    .innerJoin('distribution', 'distribution.id', 'endpoint.distribution_id')
    .where('endpoint.deleted_at', 'is', null)
    .where((where) =>
      where.and(query.conditions.map((condition) => expressionOf(where, condition, query))),
    )
}

const VALUE_COLUMNS = {
  id: 'endpoint.id',
  hostname: 'endpoint.hostname',
  alias: 'endpoint.alias',
  platform: 'endpoint.platform',
  'distribution-name': 'distribution.name',
  'public-address': 'endpoint.public_address',
} as const

const TIME_COLUMNS = {
  'first-seen': 'endpoint.first_seen',
  'last-seen': 'liveness.last_seen',
} as const

function expressionOf(
  where: Where,
  condition: EndpointCondition,
  query: EndpointQuery,
): Expression<SqlBool> {
  switch (condition.kind) {
    case 'one-of':
      if (condition.values.length === 0) return where.lit(false)
      return where(VALUE_COLUMNS[condition.column], 'in', condition.values)
    case 'has-address':
      return where.or([
        factListHolds(where, 'ipv4', condition.values),
        factListHolds(where, 'ipv6', condition.values),
      ])
    case 'has-user':
      return factListHolds(where, 'users', condition.values)
    case 'connection':
      return where.or(condition.values.map((status) => isConnection(where, status, query)))
    case 'time':
      return where(TIME_COLUMNS[condition.column], condition.operator, condition.at)
  }
}

/** Whether one of the facts' lists holds any of the values. */
function factListHolds(
  where: Where,
  list: 'ipv4' | 'ipv6' | 'users',
  values: readonly string[],
): Expression<SqlBool> {
  const column = where.ref('endpoint.facts')
  const holds = values.map((value) => {
    return sql<SqlBool>`${column} -> ${sql.lit(list)} @> ${JSON.stringify([value])}::jsonb`
  })
  return where.or(holds)
}

/** The same rule as `connectionStatus`, for the database. */
function isConnection(
  where: Where,
  status: ConnectionStatus,
  query: EndpointQuery,
): Expression<SqlBool> {
  const connectedSince = query.now - query.limits.connectedMs
  const connectedUntil = query.now + query.limits.connectedMs
  const disconnectedSince = query.now - query.limits.lostMs
  switch (status) {
    case 'connected':
      return where.and([
        where('liveness.last_seen', '>', connectedSince),
        where('liveness.last_seen', '<', connectedUntil),
      ])
    case 'disconnected':
      return where.or([
        where.and([
          where('liveness.last_seen', '<=', connectedSince),
          where('liveness.last_seen', '>', disconnectedSince),
        ]),
        where('liveness.last_seen', '>=', connectedUntil),
      ])
    case 'lost':
      return where('liveness.last_seen', '<=', disconnectedSince)
  }
}
