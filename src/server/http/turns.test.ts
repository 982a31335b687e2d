import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { KEY_CALLS_AT_ONCE_MAX } from '../../contract/public/limits.ts'
import { startAssembledServer } from '../testing/assembled.ts'
import { createTurns } from './turns.ts'

describe('calls of one key', () => {
  it('are worked on so many at once, in their order, and those of others beside them', async () => {
    const turns = createTurns(2)
    const begun: string[] = []
    const ends = new Map<string, (error?: Error) => void>()
    const call = (keyId: number, name: string) =>
      turns.take(keyId, async () => {
        begun.push(name)
        await new Promise<void>((resolve, reject) =>
          ends.set(name, (error) => (error === undefined ? resolve() : reject(error))),
        )
        return name
      })
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => call(1, name))
    const other = call(2, 'other')
    await expect.poll(() => begun).toEqual(['a', 'b', 'other'])
    ends.get('b')?.(new Error('it failed'))
    await expect(b).rejects.toThrow('it failed')
    await expect.poll(() => begun).toEqual(['a', 'b', 'other', 'c'])
    ends.get('a')?.()
    await expect.poll(() => begun).toHaveLength(5)
    for (const end of ends.values()) end()
    expect(await Promise.all([a, c, d, other])).toEqual(['a', 'c', 'd', 'other'])
    const again = call(1, 'again')
    await expect.poll(() => begun).toContain('again')
    ends.get('again')?.()
    expect(await again).toBe('again')
  })

  it('that all take long keep no other key out', async () => {
    await using server = await startAssembledServer()
    const { database } = server.assembled.needs
    const made = await server.call('api_keys/generate', { roles: ['Viewer'] })
    const { id, key } = made.body.reply
    const headers = { authorization: String(key), 'x-xdr-auth-id': String(id) }
    const url = `${server.url}/public_api/v1/audits/agents_reports`
    const { promise: locked, resolve: noteLocked } = Promise.withResolvers<void>()
    const { promise: mayGo, resolve: go } = Promise.withResolvers<void>()
    const locking = database.write(async (tx) => {
      await sql`lock table agent_report in access exclusive mode`.execute(tx)
      noteLocked()
      await mayGo
    })
    await locked
    const slow = Array.from({ length: 30 }, () => fetch(url, { method: 'POST', headers }))
    const waiting = async () => {
      const { rows } = await sql<{ readonly count: number }>`
        select count(*) as count from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`.execute(database.read)
      return rows[0]?.count
    }
    await expect.poll(waiting).toBe(KEY_CALLS_AT_ONCE_MAX)
    expect((await server.call('releases/list')).status).toBe(200)
    go()
    await locking
    const statuses = (await Promise.all(slow)).map((answer) => answer.status)
    expect(new Set(statuses)).toEqual(new Set([200]))
  })
})
