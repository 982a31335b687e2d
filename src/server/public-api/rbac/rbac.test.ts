import { describe, expect, it } from 'vitest'
import { type AssembledServer, startAssembledServer } from '../../testing/assembled.ts'

type Key = { readonly id: number; readonly key: string }

const ADA = 'ada@example.org'

async function done(server: AssembledServer, path: string, data: unknown) {
  const { status, body } = await server.call(path, data)
  expect({ path, status, extra: status === 200 ? '' : body }).toEqual({
    path,
    status: 200,
    extra: '',
  })
  return body.reply as unknown
}

/** Asks with another key. */
async function statusOf(server: AssembledServer, { id, key }: Key, path: string, data: unknown) {
  const headers = { authorization: key, 'x-xdr-auth-id': String(id) }
  const body = JSON.stringify({ request_data: data })
  const url = `${server.url}/public_api/v1/${path}`
  const answer = await fetch(url, { method: 'POST', headers, body })
  await answer.arrayBuffer()
  return answer.status
}

const looks = (server: AssembledServer, key: Key) => statusOf(server, key, 'releases/list', {})

async function refusedAs(server: AssembledServer, path: string, data: unknown) {
  const { status, body } = await server.call(path, data)
  return [status, body.reply.reason]
}

async function keyOfAda(server: AssembledServer, role: string): Promise<Key> {
  await done(server, 'rbac/create_user', { user_email: 'Ada@Example.org', role_name: role })
  const asked = { roles: ['Instance Administrator'], user_email: ADA, expiration: null }
  return (await done(server, 'api_keys/generate', asked)) as Key
}

describe('users', () => {
  it('what a role gives or takes, their keys have or lack at once', async () => {
    await using server = await startAssembledServer()
    const key = await keyOfAda(server, 'viewer')
    expect(await looks(server, key)).toBe(200)
    expect(await statusOf(server, key, 'rbac/get_users', {})).toBe(403)
    const users = { user_emails: [ADA] }
    const set = (role: string) => done(server, 'rbac/set_user_role', { ...users, role_name: role })
    expect(await set('')).toEqual({ update_count: '1' })
    expect(await looks(server, key)).toBe(403)
    const group = { group_name: 'Ops', members: [ADA], role_name: 'Operator' }
    await done(server, 'rbac/set_user_group', group)
    expect(await looks(server, key)).toBe(200)
    expect(await done(server, 'rbac/get_users', {})).toEqual([
      {
        user_email: ADA,
        user_first_name: '',
        user_last_name: '',
        role_name: '',
        last_logged_in: expect.toSatisfy((time) => time === null || time > 0),
        user_type: 'CSP',
        groups: ['Ops'],
        scope: [],
      },
    ])
    await done(server, 'rbac/delete_user_group', { group_name: 'ops' })
    expect(await looks(server, key)).toBe(403)
    const deleted = await done(server, 'rbac/delete_user', { user_email: ADA })
    expect(deleted).toEqual({ deleted_keys: [key.id] })
    expect(await looks(server, key)).toBe(401)
    await done(server, 'rbac/create_user', { user_email: ADA, role_name: 'viewer' })
    expect(await looks(server, key)).toBe(401)
  })

  it('are known to another server within seconds', async () => {
    await using server = await startAssembledServer()
    await using beside = await startAssembledServer({ beside: server })
    const key = await keyOfAda(server, 'Viewer')
    await expect.poll(() => looks(beside, key), { timeout: 5_000 }).toBe(200)
    await done(server, 'rbac/set_user_role', { user_emails: [ADA], role_name: '' })
    await expect.poll(() => looks(beside, key), { timeout: 5_000 }).toBe(403)
  })

  it.each([
    ['rbac/create_user', { user_email: 'ADA@example.org' }, 409, 'user-exists'],
    ['rbac/create_user', { user_email: 'x@y', role_name: 'x' }, 404, 'role-unknown'],
    ['rbac/create_user', { user_email: 'x' }, 400, 'invalid-request'],
    ['rbac/create_user', {}, 400, 'invalid-request'],
    ['rbac/delete_user', { user_email: 'x@y' }, 404, 'user-unknown'],
    ['rbac/set_user_role', { user_emails: ['x@y'], role_name: '' }, 404, 'user-unknown'],
    ['rbac/set_user_role', { user_emails: [ADA], role_name: 'x' }, 404, 'role-unknown'],
    ['rbac/set_user_role', { user_emails: [], role_name: '' }, 400, 'invalid-request'],
    ['rbac/set_user_role', { user_emails: [ADA] }, 400, 'invalid-request'],
    ['rbac/set_user_group', { group_name: 'g', members: ['x@y'] }, 404, 'user-unknown'],
    ['rbac/set_user_group', { group_name: ' ' }, 400, 'invalid-request'],
    ['rbac/delete_user_group', { group_name: 'g' }, 404, 'group-unknown'],
    ['rbac/get_user_group', { group_names: ['g'] }, 404, 'group-unknown'],
    ['rbac/get_user_group', { group_names: [] }, 400, 'invalid-request'],
  ])('%s %o is refused', async (path, data, status, reason) => {
    await using server = await startAssembledServer()
    await done(server, 'rbac/create_user', { user_email: ADA })
    expect(await refusedAs(server, path, data)).toEqual([status, reason])
  })

  it('groups keep what a change does not name', async () => {
    await using server = await startAssembledServer()
    await done(server, 'rbac/create_user', { user_email: ADA })
    const made = { group_name: 'Ops', description: 'on call', members: [ADA], role_name: 'viewer' }
    await done(server, 'rbac/set_user_group', made)
    await done(server, 'rbac/set_user_group', { group_name: 'OPS', role_name: null })
    expect(await done(server, 'rbac/get_user_group', { group_names: ['ops'] })).toEqual([
      {
        group_name: 'Ops',
        description: 'on call',
        pretty_name: 'Ops',
        insert_time: expect.any(Number),
        update_time: expect.any(Number),
        user_email: [ADA],
        source: 'Custom',
        role_name: null,
      },
    ])
    expect(await done(server, 'rbac/get_user_group', {})).toHaveLength(1)
  })
})

describe('roles', () => {
  it('are made, changed for everybody who has them, and deleted when nobody does', async () => {
    await using server = await startAssembledServer()
    const asked = { role_name: 'Auditor', description: 'd', permissions: ['audits.view'] }
    await done(server, 'rbac/create_role', asked)
    const key = (await done(server, 'api_keys/generate', { roles: ['auditor'] })) as Key
    expect(await looks(server, key)).toBe(403)
    const more = { role_name: 'AUDITOR', permissions: ['audits.view', 'releases.view'] }
    await done(server, 'rbac/update_role', more)
    expect(await looks(server, key)).toBe(200)
    expect(await done(server, 'rbac/get_roles', { role_names: ['auditor'] })).toEqual([
      [
        {
          pretty_name: 'Auditor',
          permissions: ['audits.view', 'releases.view'],
          insert_time: expect.any(Number),
          update_time: expect.any(Number),
          created_by: `api-key:${server.key.id}`,
          description: 'd',
          groups: [],
          users: [`Public API - ${key.id}`],
          is_built_in: false,
        },
      ],
    ])
    const name = { role_name: 'auditor' }
    expect(await refusedAs(server, 'rbac/delete_role', name)).toEqual([409, 'role-in-use'])
    const filters = [{ field: 'id', operator: 'in', value: [key.id] }]
    await done(server, 'api_keys/delete', { filters })
    expect(await done(server, 'rbac/delete_role', name)).toBe(true)
    expect(await done(server, 'rbac/get_roles', {})).toHaveLength(4)
  })

  it('the built-in ones are shown as strict clients need them', async () => {
    await using server = await startAssembledServer()
    const named = { role_names: ['Instance Administrator'] }
    const [[role]] = (await done(server, 'rbac/get_roles', named)) as [[Record<string, unknown>]]
    for (const field of ['description', 'created_by', 'permissions', 'users']) {
      expect(role[field]).not.toHaveLength(0)
    }
  })

  it.each([
    ['rbac/create_role', { role_name: 'VIEWER', permissions: [] }, 409, 'role-exists'],
    ['rbac/create_role', { role_name: 'x', permissions: ['endpoints'] }, 400, 'invalid-request'],
    ['rbac/create_role', { role_name: '', permissions: [] }, 400, 'invalid-request'],
    ['rbac/create_role', { role_name: 'x' }, 400, 'invalid-request'],
    ['rbac/update_role', { role_name: 'x' }, 404, 'role-unknown'],
    ['rbac/update_role', { role_name: 'viewer', permissions: [] }, 409, 'role-built-in'],
    ['rbac/update_role', { role_name: 'x', permissions: ['all'] }, 400, 'invalid-request'],
    ['rbac/delete_role', { role_name: 'x' }, 404, 'role-unknown'],
    ['rbac/delete_role', { role_name: 'viewer' }, 409, 'role-built-in'],
    ['rbac/delete_role', {}, 400, 'invalid-request'],
    ['rbac/get_roles', { role_names: ['x'] }, 404, 'role-unknown'],
    ['rbac/get_roles', { role_names: [] }, 400, 'invalid-request'],
  ])('%s %o is refused', async (path, data, status, reason) => {
    await using server = await startAssembledServer()
    expect(await refusedAs(server, path, data)).toEqual([status, reason])
  })
})

describe('nobody hands out more than they have', () => {
  it.each([
    ['api_keys/generate', { roles: ['Viewer'] }],
    ['api_keys/rotate', { id: 1 }],
    ['rbac/create_role', { role_name: 'x', permissions: ['releases.edit'] }],
    ['rbac/update_role', { role_name: 'Keeper', permissions: ['releases.edit'] }],
    ['rbac/create_user', { user_email: 'x@y', role_name: 'Viewer' }],
    ['rbac/set_user_role', { user_emails: [ADA], role_name: 'Viewer' }],
    ['rbac/set_user_group', { group_name: 'g', role_name: 'Viewer' }],
  ])('%s %o', async (path, data) => {
    await using server = await startAssembledServer()
    await done(server, 'rbac/create_role', { role_name: 'Keeper', permissions: ['access.edit'] })
    await done(server, 'rbac/create_user', { user_email: ADA })
    const keeper = (await done(server, 'api_keys/generate', { roles: ['Keeper'] })) as Key
    expect(await statusOf(server, keeper, path, data)).toBe(403)
    expect(await statusOf(server, keeper, 'api_keys/rotate', { id: keeper.id })).toBe(200)
  })

  it('and every change is in the audit log, with before and after', async () => {
    await using server = await startAssembledServer()
    await done(server, 'rbac/create_user', { user_email: ADA, role_name: 'Viewer' })
    await done(server, 'rbac/set_user_role', { user_emails: [ADA], role_name: 'Operator' })
    const { read } = server.assembled.needs.database
    const rows = await read.selectFrom('audit').selectAll().orderBy('id').execute()
    expect(rows).toMatchObject([
      { action: 'user.create', subject: ADA, before: null },
      { action: 'user.set-role', before: { role: 'Viewer' }, after: { role: 'Operator' } },
    ])
  })
})
