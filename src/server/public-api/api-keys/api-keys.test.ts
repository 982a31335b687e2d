import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../base/clock-manual.ts'
import { type AssembledServer, startAssembledServer } from '../../testing/assembled.ts'

type Key = { readonly id: number; readonly key: string }

const WEEK_MS = 7 * 86_400_000

async function statusWith(server: AssembledServer, headers: Record<string, string>) {
  const path = `${server.url}/public_api/v1/distributions/get_versions/`
  return (await fetch(path, { method: 'POST', headers })).status
}

function headersOf({ id, key }: Key): Record<string, string> {
  return { authorization: key, 'x-xdr-auth-id': String(id) }
}

function signed({ id, key }: Key, now: number): Record<string, string> {
  const timestamp = String(now)
  const authorization = createHash('sha256').update(`${key}nonce${timestamp}`).digest('hex')
  const signature = { 'x-xdr-nonce': 'nonce', 'x-xdr-timestamp': timestamp, authorization }
  return { ...signature, 'x-xdr-auth-id': String(id) }
}

function idIn(...value: number[]) {
  return { filters: [{ field: 'id', operator: 'IN', value }] }
}

function idOf({ id }: { readonly id: number }): number {
  return id
}

async function generate(server: AssembledServer, data: unknown = {}): Promise<Key> {
  const made = await server.call('api_keys/generate', data)
  expect(made.status).toBe(200)
  return made.body.reply as Key
}

async function listed(server: AssembledServer, data: unknown = {}) {
  const { body } = await server.call('api_keys/get_api_keys', data)
  return body.reply as {
    DATA: Record<string, unknown>[]
    FILTER_COUNT: number
    TOTAL_COUNT: number
  }
}

describe('API keys', () => {
  it('a new key works at once, in its mode only, and not any more once it is deleted', async () => {
    await using server = await startAssembledServer()
    const made = await generate(server, {
      security_level: 'Advanced',
      comment: 'ci',
      expiration: null,
    })
    const { id } = made
    const headers = signed(made, server.assembled.needs.clock.now())
    expect(await statusWith(server, headers)).toBe(200)
    expect(await statusWith(server, headersOf(made))).toBe(401)
    expect(await listed(server, idIn(id))).toMatchObject({
      DATA: [
        {
          id,
          security_level: 'advanced',
          comment: 'ci',
          roles: ['Instance Administrator'],
          expiration: null,
          created_by: `api-key:${server.key.id}`,
          scope: null,
          user_email: null,
          previous_valid_until: null,
        },
      ],
      FILTER_COUNT: 1,
      TOTAL_COUNT: 2,
    })
    const deleted = await server.call('api_keys/delete', {
      filters: [{ field: 'id', operator: 'in', value: [String(id), 999] }],
    })
    expect(deleted.body.reply).toEqual({ update_count: 1 })
    expect(await statusWith(server, headers)).toBe(401)
  })

  it('lives for a week when nobody says how long', async () => {
    const clock = new ManualClock(Date.parse('2026-11-22T08:00:00Z'))
    await using server = await startAssembledServer({ clock })
    const { id } = await generate(server, { roles: ['viewer'] })
    const { DATA: keys } = await listed(server, idIn(id))
    expect(keys).toMatchObject([{ roles: ['Viewer'], expiration: clock.now() + WEEK_MS }])
  })

  it('a deleted key is forgotten in the end', async () => {
    const clock = new ManualClock(Date.parse('2026-11-22T08:00:00Z'))
    await using server = await startAssembledServer({ clock })
    const old = await generate(server)
    await server.call('api_keys/delete', idIn(old.id))
    const { read } = server.assembled.needs.database
    const ids = async () => (await read.selectFrom('api_key').select('id').execute()).map(idOf)
    await generate(server)
    expect(await ids()).toContain(old.id)
    clock.advance(91 * 86_400_000)
    await generate(server)
    expect(await ids()).not.toContain(old.id)
  })

  it('the last live key stays', async () => {
    await using server = await startAssembledServer()
    const { id } = server.key
    const refused = await server.call('api_keys/delete', idIn(id))
    expect(refused).toMatchObject({ status: 409, body: { reply: { reason: 'last-live-key' } } })
    const other = (await generate(server, { expiration: null })).id
    expect((await server.call('api_keys/delete', idIn(other, id))).status).toBe(409)
    expect((await server.call('api_keys/delete', idIn(other))).status).toBe(200)
  })

  it('two who delete one of the last two keys each leave one', async () => {
    await using server = await startAssembledServer()
    const other = (await generate(server, { expiration: null })).id
    await Promise.all([server.key.id, other].map((id) => server.call('api_keys/delete', idIn(id))))
    const { read } = server.assembled.needs.database
    const live = await read
      .selectFrom('api_key')
      .selectAll()
      .where('revoked_at', 'is', null)
      .execute()
    expect(live).toHaveLength(1)
  })

  it.each([
    [{ roles: ['Nobody'] }, 'roles'],
    [{ roles: ['Viewer', 'Operator'] }, 'roles'],
    [{ roles: [] }, 'roles'],
    [{ user_email: 'x@example.org' }, 'user_email'],
    [{ user_email: 'x' }, 'user_email'],
    [{ scope: { tags: [] } }, 'scope'],
    [{ scope: { endpoints: [] } }, 'scope'],
    [{ expiration: 1000 }, 'expiration'],
    [{ security_level: 'secret' }, 'security_level'],
    [{ comment: 'x'.repeat(201) }, 'comment'],
    [{ level: 'advanced' }, 'level'],
  ])('%o is refused: a key must not be able to do more than was meant', async (data, field) => {
    await using server = await startAssembledServer()
    const refused = await server.call('api_keys/generate', data)
    expect(refused).toMatchObject({ status: 400 })
    const [error] = refused.body.reply.err_extra as [{ loc: unknown[] }]
    expect(error.loc.slice(0, 2)).toEqual(['request_data', field])
  })

  it('validate says true to whoever has a key', async () => {
    await using server = await startAssembledServer()
    const path = `${server.url}/public_api/v1/api_keys/validate/`
    for (const body of ['', '{}', '{"request_data":{}}', '{"x":1}']) {
      const answer = await fetch(path, { method: 'POST', headers: server.headers(), body })
      expect([answer.status, await answer.text()]).toEqual([200, 'true'])
    }
    expect((await fetch(path, { method: 'POST' })).status).toBe(401)
  })
})

describe('the list of API keys', () => {
  it('filters, names columns and shows a page', async () => {
    const clock = new ManualClock(Date.parse('2026-11-22T08:00:00Z'))
    await using server = await startAssembledServer({ clock })
    const first = server.key.id
    const soon = (await generate(server, { roles: ['Viewer'], expiration: clock.now() + 10 })).id
    const late = (await generate(server, { roles: ['Operator'] })).id
    clock.advance(1000)
    const ids = async (...filters: unknown[]) =>
      (await listed(server, { filters })).DATA.map((key) => key.id)
    expect(await ids({ field: 'expiration', operator: 'lte', value: clock.now() })).toEqual([soon])
    expect(await ids({ field: 'expiration', operator: 'gte', value: String(clock.now()) })).toEqual(
      [first, late],
    )
    const viewers = { field: 'roles', operator: 'contains', value: 'VIEWER' }
    expect(await ids(viewers)).toEqual([soon])
    expect(await ids(viewers, ...idIn(late).filters)).toEqual([])
    const some = { fields: ['id', 'roles'], search_from: 1, search_to: 2 }
    expect(await listed(server, some)).toEqual({
      DATA: [{ id: soon, roles: ['Viewer'] }],
      FILTER_COUNT: 3,
      TOTAL_COUNT: 3,
    })
    for (const wrong of [
      { filters: [{ field: 'name', operator: 'in', value: 'x' }] },
      { filters: [{ field: 'id', operator: 'gte', value: 1 }] },
      { fields: ['key'] },
      { search_to: 101 },
    ]) {
      expect((await server.call('api_keys/get_api_keys', wrong)).status).toBe(400)
    }
  })

  it('says when a key was used last', async () => {
    await using server = await startAssembledServer()
    await server.call('api_keys/validate')
    await expect
      .poll(async () => (await listed(server)).DATA[0]?.last_used)
      .toBeGreaterThan(1_700_000_000_000)
  })
})

describe('the rotation of an API key', () => {
  it.each(['standard', 'advanced'])(
    'keeps the id of a %s one, and both for a while',
    async (level) => {
      const clock = new ManualClock(Date.parse('2026-11-22T08:00:00Z'))
      await using server = await startAssembledServer({ clock })
      const old = await generate(server, { security_level: level, expiration: null })
      const headers = (key: Key) =>
        level === 'standard' ? headersOf(key) : signed(key, clock.now())
      const rotated = await server.call('api_keys/rotate', { id: old.id, overlap_seconds: 60 })
      const until = clock.now() + 60_000
      expect(rotated.body.reply).toEqual({
        id: old.id,
        key: expect.stringMatching(/^\w{128}$/),
        expiration: null,
        previous_valid_until: until,
      })
      const fresh = rotated.body.reply as Key
      expect(fresh.key).not.toBe(old.key)
      const works = async () => [
        await statusWith(server, headers(old)),
        await statusWith(server, headers(fresh)),
      ]
      expect(await works()).toEqual([200, 200])
      const { DATA: shown } = await listed(server, idIn(old.id))
      expect(shown).toMatchObject([{ previous_valid_until: until }])
      clock.advance(60_000)
      expect(await works()).toEqual([401, 200])
    },
  )

  it('can end the secret before at once, and twice leaves two', async () => {
    await using server = await startAssembledServer()
    const first = await generate(server, { expiration: null })
    const rotate = async (data: object) =>
      (await server.call('api_keys/rotate', { id: first.id, ...data })).body.reply as Key
    const second = await rotate({})
    const third = await rotate({})
    const works = (keys: Key[]) =>
      Promise.all(keys.map((key) => statusWith(server, headersOf(key))))
    expect(await works([first, second, third])).toEqual([401, 200, 200])
    const fourth = await rotate({ overlap_seconds: 0 })
    expect(await works([second, third, fourth])).toEqual([401, 401, 200])
  })

  it('is told to the audit log, without a secret', async () => {
    await using server = await startAssembledServer()
    const made = await generate(server, { expiration: null })
    const { key } = (await server.call('api_keys/rotate', { id: made.id })).body.reply as Key
    const { read } = server.assembled.needs.database
    const rows = await read.selectFrom('audit').selectAll().orderBy('id').execute()
    expect(rows.map((row) => row.action)).toEqual(['api-key.generate', 'api-key.rotate'])
    const text = JSON.stringify(rows)
    for (const secret of [key, made.key]) expect(text).not.toContain(secret)
  })

  it.each([
    [{ id: 999 }, 404, 'key-unknown'],
    [{ id: 0 }, 400, 'invalid-request'],
    [{ id: 1, overlap_seconds: 30 * 86_400 + 1 }, 400, 'invalid-request'],
    [{ id: 1, expiration: 1 }, 400, 'expiration-past'],
    [{}, 400, 'invalid-request'],
  ])('of %o is refused', async (data, status, reason) => {
    await using server = await startAssembledServer()
    const refused = await server.call('api_keys/rotate', data)
    expect(refused).toMatchObject({ status, body: { reply: { reason } } })
  })
})
