/** Lists of endpoints: a page, how many there are, and the ids of all that somebody means. */
import type { Instant } from '../base/clock.ts'
import type { EndpointId } from '../base/ids.ts'
import {
  allOf,
  type EndpointQuery,
  endpointConditions,
  livenessConditions,
} from './endpoint-query.ts'
import { endpointOf, type StoredEndpoint } from './endpoints.ts'
import type { Reader } from './open.ts'

export type EndpointListOrder = {
  readonly column: 'id' | 'first-seen' | 'last-seen'
  readonly direction: 'asc' | 'desc'
}

export type ListedEndpoint = StoredEndpoint & {
  readonly lastSeen: Instant
  readonly distributionName: string
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
  const rows = await matching(reader, query)
    .innerJoin('distribution', 'distribution.id', 'endpoint.distribution_id')
    .selectAll('endpoint')
    .select(['liveness.last_seen', 'distribution.name as distribution_name'])
    .orderBy(ORDER_COLUMNS[page.order.column], page.order.direction)
    .orderBy('endpoint.id')
    .offset(page.offset)
    .limit(page.limit)
    .execute()
  return rows.map((row) => ({
    ...endpointOf(row),
    lastSeen: row.last_seen ?? row.first_seen,
    distributionName: row.distribution_name,
  }))
}

/** How many endpoints the whole list has. */
export async function countEndpoints(reader: Reader, query: EndpointQuery): Promise<number> {
  const row = await matching(reader, query)
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

export type ResolvedEndpoints = {
  /** In ascending order. */
  readonly ids: readonly EndpointId[]
  readonly hasMore: boolean
}

/** The ids of those endpoints, at most `max`, beginning after one of them. */
export async function resolveEndpointIds(
  reader: Reader,
  query: EndpointQuery,
  max: number,
  after: EndpointId | null = null,
): Promise<ResolvedEndpoints> {
  // Materialised: looking for a few in the order of their ids would take the slowest way.
  const rows = await reader
    .with(
      (cte) => cte('matched').materialized(),
      () => {
        const all = matching(reader, query).select('endpoint.id')
        return after === null ? all : all.where('endpoint.id', '>', after)
      },
    )
    .selectFrom('matched')
    .select('id')
    .orderBy('id')
    .limit(max + 1)
    .execute()
  const ids = rows.slice(0, max).map((row) => row.id as EndpointId) // Branding what is stored.
  return { ids, hasMore: rows.length > max }
}

const ORDER_COLUMNS = {
  id: 'endpoint.id',
  'first-seen': 'endpoint.first_seen',
  'last-seen': 'liveness.last_seen',
} as const

/** PostgreSQL leaves out the outer join where no column of it is used. */
function matching(reader: Reader, query: EndpointQuery) {
  return reader
    .selectFrom('endpoint')
    .leftJoin('liveness', 'liveness.endpoint_id', 'endpoint.id')
    .where('endpoint.deleted_at', 'is', null)
    .where(allOf([...endpointConditions(query), ...livenessConditions(query)]))
}
