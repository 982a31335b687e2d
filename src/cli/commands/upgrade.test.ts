import { describe, expect, it } from 'vitest'
import { sampleEndpoint } from '../../client/testing/endpoint.ts'
import type { FakeCalls } from '../../client/testing/fake-server.ts'
import { refusal } from '../../client/testing/fake-server.ts'
import type { EndpointObject } from '../../contract/public/endpoint-lists.ts'
import type {
  ActionStatus,
  UpgradeDetail,
  UpgradeEndpointsRequest,
} from '../../contract/public/endpoints.ts'
import { NOW, startTestCli } from '../testing/terminal.ts'

const A = 'a'.repeat(32)
const B = 'b'.repeat(32)

function endpoint(id: string, name: string, more: Partial<EndpointObject> = {}): EndpointObject {
  const seen = { first_seen: NOW - 86_400_000, last_seen: NOW - 42_000 }
  return sampleEndpoint(id, name, { ...seen, ...more })
}

function detail(state: string, more: Partial<UpgradeDetail> = {}): UpgradeDetail {
  return {
    ...{ group_action_id: 3, state, from_version: '8.6.0.1', target_version: '8.6.0.2' },
    ...{ attempts: 1, percent: 0, bytes_done: 0, bytes_total: 0, reason: null, message: null },
    ...{ opens_at: null, expires_at: NOW, changed_at: NOW, ...more },
  }
}

type Stage = Readonly<Record<string, readonly [ActionStatus, UpgradeDetail]>>

/** A fleet whose upgrades go through the stages, one each time somebody asks. */
function fleet(endpoints: readonly EndpointObject[], stages: readonly Stage[], more = {}) {
  const orders: UpgradeEndpointsRequest[] = []
  let asked = 0
  const calls: FakeCalls = {
    'endpoints/get_endpoint': ({ filters, search_from: from, search_to: to }) => {
      const found = endpoints.filter((each) =>
        (filters ?? []).every(({ field, value }) => {
          const wanted = [value].flat()
          if (field === 'endpoint_id_list') return wanted.includes(each.endpoint_id)
          if (field === 'hostname') return wanted.includes(each.endpoint_name)
          if (field === 'alias') return wanted.includes(each.alias ?? '')
          if (field === 'platform') return wanted.includes('linux')
          return wanted.includes(each.endpoint_status.toLowerCase())
        }),
      )
      const page = found.slice(from ?? 0, to ?? 100)
      return { total_count: found.length, result_count: page.length, endpoints: page }
    },
    'endpoints/upgrade': (order) => {
      orders.push(order)
      const count = order.endpoint_ids.length
      return {
        summary: 'Upgrade action created successfully.',
        details: [`Linux: ${count} endpoints queued for upgrade to 8.6.0.2`],
        group_action_id: 2 + orders.length,
        endpoints_count: count,
        ineligible: [],
        ineligible_count: 0,
        ...more,
      }
    },
    'actions/get_action_status': () => {
      const stage = Object.entries(stages[Math.min(asked++, stages.length - 1)] ?? {})
      return {
        data: Object.fromEntries(stage.map(([id, [status]]) => [id, status])),
        errorReasons: {},
        details: Object.fromEntries(stage.map(([id, [, each]]) => [id, each])),
      }
    },
  }
  return { calls, orders }
}

const TWO = [endpoint(A, 'web-1'), endpoint(B, 'web-2')]
const half = { percent: 50, bytes_done: 1024, bytes_total: 2048 }
const QUEUED: Stage = {
  [A]: ['PENDING', detail('queued', { reason: 'awaiting-check-in' })],
  [B]: ['PENDING', detail('queued', { reason: 'outside-window', opens_at: NOW + 3_600_000 })],
}
const RUNNING: Stage = {
  [A]: ['IN_PROGRESS', detail('downloading', half)],
  [B]: ['PENDING', detail('queued', { reason: 'outside-window', opens_at: NOW + 3_600_000 })],
}
const failed = { reason: 'exited-early', message: 'it ended after 1 s' }
const ENDED: Stage = {
  [A]: ['COMPLETED_SUCCESSFULLY', detail('succeeded', { reason: 'upgraded' })],
  [B]: ['FAILED', detail('rolled-back', failed)],
}
const GOOD: Stage = {
  [A]: ['COMPLETED_SUCCESSFULLY', detail('succeeded', { reason: 'upgraded' })],
}

describe('upgrade', () => {
  it('orders what was said, and names the action', async () => {
    const { calls, orders } = fleet(TWO, [])
    await using cli = await startTestCli(calls)
    const window = ['--days', 'Monday, friday', '--start', '02:00', '--end', '06:00']
    const named = ['--endpoint', A, '--hostname', 'web-2', '--to', '8.6.0.2', '--retry-failed']
    const told = await cli.run('upgrade', ...named, ...window)
    expect(told).toEqual({
      code: 0,
      stdout:
        'Action 3: Upgrade action created successfully.\n' +
        '  Linux: 2 endpoints queued for upgrade to 8.6.0.2\n' +
        'Watch it with "drydock upgrade watch 3".\n',
      stderr: '',
    })
    expect(orders).toEqual([
      {
        endpoint_ids: [A, B],
        target_versions: { linux: '8.6.0.2' },
        upgrade_timeframe_window: {
          upgrade_timeframe_days: ['monday', 'friday'],
          upgrade_timeframe_start_time: '02:00',
          upgrade_timeframe_end_time: '06:00',
        },
        retry_failed: true,
      },
    ])
  })

  it('orders a window by the clock of each endpoint, with a strict end', async () => {
    const { calls, orders } = fleet(TWO, [])
    await using cli = await startTestCli(calls)
    const hours = ['--start', '02:00', '--end', '06:00', '--zone', 'endpoint', '--strict-end']
    expect((await cli.run('upgrade', '--endpoint', A, '--to', '8.6.0.2', ...hours)).code).toBe(0)
    expect(orders[0]?.upgrade_timeframe_window).toEqual({
      upgrade_timeframe_days: null,
      upgrade_timeframe_start_time: '02:00',
      upgrade_timeframe_end_time: '06:00',
      upgrade_timeframe_timezone: 'endpoint',
      strict_end: true,
    })
  })

  it('--all is every endpoint, page by page, in as many actions as it takes', async () => {
    const many = Array.from({ length: 5001 }, (_, index) =>
      endpoint(index.toString(16).padStart(32, '0'), `e-${index}`),
    )
    const { calls, orders } = fleet(many, [])
    await using cli = await startTestCli(calls)
    expect((await cli.run('upgrade', '--all', '--to', '8.6.0.2')).code).toBe(0)
    expect(orders.map((order) => order.endpoint_ids.length)).toEqual([5000, 1])
    expect(orders[0]?.upgrade_timeframe_window).toBeNull()
  })

  it.each<[string, string[], string]>([
    ['nobody is named', [], 'No endpoint is named'],
    ['all and one are named', ['--all', '--endpoint', A], '--all is every endpoint'],
    ['an id is none', ['--endpoint', 'web-1'], '--endpoint is an id of 32 characters'],
    ['a window has no end', ['--all', '--start', '02:00'], '--start and --end come together.'],
    ['a time is none', ['--all', '--start', '2', '--end', '06:00'], '--start is a time as HH:MM'],
    ['a day is none', ['--all', '--days', 'monday,tusday'], 'Did you mean "tuesday"?'],
    ['a platform is none', ['--all', '--platform', 'beos'], '--platform is one of'],
  ])('orders nothing when %s', async (_case, words, text) => {
    await using cli = await startTestCli(fleet(TWO, []).calls)
    const told = await cli.run('upgrade', '--to', '8.6.0.2', ...words)
    expect(told.code).toBe(2)
    expect(told.stderr).toContain(text)
    expect(cli.seen).toEqual([])
  })

  it.each(['windows', 'linux', 'macos', 'android'])('takes endpoints of %s', async (platform) => {
    const { calls, orders } = fleet([endpoint(A, 'web-1')], [])
    await using cli = await startTestCli(calls)
    const words = ['--endpoint', A, '--platform', platform]
    expect(await cli.run('upgrade', '--to', '8.6.0.2', ...words)).toMatchObject({ code: 0 })
    expect(orders[0]?.target_versions).toEqual({ [platform]: '8.6.0.2' })
  })

  it('orders nothing when a name belongs to nobody', async () => {
    const { calls, orders } = fleet(TWO, [])
    await using cli = await startTestCli(calls)
    const told = await cli.run('upgrade', '--to', '8.6.0.2', '--hostname', 'web-9')
    expect(told).toMatchObject({ code: 1, stderr: 'drydock: there is no endpoint called web-9\n' })
    expect(orders).toEqual([])
  })

  it('ends with 5 when nobody is eligible', async () => {
    const no = () => refusal(500, 'nothing-eligible', 'No endpoint was found')
    await using cli = await startTestCli({ 'endpoints/upgrade': no })
    expect((await cli.run('upgrade', '--to', '8.6.0.2', '--endpoint', A)).code).toBe(5)
  })
})

describe('upgrade --watch', () => {
  const WATCH = ['upgrade', '--all', '--to', '8.6.0.2', '--watch'] as const

  it('tells each change once in a log, and ends with 1 when one was taken back', async () => {
    const { calls } = fleet(TWO, [QUEUED, QUEUED, RUNNING, RUNNING, ENDED])
    await using cli = await startTestCli(calls)
    const told = await cli.run(...WATCH)
    expect(told).toEqual({
      code: 1,
      stdout:
        'web-1  succeeded    upgraded\n' +
        'web-2  rolled-back  exited-early (it ended after 1 s)\n' +
        '1 rolled-back, 1 succeeded.\n',
      stderr:
        'Action 3: Upgrade action created successfully.\n' +
        '  Linux: 2 endpoints queued for upgrade to 8.6.0.2\n' +
        'web-1: queued: awaiting-check-in\n' +
        'web-2: queued: outside-window, opens 2026-11-22 13:00 UTC\n' +
        'web-1: downloading 50%\n' +
        'web-1: succeeded: upgraded\n' +
        'web-2: rolled-back: exited-early (it ended after 1 s)\n',
    })
  })

  it('draws one line for each on a terminal, in place, as wide as it is', async () => {
    const { calls } = fleet(TWO, [RUNNING, ENDED])
    await using cli = await startTestCli(calls, { columns: 64 })
    const told = await cli.run(...WATCH)
    const frames = told.stderr.split('\r\u001b[J')
    expect(frames[1]).toBe(
      'web-1  downloading  [##########..........]  50%  1.0 KiB of 2.…\n' +
        'web-2  queued       outside-window, opens 2026-11-22 13:00 UTC\n' +
        '1 downloading, 1 queued\n\u001b[3A',
    )
    expect(told.stderr.endsWith('\u001b[3A\r\u001b[J')).toBe(true)
  })

  it('ends with 0 when everybody succeeded', async () => {
    await using cli = await startTestCli(fleet([endpoint(A, 'web-1')], [GOOD]).calls)
    const told = await cli.run(...WATCH, '--json')
    expect(told.code).toBe(0)
    expect(JSON.parse(told.stdout)).toMatchObject({
      group_action_ids: [3],
      is_finished: true,
      endpoints: [{ endpoint_id: A, endpoint_name: 'web-1', status: 'COMPLETED_SUCCESSFULLY' }],
    })
  })

  it.each([
    ['is there already', [{ endpoint_id: B, reason: 'already-at-version' }], 1, 0],
    ['is unknown', [{ endpoint_id: B, reason: 'unknown-endpoint' }], 1, 1],
    ['is not told with its reason', [], 1, 1],
  ])('counts one that was left out because it %s', async (_case, ineligible, count, code) => {
    const { calls } = fleet([endpoint(A, 'web-1')], [GOOD], { ineligible, ineligible_count: count })
    await using cli = await startTestCli(calls)
    expect((await cli.run(...WATCH)).code).toBe(code)
  })

  it('ends with 6 when the time is over', async () => {
    await using cli = await startTestCli(fleet(TWO, [QUEUED]).calls)
    const told = await cli.run(...WATCH, '--timeout', '60')
    expect(told.code).toBe(6)
    expect(told.stdout).toContain('2 queued.')
  })

  it('waits for a server that restarts', async () => {
    const { calls } = fleet([endpoint(A, 'web-1')], [GOOD])
    const status = calls['actions/get_action_status']
    let asked = 0
    await using cli = await startTestCli({
      ...calls,
      'actions/get_action_status': (request) =>
        ++asked <= 9 || status === undefined ? refusal(503, 'starting', 'later') : status(request),
    })
    const told = await cli.run(...WATCH)
    expect(told.code).toBe(0)
    expect(told.stderr.match(/The server does not answer; asking again\./g)).toHaveLength(1)
  })
})

describe('upgrade status', () => {
  it('shows how it stands, without waiting', async () => {
    await using cli = await startTestCli(fleet(TWO, [RUNNING]).calls)
    expect(await cli.run('upgrade', 'status', '3')).toEqual({
      code: 0,
      stdout:
        'web-1  downloading  [##########..........]  50%  1.0 KiB of 2.0 KiB\n' +
        'web-2  queued       outside-window, opens 2026-11-22 13:00 UTC\n' +
        '1 downloading, 1 queued.\n',
      stderr: '',
    })
  })

  it('--watch goes on to the end', async () => {
    await using cli = await startTestCli(fleet(TWO, [RUNNING, ENDED]).calls)
    expect((await cli.run('upgrade', 'status', '3', '--watch')).code).toBe(1)
  })
})

describe('endpoint list', () => {
  const upgrade = detail('rolled-back', { reason: 'exited-early' })
  const LIST = [TWO[0], endpoint(B, 'db\u001b[2J', { last_upgrade: upgrade })] as const
  const endpoints = LIST.filter((each) => each !== undefined)

  it('is a table in which nothing is hidden from a pipe', async () => {
    await using cli = await startTestCli(fleet(endpoints, []).calls)
    expect((await cli.run('endpoint', 'list')).stdout).toBe(
      [
        `ID${' '.repeat(32)}NAME    STATUS     VERSION  SYSTEM       SEEN      UPGRADE`,
        `${A}  web-1   connected  8.6.0.1  Debian 12.5  42 s ago`,
        `${B}  db\ufffd[2J  connected  8.6.0.1  Debian 12.5  42 s ago  ` +
          'rolled-back: exited-early',
        '',
      ].join('\n'),
    )
  })

  it('fits a terminal', async () => {
    await using cli = await startTestCli(fleet(endpoints, []).calls, { columns: 80 })
    const { stdout } = await cli.run('endpoint', 'list')
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(stdout).toContain(`${B}  db\ufffd[2J  connected  8.6.0.1`)
  })

  it('calls an endpoint by its alias too', async () => {
    await using cli = await startTestCli(fleet([endpoint(A, 'vm', { alias: 'web' })], []).calls)
    expect((await cli.run('endpoint', 'list')).stdout).toContain(`${A}  web (vm)  connected`)
  })

  it('asks for what is wanted, and says what it leaves out', async () => {
    await using cli = await startTestCli(fleet(endpoints, []).calls)
    const lost = await cli.run('endpoint', 'list', '--status', 'lost', '--platform', 'Linux')
    expect(lost).toEqual({ code: 0, stdout: '', stderr: 'No endpoints.\n' })
    const one = await cli.run('endpoint', 'list', '--limit', '1', '--status', 'CONNECTED')
    expect(one.stderr).toBe('Showing 1 of 2 endpoints; --limit N shows more.\n')
  })
})

describe('endpoint show', () => {
  it('shows everything, by id or by name', async () => {
    const shown = endpoint(A, 'web-1', {
      last_upgrade: detail('failed', { reason: 'disk-full' }),
      ip: ['10.0.0.1'],
      install_date: NOW,
      alias: '',
      operational_status_details: [{ title: 'payload', reason: 'it ended' }],
    })
    await using cli = await startTestCli(fleet([shown], []).calls)
    const { stdout } = await cli.run('endpoint', 'show', 'web-1')
    for (const line of [
      /^id: +a{32}$/m,
      /^last upgrade: +8\.6\.0\.1 -> 8\.6\.0\.2$/m,
      /^upgrade state: +failed: disk-full$/m,
      /^install date: +2026-11-22 12:00 UTC$/m,
      /^ip: +10\.0\.0\.1$/m,
      /^operational status details: title: payload; reason: it ended$/m,
    ]) {
      expect(stdout).toMatch(line)
    }
    expect(stdout).not.toContain('alias')
    expect((await cli.run('endpoint', 'show', A)).stdout).toBe(stdout)
  })

  it('does not guess between two, nor invent one', async () => {
    const twins = [endpoint(A, 'web'), endpoint(B, 'web')]
    await using cli = await startTestCli(fleet(twins, []).calls)
    const two = await cli.run('endpoint', 'show', 'web')
    expect(two.code).toBe(1)
    expect(two.stderr).toContain(`2 endpoints are called web; name one by its id\n  ${A}\n  ${B}`)
    expect((await cli.run('endpoint', 'show', 'none')).code).toBe(1)
  })
})
