import { describe, expect, it } from 'vitest'
import { digestOf } from '../../base/digest.ts'
import type {
  DistributionObject,
  GetDistributionsRequest,
} from '../../contract/public/distributions.ts'
import type { WithdrawReleaseRequest } from '../../contract/public/releases.ts'
import { NOW, startTestCli } from '../testing/terminal.ts'

const ID = 'd'.repeat(32)
const HOUR_MS = 3_600_000

function row(more: Partial<DistributionObject> = {}): DistributionObject {
  return {
    distribution_id: ID,
    name: 'web',
    description: null,
    package_type: 'standalone',
    platform: 'linux',
    agent_version: '8.6.0.1',
    status: 'completed',
    tags: [],
    eol_time: null,
    created_by: 'api-key:1',
    creation_time: 0,
    modification_time: 0,
    supported_packages: ['deb', 'sh'],
    enrolments: 2,
    enrolments_max: 5,
    enrol_until: null,
    ...more,
  }
}

describe('distribution list', () => {
  it('shows every page, with what was asked for', async () => {
    const asked: GetDistributionsRequest[] = []
    const all = Array.from({ length: 150 }, (_, index) =>
      row({ distribution_id: String(index).padStart(32, '0') }),
    )
    await using cli = await startTestCli({
      'distributions/get_distributions': (request) => {
        asked.push(request)
        const data = all.slice(request.search_from ?? 0, request.search_to ?? 100)
        return { data, filter_count: 150, total_count: 200 }
      },
    })
    const words = ['distribution', 'list', '--name', 'w', '--status', 'completed', '--json']
    const told = await cli.run(...words)
    expect(JSON.parse(told.stdout).data).toHaveLength(150)
    expect(asked).toHaveLength(2)
    expect(asked[0]?.filters).toEqual([
      { field: 'name', operator: 'contains', value: 'w' },
      { field: 'status', operator: 'eq', value: 'completed' },
    ])
  })

  it('says who may still come, and that there are none', async () => {
    await using cli = await startTestCli({
      'distributions/get_distributions': () => {
        return { data: [row()], filter_count: 1, total_count: 1 }
      },
    })
    expect((await cli.run('distribution', 'list')).stdout).toContain('2 of 5')
    await using empty = await startTestCli({
      'distributions/get_distributions': () => ({ data: [], filter_count: 0, total_count: 0 }),
    })
    const none = { code: 0, stdout: '', stderr: 'No distributions.\n' }
    expect(await empty.run('distribution', 'list')).toEqual(none)
    expect((await empty.run('distribution', 'list', '--status', 'ready')).code).toBe(2)
  })
})

describe('distribution update', () => {
  it.each([
    [['--name', 'db'], { name: 'db' }],
    [['--description', 'none'], { description: null }],
    [
      ['--enrolments-max', 'none', '--enrol-for', 'none'],
      { enrolments_max: null, enrol_until: null },
    ],
    [['--enrolments-max', '7'], { enrolments_max: 7 }],
    [['--revoke-token'], { revoke_token: true }],
  ])('%o', async (options, change) => {
    const asked: unknown[] = []
    await using cli = await startTestCli({
      'distributions/update': (request) => {
        asked.push(request)
        return row()
      },
    })
    expect((await cli.run('distribution', 'update', ID, ...options)).code).toBe(0)
    expect(asked).toEqual([{ distribution_id: ID, ...change }])
  })

  it('counts the time from now', async () => {
    let until = 0
    await using cli = await startTestCli({
      'distributions/update': (request) => {
        until = request.enrol_until ?? 0
        return row()
      },
    })
    await cli.run('distribution', 'update', ID, '--enrol-for', '12h')
    expect(until).toBe(NOW + 12 * HOUR_MS)
  })

  it.each([
    [[], 'at least one'],
    [['--enrolments-max', 'many'], 'a whole number'],
    [['--enrol-for', 'soon'], 'a time such as'],
    [['--name', 'a/b'], 'letters, digits'],
  ])('refuses %o before anything is sent', async (options, text) => {
    await using cli = await startTestCli({})
    const told = await cli.run('distribution', 'update', ID, ...options)
    expect([told.code, told.stderr]).toEqual([2, expect.stringContaining(text)])
    expect(cli.seen).toEqual([])
  })
})

describe('distribution delete', () => {
  it('says that it is gone', async () => {
    await using cli = await startTestCli({ 'distributions/delete': () => true as const })
    const { stdout } = await cli.run('distribution', 'delete', ID)
    expect(stdout).toBe(`Distribution ${ID} is deleted.\n`)
  })
})

describe('release withdraw', () => {
  const WORDS = ['release', 'withdraw', '--version', '8.6.0.1', '--platform', 'linux']

  it('names what was withdrawn', async () => {
    let asked: WithdrawReleaseRequest | null = null
    await using cli = await startTestCli({
      'releases/withdraw': (request) => {
        asked = request
        const target = { platform: 'linux', arch: 'x64', libc: 'glibc' }
        const by = { withdrawn_at: 0, withdrawn_by: 'api-key:1', withdrawn_reason: 'it leaks' }
        const named = { manifest_digest: digestOf('m'), version: '8.6.0.1' }
        return { releases: [{ ...named, ...target, ...by }] }
      },
    })
    const { stdout } = await cli.run(...WORDS, '--arch', 'x64', '--reason', 'it leaks')
    const target = { version: '8.6.0.1', platform: 'linux', arch: 'x64' }
    expect(asked).toEqual({ ...target, reason: 'it leaks' })
    expect(stdout).toContain('8.6.0.1 for linux-x64-glibc: withdrawn 1970-01-01')
  })

  it.each([
    [['--version', '8.6', '--platform', 'linux'], 'four numbers'],
    [['--version', '8.6.0.1', '--platform', 'beos'], '--platform is one of'],
    [['--version', '8.6.0.1', '--platform', 'linux', '--arch', 'z80'], '--arch is one of'],
  ])('refuses %o', async (options, text) => {
    await using cli = await startTestCli({})
    const told = await cli.run('release', 'withdraw', ...options)
    expect([told.code, told.stderr]).toEqual([2, expect.stringContaining(text)])
  })
})
