import { describe, expect, it } from 'vitest'
import { type FakeCalls, refusal } from '../../client/testing/fake-server.ts'
import { startTestCli } from '../testing/terminal.ts'

const CLEANUP = {
  periodic_duplicate_cleanup: false,
  host_name: false,
  ip: false,
  mac: false,
  time_interval_hours: null,
}

const ROLLOUT = {
  timezone: 'UTC',
  closed_days: [],
  canary: { count: 5 },
  waves: [{ percent: 10 }],
  max_concurrent: null,
  soak_minutes: 0,
  failure_budget: { count: 3, percent: null },
  probation_minutes: null,
  max_attempts: 1,
  download_rate: null,
  check_ins_per_s: 5000,
}

function settings() {
  const asked: unknown[] = []
  let parallel = 500
  const calls: FakeCalls = {
    'configurations/agent/auto_upgrade': () => ({ amount_of_parallel_upgrades: parallel }),
    'configurations/agent/auto_upgrade/set': (data) => {
      asked.push(data)
      parallel = data.amount_of_parallel_upgrades ?? parallel
      return true
    },
    'configurations/agent/agent_status': () => ({
      license_revocation_after_lost_connection: 30,
      agent_deletion_retention: 180,
    }),
    'configurations/agent/action_center_expiration': () => ({ agent_upgrade: 720 }),
    'configurations/agent/endpoint_administration_cleanup': () => CLEANUP,
    'configurations/agent/endpoint_administration_cleanup/set': (data) => {
      asked.push(data)
      return refusal(400, 'duplicate-mark-missing', 'choose at least one of host_name, ip and mac')
    },
    'configurations/agent/content_management': () => ({
      enable_bandwidth_control: false,
      bandwidth_in_mbps: 100,
      enable_minor_content_version_updates: true,
    }),
    'configurations/agent/critical_environment_versions': () => ({
      enabled_critical_environment_versions: true,
    }),
    'configurations/agent/rollout': () => ROLLOUT,
    'configurations/agent/rollout/set': (data) => {
      asked.push(data)
      return true
    },
  }
  return { calls, asked }
}

describe('config get', () => {
  it('shows one setting', async () => {
    await using cli = await startTestCli(settings().calls)
    const told = await cli.run('config', 'get', 'auto_upgrade')
    expect(told).toEqual({ code: 0, stdout: 'amount_of_parallel_upgrades: 500\n', stderr: '' })
    expect(cli.seen[0]?.call).toBe('GET configurations/agent/auto_upgrade')
  })

  it('shows all of them, each under its name', async () => {
    await using cli = await startTestCli(settings().calls)
    const { stdout } = await cli.run('config', 'get')
    expect(stdout).toContain('auto_upgrade\namount_of_parallel_upgrades: 500\n\nagent_status\n')
    expect(stdout).toContain('time_interval_hours:        -\n')
    const json = JSON.parse((await cli.run('config', 'get', '--json')).stdout)
    expect(json).toMatchObject({
      auto_upgrade: { amount_of_parallel_upgrades: 500 },
      endpoint_administration_cleanup: CLEANUP,
    })
  })

  it('knows what was meant by a name that is none', async () => {
    await using cli = await startTestCli(settings().calls)
    const told = await cli.run('config', 'get', 'auto_upgrad')
    expect(told.code).toBe(2)
    expect(told.stderr).toContain('Did you mean "auto_upgrade"?')
  })
})

describe('config set', () => {
  it('changes what is named, and shows what became true', async () => {
    const { calls, asked } = settings()
    await using cli = await startTestCli(calls)
    const told = await cli.run('config', 'set', 'auto_upgrade', 'amount_of_parallel_upgrades=7')
    expect(told).toMatchObject({ code: 0, stdout: 'amount_of_parallel_upgrades: 7\n' })
    expect(asked).toEqual([{ amount_of_parallel_upgrades: 7 }])
  })

  it('tells booleans and numbers from words, and shows what the server says', async () => {
    const { calls, asked } = settings()
    await using cli = await startTestCli(calls)
    const fields = ['periodic_duplicate_cleanup=true', 'ip=false', 'time_interval_hours=6']
    const told = await cli.run('config', 'set', 'endpoint_administration_cleanup', ...fields)
    expect(told.code).toBe(5)
    expect(told.stderr).toContain('choose at least one')
    expect(asked).toEqual([{ periodic_duplicate_cleanup: true, ip: false, time_interval_hours: 6 }])
  })

  it('takes fields with parts as JSON, and shows them as it takes them', async () => {
    const { calls, asked } = settings()
    await using cli = await startTestCli(calls)
    const fields = ['canary={"count":5}', 'waves=[10, {"tag":"lab"}]', 'download_rate=none']
    const told = await cli.run('config', 'set', 'rollout', ...fields)
    expect(asked).toEqual([
      { canary: { count: 5 }, waves: [{ percent: 10 }, { tag: 'lab' }], download_rate: 'none' },
    ])
    expect(told.stdout).toMatch(/^canary: +\{"count":5\}$/m)
    expect(told.stdout).toMatch(/^closed_days: +\[\]$/m)
    expect(told.stdout).toMatch(/^max_concurrent: +-$/m)
  })

  it.each([
    [['nothing', 'a=1'], 'There is no setting "nothing".'],
    [['rollout', 'waves=[10, 50'], 'waves: "[10, 50" is not JSON.'],
    [['auto_upgrade', 'amount_of_parallel_upgrades'], 'is not FIELD=VALUE'],
    [['auto_upgrade', 'a='], 'is not FIELD=VALUE'],
    [['auto_upgrade', 'a=1', 'a=2'], 'a is given twice.'],
    [['auto_upgrade'], 'FIELD=VALUE'],
  ])('%j is no change', async (words, message) => {
    const { calls, asked } = settings()
    await using cli = await startTestCli(calls)
    const told = await cli.run('config', 'set', ...words)
    expect(told.code).toBe(2)
    expect(told.stderr).toContain(message)
    expect(asked).toEqual([])
  })
})
