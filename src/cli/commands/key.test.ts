import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type FakeCalls, refusal } from '../../client/testing/fake-server.ts'
import { NOW, startTestCli } from '../testing/terminal.ts'

const KEY = 'K'.repeat(128)

function generating(): { readonly orders: unknown[]; readonly calls: FakeCalls } {
  const orders: unknown[] = []
  const calls: FakeCalls = {
    'api_keys/generate': (order) => {
      orders.push(order)
      return { id: 5, key: KEY }
    },
  }
  return { orders, calls }
}

describe('key create', () => {
  it('shows the key once', async () => {
    const { calls, orders } = generating()
    await using cli = await startTestCli(calls)
    const told = await cli.run('key', 'create', '--name', 'ci', '--expires', '30d')
    expect(told.stdout).toBe(
      `id:      5\nmode:    standard\nexpires: 2026-12-22 12:00 UTC\nkey:     ${KEY}\n`,
    )
    const expiration = NOW + 30 * 86_400_000
    expect(orders).toEqual([{ security_level: 'standard', comment: 'ci', expiration }])
  })

  it('--out writes a file that the CLI can use, and does not show the key', async () => {
    const { calls } = generating()
    await using cli = await startTestCli(calls)
    const file = join(cli.folder, 'new.json')
    const told = await cli.run('key', 'create', '--advanced', '--out', file, '--json')
    expect(told.stdout).not.toContain(KEY)
    expect(JSON.parse(told.stdout)).toEqual({ id: 5, mode: 'advanced', expiration: null, file })
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ id: 5, key: KEY, mode: 'advanced' })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('makes no key for a file that is there, and leaves no file without a key', async () => {
    const { calls, orders } = generating()
    await using cli = await startTestCli(calls)
    const file = join(cli.folder, 'new.json')
    await writeFile(file, 'mine')
    expect((await cli.run('key', 'create', '--out', file)).code).toBe(2)
    expect(await readFile(file, 'utf8')).toBe('mine')
    expect(orders).toEqual([])
    await using refusing = await startTestCli({
      'api_keys/generate': () => refusal(403, 'forbidden', 'no'),
    })
    const other = join(refusing.folder, 'new.json')
    expect((await refusing.run('key', 'create', '--out', other)).code).toBe(4)
    expect(await readdir(refusing.folder)).toEqual(['key.json'])
  })

  it.each(['0d', '30', '1y', '-3d'])('takes no %s for a time', async (time) => {
    await using cli = await startTestCli(generating().calls)
    expect((await cli.run('key', 'create', `--expires=${time}`)).code).toBe(2)
    expect(cli.seen).toEqual([])
  })
})

describe('key list', () => {
  it('is a table', async () => {
    const common = { created_by: 'x', user_name: 'x', creation_time: 0 }
    const keys = [
      {
        ...{ ...common, id: 1, roles: ['administrator'], security_level: 'standard' as const },
        scope: { tags: ['web', 'db'] },
      },
      { ...common, id: 12, roles: [], security_level: 'advanced' as const },
    ]
    await using cli = await startTestCli({
      'api_keys/get_api_keys': () => ({
        DATA: keys.map((key) => ({
          ...key,
          comment: key.id === 1 ? null : 'ci',
          expiration: null,
        })),
        FILTER_COUNT: 2,
        TOTAL_COUNT: 2,
      }),
    })
    expect((await cli.run('key', 'list')).stdout).toBe(
      [
        'ID  MODE      NAME  ROLES          USER  TAGS     CREATED               EXPIRES  USED',
        '1   standard        administrator        web, db  1970-01-01 00:00 UTC  never    never',
        '12  advanced  ci                                  1970-01-01 00:00 UTC  never    never',
        '',
      ].join('\n'),
    )
  })
})

describe('key revoke', () => {
  const revoking = (count: number): FakeCalls => ({
    'api_keys/delete': () => ({ update_count: count }),
  })

  it.each([
    ['all of them', 2, 0, '2 keys revoked.\n'],
    ['some of them', 1, 1, '1 key revoked.\n1 of those named were no live keys.\n'],
    ['none of them', 0, 1, ''],
  ])('ends with what became of %s', async (_case, count, code, stdout) => {
    await using cli = await startTestCli(revoking(count))
    expect(await cli.run('key', 'revoke', '5', '6')).toMatchObject({ code, stdout })
  })

  it('takes numbers only', async () => {
    await using cli = await startTestCli(revoking(1))
    expect((await cli.run('key', 'revoke', '5', 'all')).code).toBe(2)
    expect(cli.seen).toEqual([])
  })
})
