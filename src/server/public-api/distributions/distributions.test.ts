import { describe, expect, it } from 'vitest'
import {
  auditOf,
  enrolWith,
  listedRow,
  ORDER,
  orderBuilt,
  startServerWithRelease,
  tokenInPackage,
} from '../../testing/ordered.ts'

describe('get_distributions', () => {
  it('shows every documented field of each, newest first', async () => {
    await using server = await startServerWithRelease()
    const id = await orderBuilt(server, { endpoint_tags: ['a', 'b'], description: 'd' })
    const { body } = await server.call('distributions/get_distributions')
    expect(body.reply).toEqual({
      data: [
        {
          distribution_id: id,
          name: 'web',
          description: 'd',
          package_type: 'standalone',
          platform: 'linux',
          agent_version: '1.0.0.1',
          status: 'completed',
          tags: ['a', 'b'],
          eol_time: null,
          created_by: `api-key:${server.key.id}`,
          creation_time: expect.any(Number),
          modification_time: expect.any(Number),
          supported_packages: ['deb', 'rpm', 'sh'],
          enrolments: 0,
          enrolments_max: null,
          enrol_until: null,
        },
      ],
      filter_count: 1,
      total_count: 1,
    })
  })

  it('takes an empty body, and gives only the columns that were asked for', async () => {
    await using server = await startServerWithRelease()
    const url = `${server.url}/public_api/v1/distributions/get_distributions/`
    const empty = await fetch(url, { method: 'POST', headers: server.headers() })
    expect(await empty.json()).toEqual({ reply: { data: [], filter_count: 0, total_count: 0 } })
    await orderBuilt(server)
    const { body } = await server.call('distributions/get_distributions', { fields: ['name'] })
    expect(body.reply.data).toEqual([{ name: 'web' }])
  })

  describe('filters, sorts and pages', () => {
    const names = ['a', 'B_10%', 'c']
    const filter = (field: string, operator: string, value: unknown) => ({
      filters: [{ field, operator, value }],
    })
    const cases: readonly (readonly [string, object, readonly string[]])[] = [
      ['all', {}, ['c', 'B_10%', 'a']],
      ['eq', filter('name', 'EQ', 'a'), ['a']],
      ['eq, letter case', filter('name', 'eq', 'A'), []],
      ['neq', filter('name', 'neq', 'a'), ['c', 'B_10%']],
      ['in', filter('name', 'in', ['a', 'c']), ['c', 'a']],
      ['contains, any letter case', filter('name', 'contains', 'b_1'), ['B_10%']],
      ['contains what is no pattern', filter('name', 'contains', '%'), ['B_10%']],
      ['not_contains', filter('name', 'not_contains', '_'), ['c', 'a']],
      ['no description contains nothing', filter('description', 'contains', 'x'), []],
      ['no description is not another', filter('description', 'neq', 'only c'), ['B_10%', 'a']],
      ['a version', filter('agent_version', 'contains', '0.0.10'), ['c']],
      ['type', filter('package_type', 'eq', 'Standalone'), ['c', 'B_10%', 'a']],
      ['another type', filter('package_type', 'eq', 'upgrade'), []],
      ['not another type', filter('package_type', 'neq', 'serverless'), ['c', 'B_10%', 'a']],
      ['platform', filter('platform', 'eq', 'ios'), []],
      ['status', filter('status', 'eq', 'COMPLETED'), ['c', 'B_10%', 'a']],
      ['not that status', filter('status', 'neq', 'completed'), []],
      ['status not yet', filter('status', 'eq', 'in_progress'), []],
      [
        'two filters',
        {
          filters: [
            ...filter('name', 'neq', 'a').filters,
            ...filter('agent_version', 'eq', '1.0.0.2').filters,
          ],
        },
        ['B_10%'],
      ],
      ['by version', { sort: { field: 'agent_version', keyword: 'DESC' } }, ['c', 'B_10%', 'a']],
      ['by version, upwards', { sort: { field: 'agent_version', keyword: 'asc' } }, names],
      ['by description', { sort: { field: 'description', keyword: 'desc' } }, ['c']],
      ['a page', { search_from: 1, search_to: 2 }, ['B_10%']],
      ['a page beyond the end', { search_from: 5, search_to: 9 }, []],
    ]

    it('as the table says', async () => {
      await using server = await startServerWithRelease()
      await server.publish('1.0.0.2')
      await server.publish('1.0.0.10')
      const orders = [
        { name: 'a', agent_version: '1.0.0.1' },
        { name: 'B_10', agent_version: '1.0.0.2' },
        { name: 'c', agent_version: '1.0.0.10', description: 'only c' },
      ]
      const ids: string[] = []
      for (const order of orders) ids.push(await orderBuilt(server, order))
      await server.assembled.needs.database.write(async (tx) => {
        const renamed = tx.updateTable('distribution').set({ name: 'B_10%' })
        await renamed.where('name', '=', 'B_10').execute()
        for (const [at, id] of ids.entries()) {
          await tx
            .updateTable('distribution')
            .set({ created_at: at })
            .where('id', '=', id)
            .execute()
        }
      })
      for (const [name, asked, expected] of cases) {
        const { body } = await server.call('distributions/get_distributions', asked)
        const data = body.reply.data as { readonly name: string }[]
        const found = data.map((row) => row.name).slice(0, Math.max(1, expected.length))
        expect([name, found]).toEqual([name, expected])
        expect(body.reply.total_count).toBe(3)
      }
      const page = await server.call('distributions/get_distributions', {
        ...filter('name', 'neq', 'a'),
        search_from: 0,
        search_to: 1,
      })
      expect(page.body.reply).toMatchObject({ filter_count: 2, total_count: 3 })
    })
  })

  it.each([
    [{ filters: [{ field: 'surprise', operator: 'eq', value: 'a' }] }, 'filters.0.field'],
    [{ filters: [{ field: 'platform', operator: 'contains', value: 'a' }] }, 'filters.0.operator'],
    [{ filters: [{ field: 'status', operator: 'eq', value: 'ready' }] }, 'filters.0.value'],
    [{ sort: { field: 'tags', keyword: 'asc' } }, 'sort.field'],
    [{ search_from: 0, search_to: 101 }, 'search_to'],
    [{ search_from: 3, search_to: 2 }, 'search_to'],
    [{ fields: ['name', 'nmae'] }, 'fields.1'],
    [{ surprise: 1 }, 'surprise'],
  ])('refuses %o', async (asked, place) => {
    await using server = await startServerWithRelease()
    const { status, body } = await server.call('distributions/get_distributions', asked)
    const [error] = body.reply.err_extra as unknown as { readonly loc: readonly unknown[] }[]
    expect([status, error?.loc.join('.')]).toEqual([400, `request_data.${place}`])
  })
})

describe('creating under a name', () => {
  it('the same order again, also at once, is the same distribution and no second change', async () => {
    await using server = await startServerWithRelease()
    const orders = Array.from({ length: 6 }, () => server.call('distributions/create', ORDER))
    const replies = await Promise.all(orders)
    const ids = new Set(replies.map(({ body }) => body.reply.distribution_id))
    expect(ids.size).toBe(1)
    await server.assembled.drain()
    await server.publish('1.0.0.2')
    expect(await orderBuilt(server, { name: ' web ', agent_version: 'latest' })).toBe([...ids][0])
    expect((await auditOf(server, 'distribution')).map(({ action }) => action)).toEqual([
      'distribution.create',
    ])
    // Letter case makes another name.
    expect(await orderBuilt(server, { name: 'WEB' })).not.toBe([...ids][0])
  })

  it('another order is refused, and the one that is there is named', async () => {
    await using server = await startServerWithRelease()
    const id = await orderBuilt(server)
    const refused = await server.call('distributions/create', { ...ORDER, proxy: ['p:1'] })
    expect(refused).toMatchObject({
      status: 409,
      body: { reply: { reason: 'distribution-name-taken', distribution_id: id } },
    })
    expect(refused.body.reply.err_extra).toContain(id)
  })

  it('what could not be built is built again when it is ordered again', async () => {
    await using server = await startServerWithRelease()
    const { database } = server.assembled.needs
    const release = (withdrawn_at: number | null) =>
      database.write((tx) => tx.updateTable('release').set({ withdrawn_at }).execute())
    const first = await server.call('distributions/create', ORDER)
    await release(1)
    await server.assembled.drain()
    const id = String(first.body.reply.distribution_id)
    // Its worker may have been quicker than the withdrawal.
    await database.write((tx) =>
      tx.updateTable('distribution').set({ state: 'failed', reason: 'build-fault' }).execute(),
    )
    await release(null)
    expect(await orderBuilt(server)).toBe(id)
    expect(await listedRow(server, id)).toMatchObject({ status: 'completed' })
    const [, again] = await auditOf(server, 'distribution')
    expect(again).toMatchObject({
      action: 'distribution.update',
      before: { state: 'failed' },
      after: { version: '1.0.0.1' },
    })
  })
})

describe('delete', () => {
  it('ends links, enrolment and name; endpoints go on; it is unknown from then on', async () => {
    await using server = await startServerWithRelease()
    const id = await orderBuilt(server)
    const token = await tokenInPackage(server, id)
    expect(await enrolWith(server, { id, token, hostname: 'one' })).toBe('enrolled')
    const asked = { distribution_id: id, package_type: 'deb' }
    const link = await server.call('distributions/get_dist_url', asked)
    const fetchLink = () => fetch(String(link.body.reply.distribution_url))
    expect((await fetchLink()).status).toBe(200)
    const deleted = await server.call('distributions/delete', { distribution_id: id })
    expect(deleted).toEqual({ status: 200, body: { reply: true } })
    expect((await fetchLink()).status).toBe(404)
    expect(await enrolWith(server, { id, token, hostname: 'two' })).toBe('distribution-withdrawn')
    expect(await listedRow(server, id)).toEqual({})
    const { database } = server.assembled.needs
    expect(await database.read.selectFrom('package').select('format').execute()).toEqual([])
    const endpoints = await server.call('endpoints/get_endpoint')
    expect(endpoints.body.reply.total_count).toBe(1)
    expect(await orderBuilt(server, { proxy: ['p:1'] })).not.toBe(id)
    for (const call of ['delete', 'get_status', 'get_dist_url']) {
      const data = call === 'get_dist_url' ? asked : { distribution_id: id }
      expect(await server.call(`distributions/${call}`, data)).toMatchObject({
        status: 404,
        body: { reply: { reason: 'distribution-unknown' } },
      })
    }
    const entries = await auditOf(server, 'distribution')
    expect(entries[1]).toMatchObject({
      action: 'distribution.delete',
      subject: id,
      before: { name: 'web', state: 'ready' },
      after: null,
    })
  })

  it.each([
    [{ distribution_id: '0'.repeat(32) }, 404, 'distribution-unknown'],
    [{ distribution_id: 'x' }, 400, 'invalid-request'],
    [{}, 400, 'invalid-request'],
  ])('refuses %o', async (data, status, reason) => {
    await using server = await startServerWithRelease()
    const answer = await server.call('distributions/delete', data)
    expect(answer).toMatchObject({ status, body: { reply: { reason } } })
  })

  it('is forgotten after a year, unless an endpoint came from it', async () => {
    await using server = await startServerWithRelease()
    const ids = await Promise.all(
      ['used', 'unused', 'last'].map((name) => orderBuilt(server, { name })),
    )
    const [used = '', unused = '', last = ''] = ids
    const token = await tokenInPackage(server, used)
    await enrolWith(server, { id: used, token, hostname: 'one' })
    const remove = (id: string) => server.call('distributions/delete', { distribution_id: id })
    await remove(used)
    await remove(unused)
    const { database } = server.assembled.needs
    await database.write((tx) =>
      tx
        .updateTable('distribution')
        .set({ modified_at: 0 })
        .where('state', '=', 'withdrawn')
        .execute(),
    )
    await remove(last)
    const kept = await database.read.selectFrom('distribution').select('id').execute()
    expect(kept.map(({ id }) => id).toSorted()).toEqual([used, last].toSorted())
  })

  it('one that is being built stays deleted, and leaves no packages', async () => {
    await using server = await startServerWithRelease()
    const created = await server.call('distributions/create', ORDER)
    const { distribution_id } = created.body.reply
    await server.call('distributions/delete', { distribution_id })
    await server.assembled.drain()
    const { read } = server.assembled.needs.database
    const row = await read.selectFrom('distribution').select('state').executeTakeFirst()
    expect(row?.state).toBe('withdrawn')
    expect(await read.selectFrom('package').select('format').execute()).toEqual([])
  })
})
