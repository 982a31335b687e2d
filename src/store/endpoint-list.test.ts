import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EndpointId } from '../base/ids.ts'
import { isInScope, type Scope } from '../domain/access/scope.ts'
import { CONNECTION_LIMITS, connectionStatus } from '../domain/endpoint/endpoint.ts'
import { type EndpointPage, findEndpointPage, resolveEndpointIds } from './endpoint-list.ts'
import type { EndpointCondition } from './endpoint-query.ts'
import { type ListedEndpoint, loadLightEndpoints, loadListedEndpoints } from './endpoint-rows.ts'
import type { Database } from './open.ts'
import { startTestDatabase } from './testing/database.ts'
import { fillFleet } from './testing/fleet.ts'

/** More than are sorted at once, so that both ways are gone. */
const COUNT = 12_000
const NOW = Date.parse('2026-11-22T12:00:00Z')

let database: Database
let fleet: readonly ListedEndpoint[]

beforeAll(async () => {
  database = await startTestDatabase()
  await fillFleet(database.connection, COUNT, NOW)
  const rows = await database.read
    .selectFrom('endpoint')
    .select('id')
    .where('deleted_at', 'is', null)
    .execute()
  fleet = await loadListedEndpoints(
    database.read,
    rows.map((row) => row.id as EndpointId),
  )
}, 60_000)

afterAll(() => database[Symbol.asyncDispose]())

function queryOf(conditions: readonly EndpointCondition[], scope: Scope = null) {
  return { scope, conditions, now: NOW, limits: CONNECTION_LIMITS }
}

/** The same question, asked of every endpoint one by one. */
function isMeant(endpoint: ListedEndpoint, condition: EndpointCondition): boolean {
  const { facts, health, version } = endpoint.state
  const isAnyOf = (values: readonly string[], ...own: readonly (string | null)[]) =>
    own.some((each) => each !== null && values.includes(each))
  switch (condition.kind) {
    case 'one-of': {
      const columns = {
        id: endpoint.id,
        hostname: facts.hostname,
        alias: endpoint.alias,
        platform: facts.target.platform,
        version,
        distribution: endpoint.distributionId,
        'public-address': endpoint.publicAddress,
      }
      return isAnyOf(condition.values, columns[condition.column])
    }
    case 'distribution-name':
      return isAnyOf(condition.values, endpoint.distributionName)
    case 'has': {
      const lists = { addresses: [...facts.ipv4, ...facts.ipv6], users: facts.users }
      return isAnyOf(condition.values, ...lists[condition.list])
    }
    case 'tags':
      return isAnyOf(condition.values, ...endpoint.serverTags, ...facts.endpointTags)
    case 'health':
      return condition.values.includes(health.status)
    case 'first-seen':
    case 'last-seen': {
      const at = condition.kind === 'first-seen' ? endpoint.firstSeen : endpoint.lastSeen
      return condition.operator === '>=' ? at >= condition.at : at <= condition.at
    }
    case 'connection':
      return condition.values.includes(connectionStatus(endpoint.lastSeen, NOW, CONNECTION_LIMITS))
    case 'none':
      return false
  }
}

function expected(
  conditions: readonly EndpointCondition[],
  scope: Scope,
  page: EndpointPage,
): { readonly total: number; readonly ids: readonly string[] } {
  const meant = fleet.filter((endpoint) => {
    const tags = { server: endpoint.serverTags, agent: endpoint.state.facts.endpointTags }
    return isInScope(scope, tags) && conditions.every((each) => isMeant(endpoint, each))
  })
  const keys = {
    id: () => 0,
    'first-seen': (endpoint: ListedEndpoint) => endpoint.firstSeen,
    'last-seen': (endpoint: ListedEndpoint) => endpoint.lastSeen,
  }
  const key = keys[page.order.column]
  const sorted = meant.toSorted((a, b) => key(a) - key(b) || (a.id < b.id ? -1 : 1))
  if (page.order.direction === 'desc') sorted.reverse()
  const ids = sorted.slice(page.offset, page.offset + page.limit).map(({ id }) => id)
  return { total: meant.length, ids }
}

const hostnames = Array.from({ length: 5000 }, (_, index) => `no-host-${index}`)
const DAY = 86_400_000

const CONDITIONS: Readonly<Record<string, readonly EndpointCondition[]>> = {
  'nothing asked': [],
  'nothing that is': [{ kind: 'none' }],
  'no value': [{ kind: 'one-of', column: 'hostname', values: [] }],
  'a platform': [{ kind: 'one-of', column: 'platform', values: ['linux'] }],
  'two platforms': [{ kind: 'one-of', column: 'platform', values: ['linux', 'windows'] }],
  'two aliases': [{ kind: 'one-of', column: 'alias', values: ['alias 40', 'alias 60'] }],
  'no alias': [{ kind: 'one-of', column: 'alias', values: [''] }],
  'five thousand hosts that are not there': [
    { kind: 'one-of', column: 'hostname', values: hostnames },
  ],
  'a version': [{ kind: 'one-of', column: 'version', values: ['1.0.0.2'] }],
  'a public address': [{ kind: 'one-of', column: 'public-address', values: ['203.0.0.1'] }],
  'a distribution': [{ kind: 'distribution-name', values: ['fleet 1', 'fleet 7'] }],
  'a user': [{ kind: 'has', list: 'users', values: ['admin-3'] }],
  'an address': [{ kind: 'has', list: 'addresses', values: ['192.168.0.7', 'fd00::1f'] }],
  'a tag': [{ kind: 'tags', values: ['ring-1'] }],
  'two tags': [{ kind: 'tags', values: ['ring-1', 'canary'] }],
  'one tag and another': [
    { kind: 'tags', values: ['ring-1'] },
    { kind: 'tags', values: ['canary', 'site-0'] },
  ],
  unhealthy: [{ kind: 'health', values: ['unhealthy'] }],
  healthy: [{ kind: 'health', values: ['healthy'] }],
  connected: [{ kind: 'connection', values: ['connected'] }],
  'lost or disconnected': [{ kind: 'connection', values: ['lost', 'disconnected'] }],
  'no status': [{ kind: 'connection', values: [] }],
  'first seen lately': [{ kind: 'first-seen', operator: '>=', at: NOW - 10 * DAY }],
  'last seen long ago': [{ kind: 'last-seen', operator: '<=', at: NOW - DAY }],
  'connected ones of a platform with a tag': [
    { kind: 'one-of', column: 'platform', values: ['linux', 'windows'] },
    { kind: 'connection', values: ['connected'] },
    { kind: 'tags', values: ['ring-1', 'ring-2'] },
  ],
}
const SCOPES: readonly Scope[] = [null, { tags: ['ring-2', 'site-0'] }, { tags: [] }]
const PAGES: readonly EndpointPage[] = [
  { order: { column: 'first-seen', direction: 'desc' }, offset: 0, limit: 20 },
  { order: { column: 'first-seen', direction: 'asc' }, offset: 150, limit: 20 },
  { order: { column: 'id', direction: 'asc' }, offset: 0, limit: 20 },
  { order: { column: 'last-seen', direction: 'desc' }, offset: 30, limit: 20 },
  { order: { column: 'last-seen', direction: 'asc' }, offset: 0, limit: 20 },
  { order: { column: 'id', direction: 'desc' }, offset: 11_870, limit: 20 },
  { order: { column: 'id', direction: 'desc' }, offset: 0, limit: 0 },
]

describe('a page of endpoints', () => {
  it.each(Object.entries(CONDITIONS))('of %s, counted to the last', async (_, conditions) => {
    for (const scope of SCOPES) {
      for (const page of PAGES) {
        const found = await findEndpointPage(database.read, queryOf(conditions, scope), page)
        expect({ scope, page, ...found }).toEqual({
          scope,
          page,
          ...expected(conditions, scope, page),
        })
      }
    }
  })
})

describe('all endpoints that somebody means', () => {
  it('come piece by piece in the order of their ids', async () => {
    const query = queryOf([{ kind: 'connection', values: ['connected'] }], { tags: ['ring-1'] })
    const ids: EndpointId[] = []
    for (let hasMore = true; hasMore; ) {
      const piece = await resolveEndpointIds(database.read, query, 1000, ids.at(-1))
      ids.push(...piece.ids)
      hasMore = piece.hasMore
    }
    const order = { column: 'id', direction: 'asc' } as const
    const whole = expected(query.conditions, query.scope, { order, offset: 0, limit: COUNT })
    expect(ids).toEqual(whole.ids)
  })

  it('are not said to be more where they are just as many', async () => {
    const query = queryOf([{ kind: 'one-of', column: 'alias', values: ['alias 40', 'alias 60'] }])
    expect((await resolveEndpointIds(database.read, query, 2)).hasMore).toBe(false)
    expect((await resolveEndpointIds(database.read, query, 1)).hasMore).toBe(true)
  })

  it('are told lightly as they are at length', async () => {
    const some = fleet.slice(0, 50)
    const light = await loadLightEndpoints(
      database.read,
      some.map(({ id }) => id),
    )
    expect(light).toEqual(
      some.map(({ id, alias, serverTags, lastSeen, state }) => {
        const { hostname, kind, ipv4, users, endpointTags } = state.facts
        const facts = { hostname, kind, ipv4, users, endpointTags }
        const { version, health } = state
        return { id, alias, version, health: health.status, serverTags, lastSeen, ...facts }
      }),
    )
  })
})

describe('the tags that endpoints are found by', () => {
  it('follow every change of an endpoint', async () => {
    await using own = await startTestDatabase()
    await fillFleet(own.connection, 20, NOW)
    const { id } = await own.read
      .selectFrom('endpoint')
      .select('id')
      .where('deleted_at', 'is', null)
      .limit(1)
      .executeTakeFirstOrThrow()
    const count = async (tag: string) => {
      const query = queryOf([{ kind: 'tags', values: [tag] }])
      return (await resolveEndpointIds(own.read, query, 100)).ids.length
    }
    const change = (columns: { deleted_at?: number | null; server_tags?: string }) =>
      own.write((tx) => tx.updateTable('endpoint').set(columns).where('id', '=', id).execute())
    expect(await count('new')).toBe(0)
    await change({ server_tags: '["new", "new", "newer"]' })
    expect(await count('new')).toBe(1)
    await change({ deleted_at: NOW })
    expect(await count('new')).toBe(0)
    await change({ deleted_at: null })
    expect(await count('newer')).toBe(1)
    await change({ server_tags: '["newer"]' })
    expect([await count('new'), await count('newer')]).toEqual([0, 1])
  })
})
