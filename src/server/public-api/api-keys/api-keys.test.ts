import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type AssembledServer, startAssembledServer } from '../../testing/assembled.ts'

async function statusWith(server: AssembledServer, headers: Record<string, string>) {
  const path = `${server.url}/public_api/v1/distributions/get_versions/`
  return (await fetch(path, { method: 'POST', headers })).status
}

function idIn(...value: number[]) {
  return { filters: [{ field: 'id', operator: 'in', value }] }
}

describe('API keys', () => {
  it('a new key works at once, in its mode only, and not any more once it is deleted', async () => {
    await using server = await startAssembledServer()
    const made = await server.call('api_keys/generate', {
      security_level: 'advanced',
      comment: 'ci',
    })
    const { id, key } = made.body.reply as { id: number; key: string }
    const timestamp = String(server.assembled.needs.clock.now())
    const authorization = createHash('sha256').update(`${key}nonce${timestamp}`).digest('hex')
    const signed = { 'x-xdr-nonce': 'nonce', 'x-xdr-timestamp': timestamp, authorization }
    const headers = { ...signed, 'x-xdr-auth-id': String(id) }
    expect(await statusWith(server, headers)).toBe(200)
    expect(await statusWith(server, { authorization: key, 'x-xdr-auth-id': String(id) })).toBe(401)
    const listed = await server.call('api_keys/get_api_keys', idIn(id))
    expect(listed.body.reply).toMatchObject({
      DATA: [
        {
          id,
          security_level: 'advanced',
          comment: 'ci',
          roles: ['Instance Administrator'],
          expiration: null,
        },
      ],
      FILTER_COUNT: 1,
      TOTAL_COUNT: 2,
    })
    const deleted = await server.call('api_keys/delete', idIn(id, 999))
    expect(deleted.body.reply).toEqual({ update_count: 1 })
    expect(await statusWith(server, headers)).toBe(401)
  })

  it('the last live key stays', async () => {
    await using server = await startAssembledServer()
    const { id } = server.key
    const refused = await server.call('api_keys/delete', idIn(id))
    expect(refused).toMatchObject({ status: 409, body: { reply: { reason: 'last-live-key' } } })
    const made = await server.call('api_keys/generate')
    const other = Number(made.body.reply.id)
    expect((await server.call('api_keys/delete', idIn(other, id))).status).toBe(409)
    expect((await server.call('api_keys/delete', idIn(other))).status).toBe(200)
  })

  it('two who delete one of the last two keys each leave one', async () => {
    await using server = await startAssembledServer()
    const made = await server.call('api_keys/generate')
    const other = Number(made.body.reply.id)
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
    [{ roles: ['Viewer'] }, 'roles'],
    [{ expiration: 1000 }, 'expiration'],
    [{ security_level: 'secret' }, 'security_level'],
  ])('%o is refused: a key must not be able to do more than was meant', async (data, field) => {
    await using server = await startAssembledServer()
    expect(await server.call('api_keys/generate', data)).toMatchObject({
      status: 400,
      body: { reply: { err_extra: [{ loc: ['request_data', field] }] } },
    })
  })
})
