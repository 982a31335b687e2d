/**
 * Lists of distributions. The filter is data in house words; every value in it travels as a
 * parameter. Deleted distributions are never listed.
 */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { DistributionId } from '../base/ids.ts'
import type { Arch } from '../base/platform.ts'
import type { Distribution, DistributionState } from '../domain/distribution/distribution.ts'
import { distributionOf } from './distributions.ts'
import type { Reader } from './open.ts'
import type { Tables } from './tables.ts'

export type DistributionColumn = 'id' | 'name' | 'description' | 'kind' | 'platform' | 'version'

/** All conditions must hold; `no...` is that none of its values does. */
export type DistributionCondition =
  | {
      readonly kind: 'is' | 'is-not' | 'contains' | 'contains-not'
      readonly column: DistributionColumn
      readonly values: readonly string[]
    }
  | { readonly kind: 'in-state' | 'not-in-state'; readonly states: readonly DistributionState[] }

export type DistributionListOrder = {
  readonly column: DistributionColumn | 'state' | 'created'
  readonly direction: 'asc' | 'desc'
}

export type ListedDistribution = Distribution & {
  /** Formats and architectures of its packages. */
  readonly packages: readonly { readonly format: string; readonly arch: Arch }[]
  /** Endpoints that enrolled with it last and are not deleted. */
  readonly endpointsCount: number
}

type Where = ExpressionBuilder<Tables, 'distribution'>

export async function loadDistributionPage(
  reader: Reader,
  conditions: readonly DistributionCondition[],
  page: {
    readonly order: DistributionListOrder
    readonly offset: number
    readonly limit: number
  },
): Promise<readonly ListedDistribution[]> {
  const rows = await listed(reader, conditions)
    .selectAll('distribution')
    .orderBy(orderOf(page.order.column), page.order.direction)
    .orderBy('distribution.id')
    .offset(page.offset)
    .limit(page.limit)
    .execute()
  return await withCounts(reader, rows.map(distributionOf))
}

/** How many the whole list has. */
export async function countDistributions(
  reader: Reader,
  conditions: readonly DistributionCondition[],
): Promise<number> {
  const row = await listed(reader, conditions)
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return row.count
}

/** Each with its packages and the number of its endpoints. */
export async function withCounts(
  reader: Reader,
  distributions: readonly Distribution[],
): Promise<readonly ListedDistribution[]> {
  const ids = distributions.map(({ id }) => id)
  if (ids.length === 0) return []
  const packages = await reader
    .selectFrom('package')
    .select(['distribution_id', 'format', 'arch'])
    .where('distribution_id', 'in', ids)
    .orderBy('format')
    .orderBy('arch')
    .execute()
  const counts = await loadEndpointCounts(reader, ids)
  return distributions.map((distribution) => ({
    ...distribution,
    packages: packages
      .filter((row) => row.distribution_id === distribution.id)
      .map(({ format, arch }) => ({ format, arch: arch as Arch })), // Written by savePackages only.
    endpointsCount: counts.get(distribution.id) ?? 0,
  }))
}

async function loadEndpointCounts(
  reader: Reader,
  ids: readonly DistributionId[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await reader
    .selectFrom('endpoint')
    .select((select) => ['distribution_id', select.fn.countAll<number>().as('count')])
    .where('distribution_id', 'in', ids)
    .where('deleted_at', 'is', null)
    .groupBy('distribution_id')
    .execute()
  return new Map(rows.map((row) => [row.distribution_id, row.count]))
}

function listed(reader: Reader, conditions: readonly DistributionCondition[]) {
  return reader
    .selectFrom('distribution')
    .where('distribution.state', '!=', 'withdrawn')
    .where((where) => where.and(conditions.map((condition) => expressionOf(where, condition))))
}

function expressionOf(where: Where, condition: DistributionCondition): Expression<SqlBool> {
  switch (condition.kind) {
    case 'is':
      return isOneOf(where, condition)
    case 'is-not':
      return where.not(isOneOf(where, condition))
    case 'contains':
      return containsOneOf(where, condition)
    case 'contains-not':
      return where.not(containsOneOf(where, condition))
    case 'in-state':
      return isInState(where, condition.states)
    case 'not-in-state':
      return where.not(isInState(where, condition.states))
  }
}

type OfColumn = { readonly column: DistributionColumn; readonly values: readonly string[] }

function isOneOf(where: Where, { column, values }: OfColumn): Expression<SqlBool> {
  return values.length === 0 ? where.lit(false) : where(textOf(column), 'in', values)
}

/** Whatever the letter case. */
function containsOneOf(where: Where, { column, values }: OfColumn): Expression<SqlBool> {
  const parts = values.map(
    (value) => sql<SqlBool>`position(lower(${value}) in lower(${textOf(column)})) > 0`,
  )
  return where.or(parts)
}

function isInState(where: Where, states: readonly DistributionState[]): Expression<SqlBool> {
  return states.length === 0 ? where.lit(false) : where('distribution.state', 'in', states)
}

/** No description is an empty one: it contains nothing, and is not anything else. */
function textOf(column: DistributionColumn): Expression<string> {
  const text = sql<string>`${sql.ref(`distribution.${column}`)}`
  return column === 'description' ? sql<string>`coalesce(${text}, '')` : text
}

/** Versions by number; states as the names that callers know them by are sorted. */
function orderOf(column: DistributionListOrder['column']): Expression<unknown> {
  switch (column) {
    case 'version':
      return sql`string_to_array(distribution.version, '.')::bigint[]`
    case 'state':
      return sql`case distribution.state when 'ready' then 0 when 'failed' then 1 else 2 end`
    case 'created':
      return sql`distribution.created_at`
    default:
      return textOf(column)
  }
}
