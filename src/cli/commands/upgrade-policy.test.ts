import { describe, expect, it } from 'vitest'
import { type FakeCalls, refusal } from '../../client/testing/fake-server.ts'
import type { UpgradePolicyObject } from '../../contract/public/upgrade-policies.ts'
import { NOW, startTestCli } from '../testing/terminal.ts'

const POLICY: UpgradePolicyObject = {
  policy_id: 3,
  name: 'Servers',
  priority: 100,
  enabled: true,
  endpoint_tags: ['server'],
  distribution_ids: [],
  platforms: ['linux'],
  exclude_tags: ['frozen'],
  version: 'one-before',
  allow_downgrade: false,
  delay_hours: 168,
  upgrade_timeframe_window: null,
  rollout: null,
  created_by: 'api-key:1',
  created_at: NOW,
  changed_by: 'api-key:1',
  changed_at: NOW,
  wants: [
    {
      platform: 'linux',
      version: '8.6.0.2',
      since: NOW,
      next_version: '8.6.0.3',
      next_at: NOW + 3_600_000,
    },
  ],
  endpoints_count: 40,
  fulfilled_count: 38,
  last_action: { group_action_id: 17, created_at: NOW, state: 'running' },
  reason: 'policy-rollout-open',
}

/** Every call's order, and an answer that fits. */
function policies(): { readonly orders: unknown[]; readonly calls: FakeCalls } {
  const orders: unknown[] = []
  const noted =
    <Reply>(reply: Reply) =>
    (order: unknown) => {
      orders.push(order)
      return reply
    }
  return {
    orders,
    calls: {
      'endpoints/upgrade/policies/get': noted({ policies: [POLICY] }),
      'endpoints/upgrade/policies/set': noted(POLICY),
      'endpoints/upgrade/policies/delete': noted(true as const),
    },
  }
}

const UNSAID = {
  ...{ new_name: null, version: null, allow_downgrade: null, endpoint_tags: null },
  ...{ distribution_ids: null, platforms: null, exclude_tags: null, priority: null },
  ...{ delay_hours: null, upgrade_timeframe_window: null, rollout: null, enabled: null },
}

describe('upgrade-policy set', () => {
  it('sends what is said, and leaves the rest as it is', async () => {
    const { calls, orders } = policies()
    await using cli = await startTestCli(calls)
    await cli.run('upgrade-policy', 'set', 'Servers')
    const whom = ['--tag', 'a', '--tag', 'b', '--platform', 'linux', '--exclude-tag', 'none']
    const how = ['--delay', '7d', '--canary', '5', '--days', 'monday', '--zone', 'endpoint']
    await cli.run('upgrade-policy', 'set', 'Servers', '--to', '8.6', ...whom, ...how, '--disable')
    const back = ['--any-time', '--instance-rollout', '--delay', 'none', '--platform', 'none']
    await cli.run('upgrade-policy', 'set', 'Servers', ...back, '--enable', '--rename', 'Web')
    expect(orders).toMatchObject([
      { name: 'Servers', ...UNSAID },
      {
        version: '8.6',
        endpoint_tags: ['a', 'b'],
        platforms: ['linux'],
        exclude_tags: [],
        delay_hours: 168,
        rollout: { canary: { count: 5 } },
        upgrade_timeframe_window: {
          upgrade_timeframe_days: ['monday'],
          upgrade_timeframe_timezone: 'endpoint',
        },
        enabled: false,
      },
      {
        ...{ upgrade_timeframe_window: 'none', rollout: 'none', delay_hours: 0, platforms: [] },
        ...{ enabled: true, new_name: 'Web' },
      },
    ])
  })

  const wrong: readonly (readonly [string, readonly string[]])[] = [
    ['--enable or --disable', ['--enable', '--disable']],
    ['--any-time', ['--any-time', '--zone', 'UTC']],
    ['--instance-rollout', ['--instance-rollout', '--soak', '1h']],
    ['--platform', ['--platform', 'solaris']],
    ['--priority', ['--priority', 'first']],
    ['--delay', ['--delay', 'a week']],
    ['--start', ['--start', '02:00']],
    ['--canary', ['--canary', 'some']],
  ]
  it.each(wrong)('says what is wrong with %s', async (option, given) => {
    const { calls, orders } = policies()
    await using cli = await startTestCli(calls)
    const told = await cli.run('upgrade-policy', 'set', 'Servers', ...given)
    expect(told).toMatchObject({ code: 2, stderr: expect.stringContaining(option) })
    expect(orders).toEqual([])
  })
})

describe('upgrade-policy', () => {
  it('show tells what it wants, since when, what comes, and why it orders nothing', async () => {
    const { calls } = policies()
    await using cli = await startTestCli(calls)
    const { stdout } = await cli.run('upgrade-policy', 'show', 'Servers')
    for (const said of [
      'Servers (3)',
      'tags server; linux; not frozen',
      '8.6.0.2, since 2026-11-22 12:00 UTC; 2026-11-22 13:00 UTC: 8.6.0.3',
      '7d',
      '38 of 40',
      'action 17, running',
      'policy-rollout-open',
    ]) {
      expect(stdout).toContain(said)
    }
  })

  it('list tells of each', async () => {
    const { calls } = policies()
    await using cli = await startTestCli(calls)
    const { stdout } = await cli.run('upgrade-policy', 'list')
    expect(stdout).toMatch(/Servers +100 .* one-before +linux 8\.6\.0\.2 +38 of 40/)
  })

  it('delete names it, and says so when there is none', async () => {
    const { calls, orders } = policies()
    await using cli = await startTestCli(calls)
    expect(await cli.run('upgrade-policy', 'delete', 'Servers')).toMatchObject({ code: 0 })
    expect(orders).toEqual([{ name: 'Servers' }])
    const unknown = () => refusal(404, 'upgrade-policy-unknown', 'Not found')
    await using other = await startTestCli({ 'endpoints/upgrade/policies/delete': unknown })
    const told = await other.run('upgrade-policy', 'delete', 'Nobody')
    expect(told.code).not.toBe(0)
    expect(told.stderr).toContain('upgrade-policy-unknown')
  })
})
