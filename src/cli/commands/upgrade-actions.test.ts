import { describe, expect, it } from 'vitest'
import type { FakeCalls } from '../../client/testing/fake-server.ts'
import type { EndpointUpgrade, UpgradeActionObject } from '../../contract/public/upgrade-actions.ts'
import { NOW, startTestCli } from '../testing/terminal.ts'

const A = 'a'.repeat(32)

function action(id: number, more: Partial<UpgradeActionObject> = {}): UpgradeActionObject {
  return {
    ...{ group_action_id: id, status: 'open', target_versions: { linux: '8.6.0.2' } },
    ...{ upgrade_timeframe_window: null, retry_failed: false, created_by: 'api-key:1' },
    ...{ created_at: NOW, expires_at: NOW, opens_at: null, endpoints_count: 3 },
    counts: { queued: 2, succeeded: 1 },
    ...more,
  }
}

const UPGRADE: EndpointUpgrade = {
  ...{ endpoint_id: A, endpoint_name: 'web-1', status: 'PENDING', group_action_id: 7 },
  ...{ state: 'queued', from_version: '8.6.0.1', target_version: '8.6.0.2', attempts: 0 },
  ...{ percent: 0, bytes_done: 0, bytes_total: 0, reason: 'awaiting-check-in', message: null },
  ...{ opens_at: null, expires_at: NOW, changed_at: NOW },
}

describe('upgrade list', () => {
  it('shows actions with their counts, page by page', async () => {
    const asked: unknown[] = []
    const many = Array.from({ length: 101 }, (_, at) => action(101 - at))
    await using cli = await startTestCli({
      'endpoints/upgrade/list': (data) => {
        asked.push(data.filters)
        const actions = many.slice(data.search_from ?? 0, data.search_to ?? 100)
        return { total_count: many.length, result_count: actions.length, actions }
      },
    })
    const told = await cli.run('upgrade', 'list', '--status', 'open', '--limit', '101')
    const lines = told.stdout.split('\n')
    expect(lines[0]).toMatch(/^ACTION +STATUS +ORDERED +BY +TARGETS +ENDPOINTS$/)
    expect(lines[1]).toMatch(/^101 +open .* api-key:1 +linux 8\.6\.0\.2 +2 queued, 1 succeeded$/)
    expect(lines).toHaveLength(1 + 101 + 1)
    const filter = [{ field: 'status', operator: 'in', value: ['open'] }]
    expect(asked).toEqual([filter, filter])
  })

  it('takes no status that is none', async () => {
    await using cli = await startTestCli({})
    expect((await cli.run('upgrade', 'list', '--status', 'done')).code).toBe(2)
    expect(cli.seen).toEqual([])
  })
})

describe('upgrade show', () => {
  it('shows what was ordered and how endpoints stand', async () => {
    const window = {
      upgrade_timeframe_days: ['monday' as const, 'friday' as const],
      upgrade_timeframe_start_time: '02:00',
      upgrade_timeframe_end_time: '06:00',
    }
    const calls: FakeCalls = {
      'endpoints/upgrade/get': ({ group_action_id: id, filters }) => {
        expect(filters).toEqual([{ field: 'state', operator: 'in', value: ['queued'] }])
        const shown = action(Number(id), { upgrade_timeframe_window: window, opens_at: NOW })
        return { action: shown, total_count: 1, result_count: 1, upgrades: [UPGRADE] }
      },
    }
    await using cli = await startTestCli(calls)
    const told = await cli.run('upgrade', 'show', '7', '--state', 'queued')
    expect(told).toMatchObject({ code: 0, stderr: '' })
    expect(told.stdout).toContain('monday, friday 02:00 to 06:00 UTC')
    expect(told.stdout).toContain('2 queued, 1 succeeded')
    expect(told.stdout).toMatch(new RegExp(`${A} +web-1 +8\\.6\\.0\\.1 +queued: awaiting-check-in`))
  })

  it.each([
    ['Europe/Berlin', false, 'monday 22:00 to 04:00 Europe/Berlin'],
    ['endpoint', true, "monday 22:00 to 04:00 of each endpoint's clock, strict end"],
  ])('says whose clock a window goes by: %s, strict %s', async (zone, isStrict, text) => {
    const window = {
      upgrade_timeframe_days: ['monday' as const],
      ...{ upgrade_timeframe_start_time: '22:00', upgrade_timeframe_end_time: '04:00' },
      ...{ upgrade_timeframe_timezone: zone, strict_end: isStrict },
    }
    const shown = action(7, { upgrade_timeframe_window: window })
    const reply = { action: shown, total_count: 0, result_count: 0, upgrades: [] }
    await using cli = await startTestCli({ 'endpoints/upgrade/get': () => reply })
    const told = await cli.run('upgrade', 'show', '7')
    expect(told.stdout).toMatch(new RegExp(`${text}$`, 'm'))
  })

  it('takes no number that is none', async () => {
    await using cli = await startTestCli({})
    expect((await cli.run('upgrade', 'show', 'seven')).code).toBe(2)
  })
})

describe('upgrade cancel', () => {
  const none = { cancelled: 0, cancelling: 0, too_late: 0, already_ended: 0, unknown: 0 }
  it.each([
    [{ ...none, cancelled: 2, cancelling: 1 }, 0, '2 endpoints cancelled.\n1 endpoint told to'],
    [{ ...none, too_late: 1 }, 1, '1 endpoint past the switch already.\n'],
    [{ ...none, already_ended: 3 }, 0, '3 endpoints ended before.\n'],
  ])('%j: exit code %i', async (counts, code, text) => {
    const asked: unknown[] = []
    await using cli = await startTestCli({
      'endpoints/upgrade/cancel': (data) => {
        asked.push(data)
        return counts
      },
    })
    const words = ['--endpoint', A, '--reason', 'wrong version']
    const told = await cli.run('upgrade', 'cancel', '7', ...words)
    expect(told.code).toBe(code)
    expect(told.stdout).toContain(text)
    const reason = 'wrong version'
    expect(asked).toEqual([{ group_action_id: 7, endpoint_ids: [A], reason }])
  })

  it.each([['x'], ['7', '--endpoint', 'web-1']])('takes no %s %s %s', async (...words) => {
    await using cli = await startTestCli({})
    expect((await cli.run('upgrade', 'cancel', ...words)).code).toBe(2)
    expect(cli.seen).toEqual([])
  })
})
