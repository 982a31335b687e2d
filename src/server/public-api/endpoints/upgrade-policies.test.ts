import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolEndpoint } from '../../../../test/small-fleet.ts'
import type { Actor } from '../../../domain/access/actor.ts'
import { ask, TEST_ACTOR } from '../../testing/ask.ts'
import { type AssembledServer, startAssembledServer } from '../../testing/assembled.ts'
import { deleteUpgradePolicyRoute } from './upgrade-policies-delete.ts'
import { getUpgradePoliciesRoute } from './upgrade-policies-get.ts'
import { setUpgradePolicyRoute } from './upgrade-policies-set.ts'

let server: AssembledServer
beforeAll(async () => {
  server = await startAssembledServer()
  await server.publish('8.6.0.1')
})
afterAll(() => server[Symbol.asyncDispose]())

type Route = typeof setUpgradePolicyRoute
const routes = {
  get: getUpgradePoliciesRoute as unknown as Route,
  set: setUpgradePolicyRoute,
  delete: deleteUpgradePolicyRoute as unknown as Route,
}

async function told(call: keyof typeof routes, data: unknown, actor: Actor = TEST_ACTOR) {
  return await ask(routes[call] as never, server.assembled.needs, data, actor)
}

describe('endpoints/upgrade/policies/set', () => {
  it('makes a policy, tells it back in words that it takes, and changes what is said', async () => {
    const made = {
      name: 'Web',
      endpoint_tags: ['site-1'],
      platforms: ['LINUX'],
      version: 'One-Before',
      delay_hours: 48,
      upgrade_timeframe_window: { upgrade_timeframe_days: ['sunday'] },
      rollout: { canary: { percent: 5 } },
    }
    const first = await told('set', made)
    expect(first).toMatchObject({
      value: {
        platforms: ['linux'],
        version: 'one-before',
        enabled: true,
        upgrade_timeframe_window: { upgrade_timeframe_timezone: 'UTC' },
        rollout: { canary: { percent: 5 } },
        reason: 'policy-governs-nobody',
      },
    })
    const { value } = first as { value: Record<string, unknown> }
    const asked = ['name', 'priority', 'endpoint_tags', 'version', 'delay_hours', 'rollout']
    const again = [...asked, 'distribution_ids', 'exclude_tags', 'upgrade_timeframe_window']
    const same = Object.fromEntries(again.map((key) => [key, value[key]]))
    expect(await told('set', { ...same, name: 'WEB' })).toMatchObject({ value: { ...value } })
    const change = {
      name: 'web',
      rollout: 'none',
      upgrade_timeframe_window: 'none',
      enabled: false,
    }
    expect(await told('set', change)).toMatchObject({
      value: { rollout: null, upgrade_timeframe_window: null, version: 'one-before' },
    })
    expect(await told('get', { names: ['wEb'] })).toMatchObject({
      value: { policies: [{ name: 'Web', reason: 'policy-disabled', last_action: null }] },
    })
  })

  const refused: readonly (readonly [string, unknown])[] = [
    ['upgrade-policy-without-version', { name: 'New' }],
    ['upgrade-policy-exists', { name: 'New', new_name: 'web', version: 'latest' }],
    ['invalid-request', {}],
    ['invalid-request', { name: ' ', version: 'latest' }],
    ['invalid-request', { name: 'New', version: 'newest' }],
    ['invalid-request', { name: 'New', version: '8.06' }],
    ['invalid-request', { name: 'New', version: '8.6.0.1.2' }],
    ['invalid-request', { name: 'New', version: '8.6', allow_downgrade: true }],
    ['invalid-request', { name: 'New', version: 'latest', delay_hours: 8785 }],
    ['invalid-request', { name: 'New', version: 'latest', delay_hours: 0.5 }],
    ['invalid-request', { name: 'New', version: 'latest', delay: 3 }],
    ['invalid-request', { name: 'N'.repeat(101), version: 'latest' }],
    ['invalid-request', { name: 'New', version: 'latest', endpoint_tags: tags(101) }],
  ]
  it.each(refused)('is refused: %s', async (code, data) => {
    expect(await told('set', data)).toMatchObject({ ok: false, refusal: { code } })
  })

  it('takes what is just within its limits', async () => {
    const most = { endpoint_tags: tags(100), delay_hours: 8784, priority: 1_000_000 }
    const made = await told('set', { name: 'N'.repeat(100), version: '999999999', ...most })
    expect(made).toMatchObject({ ok: true })
  })

  it('is refused with too many', async () => {
    const nobody = { version: 'latest', endpoint_tags: ['nobody'] }
    for (let count = 2; count < 50; count += 1) {
      expect(await told('set', { name: `p${count}`, ...nobody })).toMatchObject({ ok: true })
    }
    const refusal = { code: 'limit-reached' }
    expect(await told('set', { name: 'one more', ...nobody })).toMatchObject({ refusal })
    expect(await told('set', { name: 'p7', priority: 1 })).toMatchObject({ ok: true })
    for (let count = 2; count < 50; count += 1) await told('delete', { name: `p${count}` })
  })
})

function tags(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `tag ${index}`)
}

it('what is not there cannot be deleted or asked for', async () => {
  const refusal = { code: 'upgrade-policy-unknown', name: 'nobody' }
  expect(await told('delete', { name: 'nobody' })).toMatchObject({ refusal })
  expect(await told('get', { names: ['web', 'nobody'] })).toMatchObject({ refusal })
})

it('a server orders what a policy wants as soon as it is published, and tells of it', async () => {
  const endpoint = await enrolEndpoint(server, 'web-1', 'linux')
  await told('set', { name: 'All', version: 'latest' })
  await server.publish('8.6.0.2')
  await server.assembled.drain()
  const { body } = await server.call('endpoints/upgrade/get', { endpoint_id: endpoint })
  expect(body.reply.upgrades).toMatchObject([{ target_version: '8.6.0.2' }])
  const governed = await server.call('endpoints/get_policy', { endpoint_id: endpoint })
  expect(governed.body.reply).toMatchObject({ policy_name: 'All', auto_upgrade: true })
  const listed = await server.call('endpoints/upgrade/list')
  expect(listed.body.reply.actions).toMatchObject([
    { created_by: expect.stringMatching(/^upgrade-policy:\d+$/) },
  ])
  const scoped = { ...TEST_ACTOR, scope: { tags: ['elsewhere'] } }
  const all = { names: ['All'] }
  expect(await told('get', all)).toMatchObject({ value: { policies: [{ endpoints_count: 1 }] } })
  expect(await told('get', all, scoped)).toMatchObject({
    value: { policies: [{ endpoints_count: 0 }] },
  })
})
