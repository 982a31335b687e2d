import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../base/clock-manual.ts'
import {
  auditOf,
  enrolWith,
  listedRow,
  ORDER,
  orderBuilt,
  startServerWithRelease,
  tokenInPackage,
} from '../../testing/ordered.ts'

const NOW = Date.parse('2026-11-23T03:00:00Z')

describe('update', () => {
  it('changes what is named, leaves the rest, and tells before and after', async () => {
    await using server = await startServerWithRelease()
    const id = await orderBuilt(server, { description: 'd', enrolments_max: 5 })
    const update = (data: object) =>
      server.call('distributions/update', { distribution_id: id, ...data })
    const renamed = await update({ name: 'db', enrol_until: NOW })
    expect(renamed.body.reply).toMatchObject({
      distribution_id: id,
      name: 'db',
      description: 'd',
      status: 'completed',
      enrolments_max: 5,
      enrol_until: NOW,
    })
    expect(await listedRow(server, id)).toEqual(renamed.body.reply)
    await update({ description: null, enrolments_max: null, enrol_until: null })
    const row = { name: 'db', description: null, enrolments_max: null, enrol_until: null }
    expect(await listedRow(server, id)).toMatchObject(row)
    // To what it is already: nothing to tell.
    await update({ name: 'db' })
    const [, first, second, none] = await auditOf(server, 'distribution')
    expect(first).toMatchObject({
      action: 'distribution.update',
      subject: id,
      before: { name: 'web', limits: { endpointsMax: 5, until: null } },
      after: { name: 'db', limits: { endpointsMax: 5, until: NOW } },
    })
    expect(second).toMatchObject({ before: { description: 'd' }, after: { description: null } })
    expect(none).toBeUndefined()
  })

  it('frees the old name and holds the new one', async () => {
    await using server = await startServerWithRelease()
    const id = await orderBuilt(server)
    await server.call('distributions/update', { distribution_id: id, name: 'db' })
    expect(await orderBuilt(server, { name: 'db' })).toBe(id)
    const other = await orderBuilt(server, { name: 'web' })
    expect(other).not.toBe(id)
    const taken = await server.call('distributions/update', { distribution_id: other, name: 'db' })
    expect(taken).toMatchObject({
      status: 409,
      body: { reply: { reason: 'distribution-name-taken', distribution_id: id } },
    })
  })

  it('leaves the name to its holder where an older database has it twice', async () => {
    await using server = await startServerWithRelease()
    const holder = await orderBuilt(server)
    const id = await orderBuilt(server, { name: 'twin' })
    await server.assembled.needs.database.write((tx) =>
      tx
        .updateTable('distribution')
        .set({ name: 'web', name_key: null })
        .where('id', '=', id)
        .execute(),
    )
    const update = (data: object) =>
      server.call('distributions/update', { distribution_id: id, ...data })
    expect((await update({ description: 'of old' })).status).toBe(200)
    expect(await orderBuilt(server)).toBe(holder)
    expect((await update({ name: 'own' })).status).toBe(200)
    const taken = await server.call('distributions/create', {
      ...ORDER,
      name: 'own',
      proxy: ['p:1'],
    })
    expect(taken.body.reply).toMatchObject({ distribution_id: id })
  })

  const refused: [data: object, status: number, reason: string][] = [
    [{ distribution_id: '0'.repeat(32), name: 'n' }, 404, 'distribution-unknown'],
    [{ distribution_id: '0'.repeat(32) }, 400, 'invalid-request'],
    [{ name: 'n' }, 400, 'invalid-request'],
    [{ distribution_id: '0'.repeat(32), name: 'a/b' }, 400, 'invalid-request'],
    [{ distribution_id: '0'.repeat(32), enrolments_max: -1 }, 400, 'invalid-request'],
    [{ distribution_id: '0'.repeat(32), enrolments_max: 1e9 + 1 }, 400, 'invalid-request'],
    [{ distribution_id: '0'.repeat(32), enrol_until: 1_798_761_600 }, 400, 'invalid-request'],
    [{ distribution_id: '0'.repeat(32), revoke_token: 'yes' }, 400, 'invalid-request'],
    [{ distribution_id: '0'.repeat(32), surprise: 1 }, 400, 'invalid-request'],
  ]
  it('refuses what it does not know and what is out of range', async () => {
    await using server = await startServerWithRelease()
    for (const [data, status, reason] of refused) {
      const answer = await server.call('distributions/update', data)
      expect([data, answer]).toMatchObject([data, { status, body: { reply: { reason } } }])
    }
  })
})

describe('revoking a token', () => {
  it('refuses the old packages by name, and builds others', async () => {
    await using server = await startServerWithRelease()
    const id = await orderBuilt(server)
    const old = await tokenInPackage(server, id)
    expect(await enrolWith(server, { id, token: old, hostname: 'one' })).toBe('enrolled')
    const revoke = { distribution_id: id, revoke_token: true }
    const revoked = await server.call('distributions/update', revoke)
    expect(revoked.status).toBe(200)
    await server.assembled.drain()
    expect(await enrolWith(server, { id, token: old, hostname: 'two' })).toBe(
      'enrolment-token-revoked',
    )
    const token = await tokenInPackage(server, id)
    expect(token).not.toBe(old)
    expect(await enrolWith(server, { id, token, hostname: 'two' })).toBe('enrolled')
    expect(await listedRow(server, id)).toMatchObject({ status: 'completed', enrolments: 2 })
    const { body } = await server.call('distributions/update', revoke)
    expect(body.reply).toMatchObject({ status: 'in_progress', supported_packages: [] })
    for (const each of [old, token]) {
      const code = await enrolWith(server, { id, token: each, hostname: 'three' })
      expect(code).toBe('enrolment-token-revoked')
    }
    // The same order again is not another distribution, nor the old token.
    expect(await orderBuilt(server)).toBe(id)
    expect(await tokenInPackage(server, id)).not.toBe(old)
    const [, update] = await auditOf(server, 'distribution')
    expect(update).toMatchObject({ before: { generation: 0 }, after: { generation: 1 } })
  })

  it('a build that had begun with the old token is not kept', async () => {
    await using server = await startServerWithRelease()
    const { body } = await server.call('distributions/create', ORDER)
    const { distribution_id } = body.reply
    await server.call('distributions/update', { distribution_id, revoke_token: true })
    await server.assembled.drain()
    const id = String(distribution_id)
    const token = await tokenInPackage(server, id)
    expect(await enrolWith(server, { id, token, hostname: 'one' })).toBe('enrolled')
  })
})

describe('the limits of enrolment', () => {
  it('are exact when everybody comes at once, and count a machine once', async () => {
    await using server = await startServerWithRelease()
    const id = await orderBuilt(server, { enrolments_max: 3 })
    const token = await tokenInPackage(server, id)
    const hosts = Array.from({ length: 9 }, (_, index) => `host-${index}`)
    const codes = await Promise.all(
      hosts.map((hostname) => enrolWith(server, { id, token, hostname })),
    )
    expect(codes.filter((code) => code === 'enrolled')).toHaveLength(3)
    expect(codes.filter((code) => code === 'enrolment-limit-reached')).toHaveLength(6)
    const back = hosts[codes.indexOf('enrolled')] ?? ''
    expect(await enrolWith(server, { id, token, hostname: back })).toBe('enrolled')
    expect(await listedRow(server, id)).toMatchObject({ enrolments: 3, enrolments_max: 3 })
    await server.call('distributions/update', { distribution_id: id, enrolments_max: 4 })
    expect(await enrolWith(server, { id, token, hostname: 'another' })).toBe('enrolled')
  })

  it('end enrolment at their time, to the millisecond', async () => {
    const clock = new ManualClock(NOW)
    await using server = await startServerWithRelease({ clock })
    const id = await orderBuilt(server, { enrol_until: NOW + 1000 })
    const token = await tokenInPackage(server, id)
    clock.advance(999)
    expect(await enrolWith(server, { id, token, hostname: 'one' })).toBe('enrolled')
    clock.advance(1)
    expect(await enrolWith(server, { id, token, hostname: 'two' })).toBe('enrolment-expired')
    expect(await enrolWith(server, { id, token, hostname: 'one' })).toBe('enrolled')
  })
})
