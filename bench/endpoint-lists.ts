/**
 * `get_endpoint` with each filter and `get_endpoints` of a hundred thousand endpoints, against the
 * SQL that asks the same of the same tables in the plainest words: one count, one page.
 */

import type { ServerProcess } from '../test/acceptance/server-process.ts'
import { type FleetServer, openFleetServer, timeRounds, timesText } from './fleet-server.ts'
import { memoryMiB } from './machine.ts'
import { type Row, ratio } from './table.ts'

const ROUNDS = 40
const MINUTE = 60_000
const DAY = 1440 * MINUTE

type Asked = {
  readonly field: string
  readonly operator?: 'in' | 'gte' | 'lte'
  readonly value: unknown
  /** The condition in plain SQL, and its parameter. */
  readonly where: string
  readonly parameter?: unknown
}

export async function benchEndpointLists(
  server: ServerProcess,
  dataDir: string,
): Promise<readonly Row[]> {
  await using fleet = await openFleetServer(server, dataDir)
  const rows: Row[] = []
  for (const [what, sort, order] of ORDERS) {
    const asked = { data: { sort }, where: 'true', parameters: [], order }
    rows.push(await compare(fleet, `get_endpoint, no filter, ${what}`, asked))
  }
  for (const each of await filtersOf(fleet)) rows.push(await compareFilter(fleet, each))
  rows.push(...(await benchWhole(fleet)))
  return rows
}

const NEWEST = 'e.first_seen desc, e.id desc'
const ORDERS = [
  ['newest first', { field: 'first_seen', keyword: 'DESC' }, NEWEST],
  ['by endpoint_id', { field: 'endpoint_id', keyword: 'ASC' }, 'e.id'],
  ['by last_seen', { field: 'last_seen', keyword: 'DESC' }, 'l.last_seen desc, e.id desc'],
] as const

async function filtersOf({ sql }: FleetServer): Promise<readonly Asked[]> {
  const { rows } = await sql.query<{ id: string; hostname: string }>(
    'select id, hostname from endpoint where deleted_at is null order by id limit 5000',
  )
  const [{ hostname } = { hostname: '' }] = rows
  const { rows: seen } = await sql.query<{ at: string }>('select max(last_seen) at from liveness')
  const now = Number(seen[0]?.at)
  const column = (field: string, name: string, ...values: readonly string[]): Asked => {
    return { field, value: values, where: `e.${name} = any($1)`, parameter: values }
  }
  const fact = (field: string, name: string, value: string): Asked => {
    return { field, value: [value], where: `e.facts -> '${name}' ? $1`, parameter: value }
  }
  const time = (field: string, operator: 'gte' | 'lte', name: string, at: number): Asked => {
    const sign = operator === 'gte' ? '>=' : '<='
    return { field, operator, value: at, where: `${name} ${sign} $1`, parameter: at }
  }
  return [
    column('endpoint_id_list', 'id', ...rows.map(({ id }) => id)),
    column('hostname', 'hostname', hostname),
    column('hostname', 'hostname', ...rows.map((row) => row.hostname)),
    column('alias', 'alias', 'alias 40'),
    column('platform', 'platform', 'linux'),
    column('public_ip_list', 'public_address', '203.0.0.1'),
    column('endpoint_version', 'version', '1.0.0.3'),
    { field: 'dist_name', value: ['fleet 1'], where: `d.name = $1`, parameter: 'fleet 1' },
    fact('ip_list', 'ipv4', '192.168.0.7'),
    fact('username', 'users', 'admin-3'),
    { field: 'tag', value: ['ring-1'], where: TAGGED, parameter: 'ring-1' },
    status('connected', `l.last_seen > ${now - 10 * MINUTE}`),
    status('disconnected', `l.last_seen between ${now - 30 * DAY} and ${now - 10 * MINUTE}`),
    status('lost', `l.last_seen < ${now - 30 * DAY}`),
    health('protected', 'healthy'),
    health('partially_protected', 'unhealthy'),
    time('first_seen', 'gte', 'e.first_seen', now - 100 * DAY),
    time('last_seen', 'lte', 'l.last_seen', now - 60 * MINUTE),
    { field: 'isolate', value: ['unisolated'], where: 'true' },
    { field: 'cloud_provider', value: ['other'], where: 'false' },
  ]
}

const TAGGED = `(e.server_tags ? $1 or e.facts -> 'endpointTags' ? $1)`

function status(value: string, where: string): Asked {
  return { field: 'endpoint_status', value: [value], where }
}

function health(value: string, own: string): Asked {
  return { field: 'operational_status', value, where: `e.health ->> 'status' = '${own}'` }
}

async function compareFilter(fleet: FleetServer, asked: Asked): Promise<Row> {
  const { field, operator = 'in', value, where } = asked
  const parameters = 'parameter' in asked ? [asked.parameter] : []
  const what = `get_endpoint, ${field} ${valueText(value, operator)}`
  const data = { filters: [{ field, operator, value }] }
  return await compare(fleet, what, { data, where, parameters, order: NEWEST })
}

function valueText(value: unknown, operator: string): string {
  if (operator !== 'in') return operator === 'gte' ? 'since' : 'until'
  if (!Array.isArray(value)) return String(value)
  return value.length === 1 ? (value[0] ?? '') : `of ${value.length} values`
}

async function compare(
  fleet: FleetServer,
  what: string,
  asked: {
    readonly data: unknown
    readonly where: string
    readonly parameters: readonly unknown[]
    readonly order: string
  },
): Promise<Row> {
  const from = `from endpoint e join liveness l on l.endpoint_id = e.id
    join distribution d on d.id = e.distribution_id where e.deleted_at is null and ${asked.where}`
  const parameters = [...asked.parameters]
  const bare = async () => {
    await fleet.sql.query(`select count(*) ${from}`, parameters)
    const page = `select e.*, l.last_seen, d.name ${from} order by ${asked.order} limit 100`
    await fleet.sql.query(page, parameters)
  }
  let total = 0
  const call = async () => {
    const answer = await fleet.post('endpoints/get_endpoint', asked.data)
    const { reply } = (await answer.json()) as { readonly reply: { readonly total_count: number } }
    total = reply.total_count
  }
  const ours = await timeRounds(ROUNDS, call)
  const other = await timeRounds(ROUNDS / 4, bare)
  return {
    what: `${what}: ${total}, p50 / p95`,
    ours: timesText(ours),
    other: `bare SQL, count and page: ${timesText(other)}`,
    ratio: ratio(ours.p95, other.p95),
  }
}

/** The whole list, read as it comes and thrown away. */
async function benchWhole(fleet: FleetServer): Promise<readonly Row[]> {
  const whole = async () => {
    const answer = await fleet.post('endpoints/get_endpoints', {})
    let bytes = 0
    for await (const chunk of answer.body ?? []) bytes += chunk.byteLength
    return bytes
  }
  const bytes = await whole()
  const { pid } = fleet.server
  const before = memoryMiB([pid]).rss
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, memoryMiB([pid]).rss)
  }, 10)
  const ours = await timeRounds(3, whole).finally(() => clearInterval(watch))
  const other = await timeRounds(3, () => fleet.sql.query(WHOLE))
  const mebibytes = (bytes / 1024 / 1024).toFixed(1)
  return [
    {
      what: `get_endpoints, all of them, ${mebibytes} MiB, p50`,
      ours: `${(ours.p50 / 1000).toFixed(2)} s`,
      other: `bare SQL, the same columns in one answer: ${(other.p50 / 1000).toFixed(2)} s`,
      ratio: ratio(ours.p50, other.p50),
    },
    {
      what: 'growth of the server process meanwhile, at most',
      ours: `${(peak - before).toFixed(0)} MiB (from ${before.toFixed(0)} MiB)`,
      other: 'aim: 100 MiB',
      ratio: ratio(peak - before, 100),
    },
  ]
}

const WHOLE = `select e.id, e.hostname, e.alias, e.version, e.health ->> 'status', e.server_tags,
    e.facts ->> 'kind', e.facts -> 'ipv4', e.facts -> 'users', e.facts -> 'endpointTags',
    l.last_seen
  from endpoint e join liveness l on l.endpoint_id = e.id
  where e.deleted_at is null order by e.id`
