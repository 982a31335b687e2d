import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DistributionId, EndpointId } from '../../../base/ids.ts'
import { ENDPOINT_TAGS_MAX } from '../../../contract/public/limits.ts'
import { loadAudit } from '../../../store/audit.ts'
import { loadEndpoints } from '../../../store/endpoints.ts'
import type { PublicRoute } from '../../http/route.ts'
import { ask, TEST_ACTOR } from '../../testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  startTestServer,
  type TestServer,
} from '../../testing/fleet.ts'
import { deleteEndpointsRoute } from '../endpoints/delete.ts'
import { assignTagRoute } from './assign.ts'
import { deleteTagsRoute } from './delete-permanently.ts'
import { removeTagRoute } from './remove.ts'

let server: TestServer
let distributionId: DistributionId

beforeAll(async () => {
  server = await startTestServer()
  distributionId = await saveTestDistribution(server.database)
})
afterAll(() => server[Symbol.asyncDispose]())

async function call(route: PublicRoute<TestServer>, data: unknown, actor = TEST_ACTOR) {
  return await ask(route, server, data, actor)
}

/** Its agent brings the tag `web`. */
async function enrolled(hostname: string): Promise<EndpointId> {
  return (await enrolTestAgent(server, distributionId, hostname)).endpointId
}

async function tagsOf(id: EndpointId) {
  const endpoint = (await loadEndpoints(server.database.read, [id])).get(id)
  return endpoint?.serverTags
}

const named = (...value: string[]) => [{ field: 'endpoint_id_list', operator: 'in', value }]
const DONE = { ok: true, value: true }

describe('tags/agents/assign and remove', () => {
  it('gives a new tag to what the filters mean, once, and takes it again', async () => {
    const ids = [await enrolled('tag-a'), await enrolled('tag-b')]
    const other = await enrolled('tag-c')
    const tag = 'Critical machines'
    expect(await call(assignTagRoute, { filters: named(...ids), tag })).toEqual(DONE)
    expect(await call(assignTagRoute, { filters: named(...ids), tag })).toEqual(DONE)
    expect(await Promise.all([...ids, other].map(tagsOf))).toEqual([[tag], [tag], []])
    const audit = await loadAudit(server.database.read, 2)
    expect(audit.map(({ after }) => after)).toMatchObject([
      { is_new: false, changed: 0, endpoints: 2 },
      { is_new: true, changed: 2, endpoint_ids: [...ids].toSorted() },
    ])
    const filters = [{ field: 'hostname', operator: 'in', value: ['tag-a'] }]
    expect(await call(removeTagRoute, { filters, tag })).toEqual(DONE)
    expect(await Promise.all(ids.map(tagsOf))).toEqual([[], [tag]])
    expect((await loadAudit(server.database.read, 1))[0]).toMatchObject({
      action: 'tag.remove',
      subject: tag,
      before: { changed: 1, endpoint_ids: [ids[0]] },
    })
    expect(await call(removeTagRoute, { filters, tag })).toEqual(DONE)
  })

  it('letter case tells tags apart, and what the agent brings is not touched', async () => {
    const id = await enrolled('tag-case')
    const filters = named(id)
    for (const tag of ['Web', 'web']) {
      expect(await call(assignTagRoute, { filters, tag })).toEqual(DONE)
    }
    expect(await tagsOf(id)).toEqual(['Web', 'web'])
    expect(await call(removeTagRoute, { filters, tag: 'web' })).toEqual(DONE)
    expect(await tagsOf(id)).toEqual(['Web'])
    const found = await loadEndpoints(server.database.read, [id])
    expect(found.get(id)?.state.facts.endpointTags).toEqual(['web'])
  })

  it('what lies outside the scope is not meant', async () => {
    const id = await enrolled('tag-scope')
    const filters = named(id)
    const outside = { ...TEST_ACTOR, scope: { tags: ['db'] } }
    expect(await call(assignTagRoute, { filters, tag: 'db' }, outside)).toEqual({
      ok: false,
      refusal: { code: 'no-endpoint-matches' },
    })
    expect(await call(removeTagRoute, { filters, tag: 'db' }, outside)).toEqual(DONE)
    const inside = { ...TEST_ACTOR, scope: { tags: ['web', 'db'] } }
    expect(await call(assignTagRoute, { filters, tag: 'db' }, inside)).toEqual(DONE)
    expect(await tagsOf(id)).toEqual(['db'])
  })

  it('none gets it where one has no room', async () => {
    const full = await enrolled('tag-full')
    const other = await enrolled('tag-roomy')
    for (let at = 0; at < ENDPOINT_TAGS_MAX; at++) {
      expect(await call(assignTagRoute, { filters: named(full), tag: `t${at}` })).toEqual(DONE)
    }
    expect(await call(assignTagRoute, { filters: named(full, other), tag: 'one more' })).toEqual({
      ok: false,
      refusal: { code: 'too-many-tags', of: 'endpoint', limit: ENDPOINT_TAGS_MAX, endpoints: 1 },
    })
    expect(await tagsOf(other)).toEqual([])
    expect(await call(assignTagRoute, { filters: named(full), tag: 't0' })).toEqual(DONE)
  })

  it.each([
    ['nothing', {}],
    ['no filter', { filters: [], tag: 'a' }],
    ['everything', { filters: 'all', tag: 'a' }],
    ['no tag', { filters: named('x') }],
    ['an empty tag', { filters: named('x'), tag: ' ' }],
    ['a long tag', { filters: named('x'), tag: 'a'.repeat(129) }],
    ['a comma', { filters: named('x'), tag: 'a,b' }],
    ['several tags', { filters: named('x'), tag: ['a', 'b'] }],
    [
      'a filter it does not know',
      { filters: [{ field: 'x', operator: 'in', value: [] }], tag: 'a' },
    ],
  ])('refuses %s', async (_case, data) => {
    for (const route of [assignTagRoute, removeTagRoute]) {
      expect(await call(route, data)).toMatchObject({
        ok: false,
        refusal: { code: 'invalid-request' },
      })
    }
  })
})

describe('tags/agents/delete_permanently', () => {
  it('deletes what nobody has, and says what there was and why', async () => {
    const id = await enrolled('tag-deleted')
    const tag = 'for a while'
    await call(assignTagRoute, { filters: named(id), tag })
    const refused = { ok: false, refusal: { code: 'tag-assigned', tags: [tag] } }
    expect(await call(deleteTagsRoute, { tags: [tag] })).toEqual(refused)
    await call(removeTagRoute, { filters: named(id), tag })
    const reason = 'nobody needs it'
    expect(await call(deleteTagsRoute, { tags: [tag, tag], reason })).toEqual(DONE)
    expect((await loadAudit(server.database.read, 1))[0]).toMatchObject({
      action: 'tag.delete',
      subject: tag,
      description: `Deleted the tag ${tag}: ${reason}`,
      before: { tags: [{ name: tag, created_at: server.clock.now() }] },
    })
    expect(await call(deleteTagsRoute, { tags: [tag] })).toEqual({
      ok: false,
      refusal: { code: 'tag-unknown', tags: [tag] },
    })
  })

  it('a deleted endpoint keeps no tag from being deleted, and comes back without it', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'tag-gone')
    const filters = named(agent.endpointId)
    await call(assignTagRoute, { filters, tag: 'of one' })
    await call(deleteEndpointsRoute, { filters })
    expect(await call(deleteTagsRoute, { tags: ['of one'] })).toEqual(DONE)
    await agent.checkIn()
    expect(await tagsOf(agent.endpointId)).toEqual([])
  })

  it('two who delete and assign a tag at once leave none that does not exist', async () => {
    const id = await enrolled('tag-race')
    const filters = named(id)
    await call(assignTagRoute, { filters, tag: 'race' })
    await call(removeTagRoute, { filters, tag: 'race' })
    const [, deleted] = await Promise.all([
      call(assignTagRoute, { filters, tag: 'race' }),
      call(deleteTagsRoute, { tags: ['race'] }),
    ])
    expect(await tagsOf(id)).toEqual(['race'])
    // Before the other it deleted a tag that began anew, after it the tag was assigned.
    const stillThere = { ok: false, refusal: { code: 'tag-assigned', tags: ['race'] } }
    expect([DONE, stillThere]).toContainEqual(deleted)
    expect(await call(deleteTagsRoute, { tags: ['race'] })).toEqual(stillThere)
  })

  it.each([
    ['nothing', {}],
    ['no tags', { tags: [] }],
    ['eleven tags', { tags: Array.from({ length: 11 }, (_, at) => `t${at}`) }],
    ['a long reason', { tags: ['a'], reason: 'a'.repeat(201) }],
  ])('refuses %s', async (_case, data) => {
    expect(await call(deleteTagsRoute, data)).toMatchObject({
      ok: false,
      refusal: { code: 'invalid-request' },
    })
  })

  it('takes ten tags and a reason of the greatest length', async () => {
    const tags = Array.from({ length: 10 }, (_, at) => `unknown ${at}`)
    expect(await call(deleteTagsRoute, { tags, reason: 'a'.repeat(200) })).toEqual({
      ok: false,
      refusal: { code: 'tag-unknown', tags },
    })
  })
})
