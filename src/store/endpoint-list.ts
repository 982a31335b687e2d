/**
 * Lists of endpoints: a page with how many there are, and the ids of all that somebody means.
 *
 * A hundred thousand endpoints are a hundred megabytes, so their rows are read for the page only.
 * What matches is found and counted in the narrowest tables and indexes that know it
 * (migrations/0008-endpoint-lists.ts), and the exact count says how the page is found: few are all
 * found and put in order, of many the order's own index is followed. PostgreSQL, which can only
 * estimate how many there are, would now and then walk through the whole fleet to find three.
 */
import { type RawBuilder, sql } from 'kysely'
import type { EndpointId } from '../base/ids.ts'
import {
  allOf,
  type Condition,
  type EndpointCondition,
  type EndpointQuery,
  partsOf,
} from './endpoint-query.ts'
import type { Reader } from './open.ts'

export type EndpointPage = {
  readonly order: {
    readonly column: 'id' | 'first-seen' | 'last-seen'
    readonly direction: 'asc' | 'desc'
  }
  readonly offset: number
  readonly limit: number
}

type Statement = RawBuilder<unknown>

export type FoundEndpoints = {
  /** Of all pages. */
  readonly total: number
  /** Of this one, in its order. */
  readonly ids: readonly EndpointId[]
}

/** One page of the list, and how many endpoints the whole list has. */
export async function findEndpointPage(
  reader: Reader,
  query: EndpointQuery,
  page: EndpointPage,
): Promise<FoundEndpoints> {
  const few = mayBeFew(query) ? await findFew(reader, query, page) : null
  return few ?? (await findMany(reader, query, page))
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
  const later = after === null ? sql`true` : sql`endpoint.id > ${after}`
  const found = foundFirst(sql`select endpoint.id ${matching(query)} and ${later}`)
  const ids = await idsOf(reader, sql`${found} order by id limit ${max + 1}`)
  return { ids: ids.slice(0, max), hasMore: ids.length > max }
}

/** So many are found and put in order at once; for more, the order's own index is followed. */
const SORTED_MAX = 10_000

/** Of these only the ids are kept, in a hash table, while the order's own index is followed. */
const KEPT_MAX = 25_000

/**
 * Whether it is worth looking for a few: where there are more, that costs little, unless when they
 * were last seen is asked as well.
 */
function mayBeFew(query: EndpointQuery): boolean {
  if (query.conditions.every(isOfMost)) return false
  const { own, liveness } = partsOf(query)
  if (liveness.length === 0) return own.length > 0
  if (isOfLiveness(query)) return true
  return query.conditions.some(({ kind }) => {
    return kind === 'one-of' || kind === 'has' || kind === 'distribution-name'
  })
}

/** Most of a fleet are healthy and were seen just now. */
function isOfMost(condition: EndpointCondition): boolean {
  if (condition.kind === 'health') return condition.values.includes('healthy')
  if (condition.kind === 'connection') return condition.values.includes('connected')
  return condition.kind === 'last-seen' && condition.operator === '>='
}

/** The page and the count in one statement; null when there are too many for it. */
async function findFew(
  reader: Reader,
  query: EndpointQuery,
  page: EndpointPage,
): Promise<FoundEndpoints | null> {
  const isKept = isOfLiveness(query)
  const max = isKept ? KEPT_MAX : SORTED_MAX
  const { order, part } = placeOf(page)
  const isFew = sql`(select count(*) from found) <= ${max}`
  const from =
    isKept && page.order.column !== 'last-seen' ? amongKept() : sql`from found where true`
  const statement = sql<{ count: number; ids: EndpointId[] }>`
    with found as materialized (${isKept ? seen(query) : whole()} limit ${max + 1})
    select (select count(*) from found) as count,
      array(select id ${from} and ${isFew} ${order} ${part}) as ids`
  const { rows } = await statement.execute(reader)
  const [{ count, ids } = { count: 0, ids: [] }] = rows
  return count > max ? null : { total: count, ids }

  function whole(): Statement {
    const lastSeen = page.order.column === 'last-seen' ? sql`liveness.last_seen` : sql`0`
    return sql`select endpoint.id, endpoint.first_seen, ${lastSeen} as last_seen ${matching(query)}`
  }
}

/** In one reading of the narrow table, whose rows know nothing of the endpoints. */
function seen(query: EndpointQuery): Statement {
  return sql`select endpoint_id as id, last_seen from liveness
    where ${allOf(partsOf(query).liveness)} and ${isListed()}`
}

function isListed(): Condition {
  return sql`not exists (select from endpoint where id = endpoint_id and deleted_at is not null)`
}

/** `is true` makes it a hash table that is asked in the order of the index, and never a join. */
function amongKept(): Statement {
  return sql`from endpoint where deleted_at is null and (id in (select id from found)) is true`
}

async function findMany(
  reader: Reader,
  query: EndpointQuery,
  page: EndpointPage,
): Promise<FoundEndpoints> {
  const { count: total, others } = await countEndpoints(reader, query)
  if (page.limit === 0 || page.offset >= total) return { total, ids: [] }
  const { order, part } = placeOf(page)
  return { total, ids: await idsOf(reader, sql`${inPlaceOf()} ${order} ${part}`) }

  function inPlaceOf(): Statement {
    if (page.order.column === 'last-seen') return lastSeenFirst(query, page)
    const ids = sql`select endpoint.id, endpoint.first_seen`
    const looksUp = partsOf(query).liveness.length > 0
    const isLongWay = looksUp && others + page.offset + page.limit > LOOKED_UP_MAX
    if (total > SORTED_MAX && !isLongWay) return sql`${ids} ${matchingInOrder(query)}`
    return foundFirst(sql`${ids} ${matching(query)}`)
  }
}

/**
 * Where the narrow table is asked, the order's index is followed no further than this: the
 * endpoints that are lost are the old ones, and each that is passed over is looked up in the table.
 */
const LOOKED_UP_MAX = 15_000

/** Whether nothing is asked of the endpoints themselves. */
function isOfLiveness(query: EndpointQuery): boolean {
  const { own, tags } = partsOf(query)
  return own.length === 0 && tags.length === 0
}

/** How many match; and where only the narrow table is asked, how many others there are. */
type Count = { readonly count: number; readonly others: number }

async function countEndpoints(reader: Reader, query: EndpointQuery): Promise<Count> {
  const { liveness } = partsOf(query)
  const join = liveness.length > 0 ? JOINED : sql``
  const statement =
    liveness.length > 0 && isOfLiveness(query)
      ? sql`select meant as count, every - meant as others from (
          select count(*) as every, count(*) filter (where ${allOf(liveness)}) as meant
          from liveness where ${isListed()}
        ) counted`
      : sql`select count(*) as count, 0 as others ${matching(query, join)}`
  const { rows } = await sql<Count>`${statement}`.execute(reader)
  return rows[0] ?? { count: 0, others: 0 }
}

async function idsOf(reader: Reader, statement: Statement): Promise<readonly EndpointId[]> {
  const { rows } = await sql<{ id: EndpointId }>`${statement}`.execute(reader)
  return rows.map((row) => row.id)
}

function placeOf(page: EndpointPage): { readonly order: Statement; readonly part: Statement } {
  const way = page.order.direction === 'asc' ? sql`asc` : sql`desc`
  const orders = {
    id: sql`order by id ${way}`,
    'first-seen': sql`order by first_seen ${way}, id ${way}`,
    'last-seen': sql`order by last_seen ${way}, id ${way}`,
  }
  const part = sql`offset ${page.offset} limit ${page.limit}`
  return { order: orders[page.order.column], part }
}

/** All that match, before anything is asked of them: no limit tempts the planner to walk. */
function foundFirst(statement: Statement): Statement {
  return sql`with found as materialized (${statement}) select id from found`
}

const JOINED = sql`left join liveness on liveness.endpoint_id = endpoint.id`

/**
 * PostgreSQL leaves out the outer join where no column of it is used, but then looks for the ids as
 * well: whoever counts says so. Tags alone need no row of the endpoint: their table knows which
 * ones are listed.
 */
function matching(query: EndpointQuery, join: Statement = JOINED): Statement {
  const { own, tags, liveness } = partsOf(query)
  const [first, ...others] = tags
  const isByTags = first !== undefined && own.length === 0
  const source = isByTags ? taggedWith(first) : sql`endpoint`
  const rest = (isByTags ? others : tags).map(
    (any) => sql`endpoint.id in (select endpoint_id from endpoint_tag
      where is_listed and ${isOneOf(any)})`,
  )
  const isListed = isByTags ? [] : [sql`endpoint.deleted_at is null`]
  return sql`from ${source} ${join}
    where ${allOf([...isListed, ...own, ...rest, ...liveness] as Condition[])}`
}

/** The same, in a spelling that can only begin at the endpoints: to be read in their order. */
function matchingInOrder(query: EndpointQuery): Statement {
  const lastSeen = sql<number>`(select last_seen from liveness where endpoint_id = endpoint.id)`
  const { own, tags, liveness } = partsOf(query, lastSeen)
  const [first, ...others] = tags
  if (first?.length === 1 && others.length === 0 && own.length === 0) {
    return sql`from ${taggedWith(first)} where ${allOf(liveness)}`
  }
  const tagged = tags.map(
    (any) => sql`(select true from endpoint_tag
      where endpoint_id = endpoint.id and ${isOneOf(any)} limit 1)`,
  )
  return sql`from endpoint where endpoint.deleted_at is null
    and ${allOf([...own, ...tagged, ...liveness] as Condition[])}`
}

function taggedWith(tags: readonly string[]): Statement {
  const distinct = tags.length === 1 ? sql`` : sql`distinct`
  return sql`(select ${distinct} endpoint_id as id, first_seen from endpoint_tag
    where is_listed and ${isOneOf(tags)}) as endpoint`
}

/** One alone is looked for in the order of the index. */
function isOneOf(tags: readonly string[]): Statement {
  const [only, ...others] = tags
  return only !== undefined && others.length === 0
    ? sql`tag = ${only}`
    : sql`tag = any(${[...tags]}::text[])`
}

/**
 * Where nothing is asked of the endpoints themselves, the deleted ones are left out of the first
 * few only: looking each up takes longer than all the rest.
 */
function lastSeenFirst(query: EndpointQuery, page: EndpointPage): Statement {
  if (!isOfLiveness(query)) return sql`select endpoint.id ${matching(query)}`
  const { liveness } = partsOf(query)
  const way = page.order.direction === 'asc' ? sql`asc` : sql`desc`
  const deleted = sql`(select count(*) from endpoint where deleted_at is not null)`
  return sql`select endpoint_id as id from (
      select endpoint_id, last_seen from liveness where ${allOf(liveness)}
      order by last_seen ${way}, endpoint_id ${way}
      limit ${page.offset + page.limit} + ${deleted}
    ) seen
    where ${isListed()}`
}
