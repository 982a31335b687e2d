import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type FakeCalls, refusal } from '../../client/testing/fake-server.ts'
import { NOW, startTestCli } from '../testing/terminal.ts'

const KEY = 'N'.repeat(128)
const DAY_MS = 86_400_000
const role = {
  pretty_name: 'Viewer',
  permissions: ['endpoints.view', 'upgrades.view', 'upgrades.edit'],
  insert_time: 0,
  update_time: null,
  created_by: 'Drydock',
  description: 'd',
  groups: ['g'],
  users: ['ada@example.org'],
  is_built_in: true,
}
const user = {
  user_email: 'ada@example.org',
  user_first_name: 'Ada',
  user_last_name: '',
  role_name: 'Viewer',
  last_logged_in: null,
  user_type: 'CSP',
  groups: [],
  scope: ['web'],
}

/** Every call's order, and an answer that fits. */
function access(): { readonly orders: unknown[]; readonly calls: FakeCalls } {
  const orders: unknown[] = []
  const noted =
    <Reply>(reply: Reply) =>
    (order: unknown) => {
      orders.push(order)
      return reply
    }
  const there = {
    ...{ id: 5, creation_time: 0, created_by: 'x', user_name: 'x', roles: ['Viewer'] },
    ...{ security_level: 'advanced' as const, comment: null, expiration: null },
  }
  const rotated = { id: 5, key: KEY, expiration: null, previous_valid_until: NOW + DAY_MS }
  return {
    orders,
    calls: {
      'api_keys/generate': noted({ id: 5, key: KEY }),
      'api_keys/get_api_keys': () => ({ DATA: [there], FILTER_COUNT: 1, TOTAL_COUNT: 1 }),
      'api_keys/rotate': noted(rotated),
      'rbac/get_roles': noted([[role]]),
      'rbac/create_role': noted(role),
      'rbac/delete_role': noted(true as const),
      'rbac/get_users': noted([user]),
      'rbac/create_user': noted(user),
      'rbac/set_user_role': noted({ update_count: '2' }),
      'rbac/delete_user': noted({ deleted_keys: [5, 6] }),
    },
  }
}

describe('key create', () => {
  it('says role, scope, user and end', async () => {
    const { calls, orders } = access()
    await using cli = await startTestCli(calls)
    const who = ['--role', 'Viewer', '--tag', 'web', '--tag', 'db', '--user', 'ada@example.org']
    await cli.run('key', 'create', ...who, '--expires', 'never')
    expect(orders).toEqual([
      {
        security_level: 'standard',
        comment: null,
        expiration: null,
        roles: ['Viewer'],
        scope: { tags: ['web', 'db'] },
        user_email: 'ada@example.org',
      },
    ])
  })
})

describe('key rotate', () => {
  it('shows the new secret once, and how long the old one works', async () => {
    const { calls, orders } = access()
    await using cli = await startTestCli(calls)
    const told = await cli.run('key', 'rotate', '5')
    expect(told.stdout).toBe(
      [
        'id:      5',
        'mode:    advanced',
        'expires: never',
        'old key: works until 2026-11-23 12:00 UTC',
        `key:     ${KEY}`,
        '',
      ].join('\n'),
    )
    expect(orders).toEqual([{ id: 5, overlap_seconds: 86_400 }])
  })

  it('writes a file, and passes on what it is told', async () => {
    const { calls, orders } = access()
    await using cli = await startTestCli(calls)
    const file = join(cli.folder, 'new.json')
    const options = ['--overlap', '0', '--expires', '30d', '--out', file, '--json']
    const told = await cli.run('key', 'rotate', '5', ...options)
    expect(told.stdout).not.toContain(KEY)
    expect(JSON.parse(told.stdout)).toMatchObject({ id: 5, file })
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ id: 5, key: KEY, mode: 'advanced' })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(orders).toEqual([{ id: 5, overlap_seconds: 0, expiration: NOW + 30 * DAY_MS }])
  })

  it.each([['x'], ['5', '--overlap', '1y'], ['5', '--expires', 'soon'], []])(
    'takes no %s %s %s',
    async (...argv) => {
      await using cli = await startTestCli(access().calls)
      expect((await cli.run('key', 'rotate', ...argv)).code).toBe(2)
      expect(cli.seen).toEqual([])
    },
  )

  it('says that there is no such key', async () => {
    const none = () => ({ DATA: [], FILTER_COUNT: 0, TOTAL_COUNT: 1 })
    await using cli = await startTestCli({ 'api_keys/get_api_keys': none })
    expect(await cli.run('key', 'rotate', '7')).toMatchObject({ code: 1, stdout: '' })
  })
})

describe('role and user', () => {
  it.each([
    ['role list', {}, 'PERMISSIONS\nViewer  2        yes       endpoints.view upgrades.edit\n'],
    [
      'role create Viewer --permission endpoints.view --description d',
      { role_name: 'Viewer', description: 'd', permissions: ['endpoints.view'] },
      'Role Viewer made.\n',
    ],
    ['role delete Viewer', { role_name: 'Viewer' }, 'Role Viewer deleted.\n'],
    [
      'user list',
      {},
      'EMAIL            NAME  ROLE    GROUPS  TAGS  LAST SEEN\nada@example.org  Ada ',
    ],
    [
      'user create ada@example.org --role Viewer --first-name Ada --tag web',
      {
        user_email: 'ada@example.org',
        user_first_name: 'Ada',
        user_last_name: null,
        role_name: 'Viewer',
        scope: { tags: ['web'] },
      },
      'User ada@example.org recorded, with the role Viewer.\n',
    ],
    [
      'user set-role a@b c@d --role Viewer',
      { user_emails: ['a@b', 'c@d'], role_name: 'Viewer' },
      '2 users changed.\n',
    ],
    ['user set-role a@b --none', { user_emails: ['a@b'], role_name: '' }, '2 users changed.\n'],
    ['user delete a@b', { user_email: 'a@b' }, 'User a@b deleted, with 2 API keys.\n'],
  ])('%s', async (line, order, stdout) => {
    const { calls, orders } = access()
    await using cli = await startTestCli(calls)
    const told = await cli.run(...line.split(' '))
    expect(told).toMatchObject({ code: 0, stdout: expect.stringContaining(stdout) })
    expect(orders).toEqual([order])
  })

  it.each(['user set-role a@b', 'user set-role a@b --role x --none', 'role create', 'user delete'])(
    '%s is half a command',
    async (line) => {
      await using cli = await startTestCli(access().calls)
      expect((await cli.run(...line.split(' '))).code).toBe(2)
      expect(cli.seen).toEqual([])
    },
  )

  it('a refusal keeps its reason', async () => {
    const inUse = () => refusal(409, 'role-in-use', 'The role is in use')
    await using cli = await startTestCli({ 'rbac/delete_role': inUse })
    const told = await cli.run('role', 'delete', 'Viewer', '--json')
    expect(told.code).toBe(5)
    expect(told.stderr + told.stdout).toContain('role-in-use')
  })
})
