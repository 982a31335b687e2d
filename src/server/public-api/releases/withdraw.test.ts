import { describe, expect, it } from 'vitest'
import { newId, type RunId } from '../../../base/ids.ts'
import { systemRandom } from '../../../base/random.ts'
import { enrolReply } from '../../../contract/agent/enrol.ts'
import { type AssembledServer, startAssembledServer } from '../../testing/assembled.ts'
import { testFacts } from '../../testing/fleet.ts'
import {
  auditOf,
  ORDER,
  orderBuilt,
  startServerWithRelease,
  tokenInPackage,
} from '../../testing/ordered.ts'

/** An endpoint that runs the version; its id. */
async function enrolledAt(server: AssembledServer, version: string): Promise<string> {
  const id = await orderBuilt(server, { agent_version: version })
  const facts = testFacts('db-1')
  const run = { protocol: 1, run_id: newId<RunId>(systemRandom) }
  const agent = (path: string, body: object, headers = {}) =>
    fetch(`${server.url}/agent/v1/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ ...run, ...body }),
    })
  const token = await tokenInPackage(server, id)
  const asked = { distribution_id: id, token, facts, is_copy: false }
  const enrolled = enrolReply.parse(await (await agent('enrol', asked)).json())
  const report = {
    agent_version: version,
    manifest_digest: '0'.repeat(64),
    launcher_protocol: 1,
    facts_digest: '0'.repeat(64),
    facts: null,
    health: { status: 'healthy', details: [] },
    attempt: null,
    skipped: [],
  }
  const authorization = `Bearer ${enrolled.endpoint_id}.${enrolled.credential}`
  const checkedIn = await agent('check-in', report, { authorization })
  expect(checkedIn.status).toBe(200)
  return enrolled.endpoint_id
}

describe('withdrawing a release', () => {
  it('takes it from the catalogue for orders and upgrades; doing it again changes nothing', async () => {
    await using server = await startServerWithRelease()
    const endpoint = await enrolledAt(server, '1.0.0.1')
    const digest = await server.publish('1.0.0.2')
    const asked = { version: '1.0.0.2', platform: 'linux', reason: 'it leaks' }
    const first = await server.call('releases/withdraw', asked)
    expect(first.body.reply).toEqual({
      releases: [
        {
          manifest_digest: digest,
          version: '1.0.0.2',
          platform: 'linux',
          arch: 'x64',
          libc: 'glibc',
          withdrawn_at: expect.any(Number),
          withdrawn_by: `api-key:${server.key.id}`,
          withdrawn_reason: 'it leaks',
        },
      ],
      ...{ halted: [], running_count: 0, ways_back: [] },
    })
    const again = { manifest_digest: digest, reason: 'another' }
    expect(await server.call('releases/withdraw', again)).toEqual(first)
    const versions = await server.call('distributions/get_versions')
    expect(versions.body.reply).toMatchObject({ linux: ['1.0.0.1'] })
    const order = { ...ORDER, name: 'new', agent_version: '1.0.0.2' }
    expect((await server.call('distributions/create', order)).body).toMatchObject({
      reply: { reason: 'release-withdrawn' },
    })
    const upgrade = { endpoint_ids: [endpoint], target_versions: { linux: '1.0.0.2' } }
    const refused = await server.call('endpoints/upgrade', upgrade)
    expect(refused.body.reply).toMatchObject({ reason: 'nothing-eligible' })
    expect(refused.body.reply.err_extra).toContain('release-withdrawn: 1')
    const entries = await auditOf(server, 'release')
    expect(entries.filter(({ action }) => action === 'release.withdraw')).toMatchObject([
      {
        subject: digest,
        before: { version: '1.0.0.2', withdrawnAt: null },
        after: { withdrawnReason: 'it leaks' },
      },
    ])
  })

  it('takes all targets of a version, or those that are named', async () => {
    await using server = await startAssembledServer()
    const targets = [
      { arch: 'x64', libc: 'glibc' },
      { arch: 'x64', libc: 'musl' },
      { arch: 'arm64', libc: 'glibc' },
    ] as const
    for (const target of targets) await server.publish('1.0.0.1', target)
    const withdrawn = async (asked: object) => {
      const data = { version: '1.0.0.1', platform: 'linux', ...asked }
      const { body } = await server.call('releases/withdraw', data)
      return (body.reply.releases as object[]).length
    }
    expect(await withdrawn({ arch: 'x64', libc: 'musl' })).toBe(1)
    expect(await withdrawn({ arch: 'x64' })).toBe(2)
    expect(await withdrawn({})).toBe(3)
  })

  it.each([
    [{ version: '9.9.9.9', platform: 'linux' }, 404, 'release-unknown'],
    [{ version: '1.0.0.1', platform: 'windows' }, 404, 'release-unknown'],
    [{ manifest_digest: '0'.repeat(64) }, 404, 'release-unknown'],
    [{ version: '1.0.0.1' }, 400, 'invalid-request'],
    [{ platform: 'linux' }, 400, 'invalid-request'],
    [{ manifest_digest: 'x' }, 400, 'invalid-request'],
    [{ version: '1.0.0.1', platform: 'linux', reason: 'x'.repeat(201) }, 400, 'invalid-request'],
    [{ version: '1.0.0.1', platform: 'linux', surprise: 1 }, 400, 'invalid-request'],
    [{}, 400, 'invalid-request'],
  ])('refuses %o', async (data, status, reason) => {
    await using server = await startServerWithRelease()
    const answer = await server.call('releases/withdraw', data)
    expect(answer).toMatchObject({ status, body: { reply: { reason } } })
  })
})

describe('the floors of a release', () => {
  it('are stored, listed, changed by publishing again, and obeyed', async () => {
    await using server = await startServerWithRelease()
    const endpoint = await enrolledAt(server, '1.0.0.1')
    const launcher = await server.upload(Buffer.from('launcher'))
    const agent = await server.upload(Buffer.from('agent'))
    const files = [{ path: 'agent.mjs', digest: agent, executable: false }]
    const target = { platform: 'linux', arch: 'x64', libc: 'glibc' }
    const publish = (floors?: object | null) => {
      const made = { version: '1.0.0.2', ...target, launcher, files }
      return server.call('releases/publish', floors === undefined ? made : { ...made, floors })
    }
    const listed = async () => {
      const filters = [{ field: 'version', operator: 'eq', value: '1.0.0.2' }]
      const { body } = await server.call('releases/list', { filters, fields: ['floors'] })
      return body.reply.releases
    }
    const upgrade = async () => {
      const asked = { endpoint_ids: [endpoint], target_versions: { linux: '1.0.0.2' } }
      const { status, body } = await server.call('endpoints/upgrade', asked)
      return status === 200 ? 'queued' : String(body.reply.err_extra)
    }
    const none = { os_version: null, kernel: null, agent_version: null }
    expect((await publish({ os_version: '13' })).body.reply).toMatchObject({ is_new: true })
    expect(await listed()).toEqual([{ floors: { ...none, os_version: '13' } }])
    expect(await upgrade()).toContain('os-below-floor: 1')
    // Saying nothing of them leaves them.
    expect((await publish()).body.reply).toMatchObject({ is_new: false })
    await publish({ os_version: '12', kernel: '6.2' })
    expect(await upgrade()).toContain('kernel-below-floor: 1')
    await publish({ agent_version: '1.0.0.2' })
    expect(await upgrade()).toContain('agent-below-floor: 1')
    await publish({})
    expect(await listed()).toEqual([{ floors: none }])
    expect(await upgrade()).toBe('queued')
    const changes = (await auditOf(server, 'release')).filter(({ before }) => before !== null)
    expect(changes).toMatchObject([
      { before: { floors: { osVersion: '13' } }, after: { floors: { kernel: '6.2' } } },
      { after: { floors: { agentVersion: '1.0.0.2' } } },
      { after: { floors: { agentVersion: null } } },
    ])
    for (const wrong of [{ kernel: '6.x' }, { os_version: '' }, { agent_version: '1' }, { a: 1 }]) {
      expect((await publish(wrong)).status).toBe(400)
    }
  })
})

describe('the list of releases', () => {
  it('filters, pages, and leaves out what was not asked for', async () => {
    await using server = await startAssembledServer()
    for (const version of ['10.0.0.1', '9.0.0.1', '9.0.0.10']) await server.publish(version)
    await server.publish('9.0.0.1', { arch: 'arm64' })
    await server.call('releases/withdraw', { version: '9.0.0.10', platform: 'linux' })
    const list = async (asked: object) => {
      const { body } = await server.call('releases/list', asked)
      const { releases, filter_count: count, total_count: total } = body.reply
      const named = releases as { readonly version: string; readonly arch: string }[]
      expect(total).toBe(4)
      return [count, named.map(({ version, arch }) => `${version} ${arch}`)]
    }
    const filter = (field: string, value: unknown, operator = 'eq') => ({
      filters: [{ field, operator, value }],
    })
    const all = ['9.0.0.1 x64', '9.0.0.1 arm64', '9.0.0.10 x64', '10.0.0.1 x64']
    expect(await list({})).toEqual([4, all])
    expect(await list({ platform: 'linux' })).toEqual([4, all])
    expect(await list({ platform: 'windows' })).toEqual([0, []])
    expect(await list(filter('arch', 'ARM64'))).toEqual([1, [all[1]]])
    expect(await list(filter('version', ['9.0.0.1', '10.0.0.1'], 'IN'))).toMatchObject([3, {}])
    expect(await list(filter('version', '9.0.0.1', 'neq'))).toEqual([2, all.slice(2)])
    expect(await list(filter('withdrawn', 'true'))).toEqual([1, [all[2]]])
    expect(await list(filter('withdrawn', false))).toMatchObject([3, {}])
    expect(await list({ search_from: 1, search_to: 3 })).toEqual([4, all.slice(1, 3)])
    const { body } = await server.call('releases/list', { fields: ['version'], search_to: 1 })
    expect(body.reply.releases).toEqual([{ version: '9.0.0.1' }])
  })

  it.each([
    [{ filters: [{ field: 'withdrawn', operator: 'eq', value: 'maybe' }] }, 'filters.0.value'],
    [{ filters: [{ field: 'version', operator: 'contains', value: '1' }] }, 'filters.0.operator'],
    [{ filters: [{ field: 'notes', operator: 'eq', value: '1' }] }, 'filters.0.field'],
    [{ fields: ['envelope'] }, 'fields.0'],
    [{ search_to: 101 }, 'search_to'],
    [{ platform: 'beos' }, 'platform'],
  ])('refuses %o', async (asked, place) => {
    await using server = await startAssembledServer()
    const { status, body } = await server.call('releases/list', asked)
    const [error] = body.reply.err_extra as unknown as { readonly loc: readonly unknown[] }[]
    expect([status, error?.loc.join('.')]).toEqual([400, `request_data.${place}`])
  })
})
