/**
 * A server of today on the database of the first version that was ever used: two migrations, and
 * rows in every table.
 */
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { digestOf } from '../base/digest.ts'
import { silentLog } from '../base/log.ts'
import { migrate } from '../store/migrate.ts'
import { ALL_MIGRATIONS } from '../store/migrations/all.ts'
import { createTestDatabase, openTestDatabase } from '../store/testing/database.ts'
import { fillFleet } from '../store/testing/fleet.ts'
import { type AssembledServer, startAssembledServer } from './testing/assembled.ts'

const needs = { log: silentLog, clock: systemClock }
const ENDPOINTS = 200
const NOW = systemClock.now()
const KEY = 'a key of the first version'
const DIGESTS = ['member', 'artifact', 'manifest'].map((each) => digestOf(each))

/** As the first version wrote them. */
const ROWS = [
  `insert into setting values ('something', '{"a": 1}')`,
  `insert into api_key (name, mode, role, key_digest, created_at)
    values ('first', 'standard', 'administrator', '${digestOf(KEY)}', ${NOW})`,
  `insert into artifact values ('${DIGESTS[1]}', 10, repeat('0', 32), '${DIGESTS[0]}', 5, ${NOW})`,
  `insert into release (manifest_digest, version, platform, arch, libc, envelope, published_at,
      published_by)
    values ('${DIGESTS[2]}', '1.0.0.4', 'linux', 'x64', 'glibc', 'e', ${NOW}, 'api-key:1')`,
  `insert into release_artifact values ('${DIGESTS[2]}', '${DIGESTS[1]}')`,
  `insert into distribution (id, name, kind, platform, version, "order", state, token_digest,
      created_by, created_at, modified_at)
    select md5('old ' || n), 'same name', 'standalone', 'linux', '9.9.9.9',
      jsonb_build_object('description', 'number ' || n),
      case n when 2 then 'requested' else 'failed' end, 'token ' || n, 'api-key:1', ${NOW} + n, 1
    from generate_series(1, 2) n`,
  `insert into outbox (kind, subject, created_at, due_at, attempts)
    values ('build-distribution', md5('old 2'), ${NOW}, ${NOW}, 0)`,
  `insert into package values (md5('old 1'), 'deb', 'x64', 'a.deb', 9, 'sealed', 'digest', null)`,
  `insert into lease values ('overdue-upgrades', 'somebody', ${NOW})`,
  `insert into audit (at, actor, action, subject, facts)
    select ${NOW} + n, 'api-key:1', (array['distribution.create', 'api-key.generate',
      'upgrade-action.create', 'release.publish', 'endpoint.enrol'])[1 + n % 5], 'x' || n,
      jsonb_build_object('number', n) from generate_series(1, 20) n`,
]

const ORDERS = `update distribution set "order" = "order" || jsonb_build_object('name', name,
  'kind', kind, 'platform', platform, 'version', version, 'endpointTags', '[]'::jsonb,
  'proxy', '[]'::jsonb, 'clusterName', null)`

/** An upgrade that was offered, and one that waits: then offers had no deadline. */
const OPEN_UPGRADES = `with endpoints as (
    select id, row_number() over (order by id) as n from endpoint
    where deleted_at is null order by id limit 2
  ), action as (
    insert into upgrade_action (target_versions, "window", created_by, created_at, expires_at)
    values ('{"linux": "1.0.0.4"}', 'null', 'api-key:1', ${NOW}, ${NOW + 86_400_000}) returning id
  )
  insert into upgrade (action_id, endpoint_id, state, from_version, target_version,
    manifest_digest, attempt_id, attempts, percent, bytes_done, bytes_total, retry_skipped,
    "window", expires_at, changed_at)
  select action.id, endpoints.id, case n when 1 then 'offered' else 'queued' end, '1.0.0.1',
    '1.0.0.4', '${DIGESTS[2]}', case n when 1 then 'attempt' end, 2 - n, 0, 0, 0, false, 'null',
    ${NOW + 86_400_000}, ${NOW}
  from endpoints, action`

function isTagged(tag: string) {
  return { filters: [{ field: 'tag', operator: 'in', value: [tag] }] }
}

const opened = new AsyncDisposableStack()
let server: AssembledServer
beforeAll(async () => {
  const { connection } = opened.use(await createTestDatabase())
  const database = opened.use(openTestDatabase(connection))
  await migrate(database, ALL_MIGRATIONS.slice(0, 2), needs)
  await database.write(async (tx) => {
    for (const statement of ROWS) await sql.raw(statement).execute(tx)
  })
  await fillFleet(connection, ENDPOINTS, NOW)
  await database.write((tx) => sql.raw(ORDERS).execute(tx))
  await database.write((tx) => sql.raw(OPEN_UPGRADES).execute(tx))
  for (const each of ALL_MIGRATIONS.slice(2)) await breakOff(database, each.name)
  await migrate(database, ALL_MIGRATIONS, needs)
  server = opened.use(await startAssembledServer({ connection }))
})
afterAll(() => opened.disposeAsync())

/** A server that dies at the very end of a migration leaves no trace of it. */
async function breakOff(database: ReturnType<typeof openTestDatabase>, name: string) {
  const dying = ALL_MIGRATIONS.map((migration) => ({
    name: migration.name,
    async up(tx: Kysely<unknown>) {
      await migration.up(tx)
      if (migration.name !== name) return
      await sql`select pg_terminate_backend(pg_backend_pid())`.execute(tx)
    },
  }))
  await expect(migrate(database, dying, needs)).rejects.toMatchObject({
    code: 'database-unavailable',
  })
}

describe('a database of the first version', () => {
  it.each([
    ['endpoints/get_endpoint', {}, { total_count: 198 }],
    ['endpoints/get_endpoint', isTagged('canary'), { total_count: 60 }],
    ['endpoints/upgrade/list', {}, { total_count: 2 }],
    ['endpoints/upgrade/get', { group_action_id: 2 }, { total_count: 2 }],
    ['distributions/get_distributions', {}, { total_count: 42 }],
    ['audits/management_logs', {}, {}],
    ['audits/verify', {}, { valid: true }],
    ['api_keys/get_api_keys', {}, {}],
  ])('answers %s %j', async (path, data, reply) => {
    const answer = await server.call(path, data)
    expect(answer).toMatchObject({ status: 200, body: { reply } })
  })

  it('carries out what was ordered then as rollouts of one wave', async () => {
    const { read } = server.assembled.needs.database
    const rows = await read.selectFrom('rollout').selectAll().orderBy('action_id').execute()
    const all = (size: number) => [{ name: 'all', size, budget: null }]
    expect(rows).toMatchObject([
      { action_id: 1, state: 'finished', reason: 'all-ended', holds: ['none'] },
      { action_id: 2, state: 'running', reason: 'in-progress', waves: all(2), forgiven: [0] },
    ])
    const open = await read
      .selectFrom('upgrade')
      .select(['state', 'wave', 'zone', 'steps', 'not_before'])
      .where('finished_at', 'is', null)
      .orderBy('state')
      .execute()
    const upgraded = { wave: 0, zone: 'UTC', steps: [], not_before: null }
    expect(open).toEqual(['offered', 'queued'].map((state) => ({ state, ...upgraded })))
  })

  it('lets its keys in, builds what was ordered, and gives its tags away', async () => {
    const headers = { authorization: KEY, 'x-xdr-auth-id': '1' }
    const url = `${server.url}/public_api/v1/tags/agents/assign`
    const data = { filters: isTagged('canary').filters, tag: 'new' }
    const body = JSON.stringify({ request_data: data })
    expect(await fetch(url, { method: 'POST', headers, body })).toMatchObject({ status: 200 })
    const found = await server.call('endpoints/get_endpoint', isTagged('new'))
    expect(found.body.reply).toMatchObject({ total_count: 60 })
    await server.assembled.drain()
    const filters = [{ field: 'name', operator: 'eq', value: 'same name' }]
    const listed = await server.call('distributions/get_distributions', { filters })
    expect(listed.body.reply).toMatchObject({ data: [{ status: 'failed' }, { status: 'failed' }] })
  })
})
