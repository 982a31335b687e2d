/**
 * Every call that changes something, made once against the whole server: its entry is in the audit
 * log, and where the entry cannot be written nothing is changed. A new call is not there until it
 * has a row.
 */
import { equal } from 'node:assert/strict'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PUBLIC_ROUTES } from '../src/server/public-api/routes.ts'
import { type AssembledServer, startAssembledServer } from '../src/server/testing/assembled.ts'
import { type AuditEntry, loadAudit } from '../src/store/audit.ts'
import { tamperWith } from '../src/store/testing/tamper.ts'
import { TEST_CODE_CERTIFICATE } from '../src/trust/testing/code-certificate.ts'
import { enrolEndpoint } from './small-fleet.ts'

type Made = {
  readonly endpoint: string
  readonly second: string
  /** The reply of each call before this one. */
  readonly replies: ReadonlyMap<string, Readonly<Record<string, unknown>>>
}

type Row = {
  readonly action: string
  /** What the entry tells. */
  readonly tells: 'before' | 'after' | 'both'
  readonly data: Readonly<Record<string, unknown>> | ((made: Made) => unknown)
}

const USER = { user_email: 'ada@example.org' }
const both = (action: string, data: Row['data']): Row => ({ action, tells: 'both', data })
const after = (action: string, data: Row['data']): Row => ({ action, tells: 'after', data })
const before = (action: string, data: Row['data']): Row => ({ action, tells: 'before', data })
const of = (call: string, key: string, more = {}) => {
  return ({ replies }: Made) => ({ [key]: replies.get(call)?.[key], ...more })
}
const ofEndpoint = (more = {}) => {
  return ({ endpoint: value }: Made) => {
    return { filters: [{ field: 'endpoint_id_list', operator: 'eq', value }], ...more }
  }
}

/** In an order in which each finds what it changes. */
const CHANGES: Readonly<Record<string, Row>> = {
  'distributions/create': after('distribution.create', {
    ...{ name: 'audited', platform: 'linux', package_type: 'standalone' },
  }),
  'distributions/update': both(
    'distribution.update',
    of('distributions/create', 'distribution_id', { description: 'other' }),
  ),
  'distributions/delete': before(
    'distribution.delete',
    of('distributions/create', 'distribution_id'),
  ),
  'endpoints/update_agent_name': both('endpoint.rename', ofEndpoint({ alias: 'web-1' })),
  'tags/agents/assign': after('tag.assign', ofEndpoint({ tag: 'ring' })),
  'tags/agents/remove': before('tag.remove', ofEndpoint({ tag: 'ring' })),
  'tags/agents/delete_permanently': before('tag.delete', { tags: ['ring'] }),
  'endpoints/upgrade': after('upgrade-action.create', ({ endpoint, second }) => {
    const others = Array.from({ length: 1000 }, (_, index) => `${index}`.padStart(32, '0'))
    const rollout = { canary: { count: 1 } }
    const endpoint_ids = [endpoint, second, ...others]
    return { endpoint_ids, target_versions: { linux: '8.6.0.2' }, rollout }
  }),
  'endpoints/upgrade/pause': both(
    'rollout.pause',
    of('endpoints/upgrade', 'group_action_id', { reason: 'lunch' }),
  ),
  'endpoints/upgrade/resume': both('rollout.resume', of('endpoints/upgrade', 'group_action_id')),
  'endpoints/upgrade/skip_wave': both(
    'rollout.skip-wave',
    of('endpoints/upgrade', 'group_action_id'),
  ),
  'endpoints/upgrade/retry': after('upgrade-action.create', of('failed', 'group_action_id')),
  'endpoints/upgrade/revert': after('upgrade-action.create', of('succeeded', 'group_action_id')),
  'endpoints/upgrade/cancel': after(
    'upgrade-action.cancel',
    of('endpoints/upgrade', 'group_action_id'),
  ),
  'endpoints/upgrade/policies/set': after('upgrade-policy.set', {
    ...{ name: 'Nobody', endpoint_tags: ['nobody'], version: 'latest' },
  }),
  'endpoints/upgrade/policies/delete': before('upgrade-policy.delete', { name: 'nobody' }),
  'endpoints/delete': before('endpoint.delete', ofEndpoint()),
  'releases/publish': after('release.publish', ({ replies }) => replies.get('uploaded')),
  'releases/withdraw': both('release.withdraw', { version: '8.6.0.3', platform: 'linux' }),
  'api_keys/generate': after('api-key.generate', { roles: ['Viewer'] }),
  'api_keys/rotate': both('api-key.rotate', of('api_keys/generate', 'id')),
  'api_keys/delete': before('api-key.delete', ({ replies }) => {
    const value = [replies.get('api_keys/generate')?.id]
    return { filters: [{ field: 'id', operator: 'in', value }] }
  }),
  'rbac/create_role': after('role.create', {
    ...{ role_name: 'Looks', permissions: ['endpoints.view'] },
  }),
  'rbac/update_role': both('role.update', { role_name: 'Looks', description: 'other' }),
  'rbac/create_user': after('user.create', USER),
  'rbac/set_user_role': both('user.set-role', {
    ...{ user_emails: [USER.user_email], role_name: 'Looks' },
  }),
  'rbac/set_user_group': after('user-group.set', { group_name: 'Ops', members: [] }),
  'rbac/delete_user_group': before('user-group.delete', { group_name: 'Ops' }),
  'rbac/delete_user': before('user.delete', USER),
  'rbac/delete_role': before('role.delete', { role_name: 'Looks' }),
  'trust/import_certificate': after('certificate.import', {
    ...{ purpose: 'windows', certificate: TEST_CODE_CERTIFICATE.asSent },
  }),
  'trust/remove_certificate': before('certificate.remove', { purpose: 'windows' }),
  ...setting('auto_upgrade', { amount_of_parallel_upgrades: 7 }),
  ...setting('agent_status', { agent_deletion_retention: 91 }),
  ...setting('action_center_expiration', { isolate: 73 }),
  ...setting('endpoint_administration_cleanup', { periodic_duplicate_cleanup: true, mac: true }),
  ...setting('content_management', { bandwidth_in_mbps: 11 }),
  ...setting('critical_environment_versions', { enabled_critical_environment_versions: true }),
  ...setting('rollout', { soak_minutes: 61 }),
}

/** They write down nothing that anybody chose. */
const NO_CHANGES = ['releases/missing_artifacts']

function setting(name: string, data: Readonly<Record<string, unknown>>): Record<string, Row> {
  return { [`configurations/agent/${name}/set`]: both('configuration.set', data) }
}

let server: AssembledServer
let made: Made & { readonly replies: Map<string, Readonly<Record<string, unknown>>> }
beforeAll(async () => {
  server = await startAssembledServer()
  await server.publish('8.6.0.1')
  await server.publish('8.6.0.2')
  const endpoint = await enrolEndpoint(server, 'audited', 'linux')
  const second = await enrolEndpoint(server, 'audited-too', 'linux')
  const launcher = await server.upload(Buffer.from('a launcher'))
  const digest = await server.upload(Buffer.from('an agent'))
  const files = [{ path: 'agent.mjs', digest, executable: false }]
  const target = { version: '8.6.0.3', platform: 'linux', arch: 'x64', libc: 'glibc' }
  const uploaded = { ...target, launcher, files }
  const [failed, succeeded] = [await endedAs('failed'), await endedAs('succeeded')]
  made = { endpoint, second, replies: new Map(Object.entries({ uploaded, failed, succeeded })) }
})

/** An action whose one upgrade came to that end. */
async function endedAs(state: 'failed' | 'succeeded'): Promise<Readonly<Record<string, unknown>>> {
  const endpoint = await enrolEndpoint(server, `audited-${state}`, 'linux')
  const order = { endpoint_ids: [endpoint], target_versions: { linux: '8.6.0.2' } }
  const { body } = await server.call('endpoints/upgrade', order)
  await tamperWith(
    database(),
    `update upgrade set state = '${state}', finished_at = 1, deadline_at = null
      where endpoint_id = '${endpoint}'`,
  )
  const installed = state === 'succeeded' ? '8.6.0.2' : '8.6.0.1'
  await tamperWith(
    database(),
    `update endpoint set version = '${installed}' where id = '${endpoint}'`,
  )
  return body.reply
}
afterAll(() => server[Symbol.asyncDispose]())

const database = () => server.assembled.needs.database

async function newest(): Promise<AuditEntry | undefined> {
  return (await loadAudit(database().read, 1))[0]
}

async function countEvents(): Promise<number> {
  return (await database().read.selectFrom('event').select('id').execute()).length
}

describe('every call that changes something', () => {
  it('has a row', () => {
    const changing = PUBLIC_ROUTES.filter(({ permission }) => permission?.endsWith('.edit'))
    const paths = changing.map(({ call }) => call.path)
    expect(paths.toSorted()).toEqual([...Object.keys(CHANGES), ...NO_CHANGES].toSorted())
  })

  it.each(Object.entries(CHANGES))('%s is in the audit log, or was not made', async (path, row) => {
    const data = typeof row.data === 'function' ? row.data(made) : row.data
    await server.assembled.drain()
    const [entryBefore, eventsBefore] = [await newest(), await countEvents()]
    await tamperWith(
      database(),
      `alter table audit add constraint none check (actor not like 'api-key:%') not valid`,
    )
    try {
      expect((await server.call(path, data)).status).toBe(500)
    } finally {
      await tamperWith(database(), 'alter table audit drop constraint none')
    }
    expect([await newest(), await countEvents()]).toEqual([entryBefore, eventsBefore])
    const { status, body } = await server.call(path, data)
    equal(status, 200, JSON.stringify(body))
    made.replies.set(path, body.reply)
    const entry = await newest()
    expect(entry).toMatchObject({
      action: row.action,
      by: { name: `api-key:${server.key.id}`, address: expect.stringContaining('127.0.0.1') },
      result: 'success',
      description: expect.stringMatching(/./),
    })
    const tells = { before: entry?.before != null, after: entry?.after != null }
    expect(tells).toEqual({ before: row.tells !== 'after', after: row.tells !== 'before' })
  })

  it('and no entry fills the log', async () => {
    const entries = await loadAudit(database().read, 1000)
    const lengths = entries.map((entry) => JSON.stringify(entry).length)
    expect(Math.max(...lengths)).toBeLessThan(5_000)
  })

  it('and no entry holds a secret', async () => {
    const entries = JSON.stringify(await loadAudit(database().read, 1000))
    const secrets = ['api_keys/generate', 'api_keys/rotate'].map((path) => made.replies.get(path))
    for (const reply of secrets) {
      expect(reply?.key).toHaveLength(128)
      expect(entries).not.toContain(reply?.key)
    }
    expect(entries).not.toContain(server.key.key)
    expect(entries).not.toContain('signature')
  })
})
