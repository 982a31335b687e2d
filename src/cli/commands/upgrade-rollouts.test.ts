import { describe, expect, it } from 'vitest'
import { utf8 } from '../../base/bytes.ts'
import { systemRandom } from '../../base/random.ts'
import { createClient } from '../../client/client.ts'
import { sampleEndpoint } from '../../client/testing/endpoint.ts'
import type { FakeCalls } from '../../client/testing/fake-server.ts'
import type { UpgradeEndpointsRequest } from '../../contract/public/endpoints.ts'
import type { StreamedEvent } from '../../contract/public/events.ts'
import type { UpgradeActionObject } from '../../contract/public/upgrade-actions.ts'
import { sampleAction, sampleRollout } from '../testing/rollout.ts'
import { HastyClock, NOW, Screen, startTestCli } from '../testing/terminal.ts'
import { upgradeWatch } from './upgrade-watch.ts'

const A = 'a'.repeat(32)
const ORDERED = {
  ...{ summary: 'Upgrade action created successfully.', group_action_id: 8, endpoints_count: 1 },
  ...{ details: ['1 endpoint queued for upgrade to 8.6.0.1'], ineligible: [], ineligible_count: 0 },
}

describe('how a rollout is said', () => {
  it('sends every option as the server has it', async () => {
    const orders: UpgradeEndpointsRequest[] = []
    const calls: FakeCalls = {
      'endpoints/upgrade': (order) => {
        orders.push(order)
        return ORDERED
      },
    }
    await using cli = await startTestCli(calls)
    const said =
      `--to 8.6.0.2 --endpoint ${A} --canary 2% --waves 10,50%,lab --max-concurrent 20 ` +
      '--soak 2h --budget 3,1.5% --probation 10m --attempts 3 --rate 500k --expires-in 7d ' +
      '--allow-downgrade --supersede --exclude-tag kiosk --exclude-tag till'
    const told = await cli.run('upgrade', ...said.split(' '))
    expect(told).toMatchObject({ code: 0, stderr: '' })
    expect(told.stdout).toContain('Watch it with "drydock upgrade watch 8".')
    expect(orders).toEqual([
      {
        ...{ endpoint_ids: [A], target_versions: { linux: '8.6.0.2' } },
        ...{ upgrade_timeframe_window: null, retry_failed: false, expires_in_hours: 168 },
        ...{ allow_downgrade: true, supersede: true, exclude_tags: ['kiosk', 'till'] },
        rollout: {
          ...{ canary: { percent: 2 }, waves: [{ percent: 10 }, { percent: 50 }, { tag: 'lab' }] },
          ...{ max_concurrent: 20, soak_minutes: 120, probation_minutes: 10, max_attempts: 3 },
          ...{ failure_budget: { count: 3, percent: 1.5 }, download_rate: 512_000 },
        },
      },
    ])
    const none = '--canary none --waves none --budget none --probation none --rate none'
    await cli.run('upgrade', '--to', '8.6.0.2', '--endpoint', A, ...none.split(' '))
    expect(orders[1]?.rollout).toEqual({
      ...{ canary: 'none', waves: [], failure_budget: 'none', probation_minutes: 'none' },
      download_rate: 'none',
    })
  })

  it.each([
    ['--canary', 'few'],
    ['--budget', '1,2,3'],
    ['--soak', 'long'],
    ['--probation', '1y'],
    ['--rate', 'fast'],
    ['--attempts', '11'],
    ['--max-concurrent', '0'],
    ['--waves', Array(21).fill('a').join()],
    ['--expires-in', '31d'],
  ])('takes no %s %s', async (option, value) => {
    await using cli = await startTestCli({})
    const told = await cli.run('upgrade', '--to', '8.6.0.2', '--endpoint', A, option, value)
    expect(told.code).toBe(2)
    expect(told.stderr).toContain(option)
    expect(cli.seen).toEqual([])
  })
})

const PLANNED = {
  ...{ summary: 'Nothing was ordered: this is what would happen.', group_action_id: null },
  ...{ details: ['Linux: 2 endpoints queued for upgrade to 8.6.0.3'], endpoints_count: 2 },
  ...{ ineligible: [], ineligible_count: 0, dry_run: true as const },
  plan: {
    waves: [
      { name: 'canary', size: 1, budget: 1, endpoint_ids: [A], begins_at: NOW },
      { name: 'rest', size: 1, budget: null, endpoint_ids: [], begins_at: null },
    ],
    endpoints: [
      {
        ...{ endpoint_id: A, wave: 0, wave_name: 'canary', target_version: '8.6.0.3' },
        ...{ step_version: '8.6.0.2', zone: 'UTC', begins_at: NOW, opens_at: null },
        ...{ is_heard_of: true, text: 'begins with its next check-in' },
      },
    ],
    ...{ offline_count: 1, ends_at: NOW + 3_600_000 },
    assumed: { upgrade_s: 360, measured_upgrades: 0, check_in_interval_s: 60 },
  },
}

describe('upgrade plan', () => {
  it.each([[['upgrade', 'plan']], [['upgrade', '--dry-run']]])(
    '%s: waves, who begins when, the end, and what that stands on',
    async (words) => {
      const orders: UpgradeEndpointsRequest[] = []
      const calls: FakeCalls = {
        'endpoints/upgrade': (order) => {
          orders.push(order)
          return PLANNED
        },
      }
      await using cli = await startTestCli(calls)
      const told = await cli.run(...words, '--to', '8.6.0.3', '--endpoint', A)
      expect(told).toMatchObject({ code: 0, stderr: '' })
      expect(orders[0]).toMatchObject({ dry_run: true })
      const lines = told.stdout.split('\n').map((line) => line.replace(/ {2,}/g, '  ').trim())
      for (const line of [
        ...['canary  1  1  at once', 'rest  1  -  not as things are'],
        `${A}  canary  8.6.0.3 through 8.6.0.2  begins with its next check-in`,
        '... and 1 endpoint more',
        'Done by 2026-11-22 13:00 UTC if all goes well, in 60 min.',
        'One upgrade takes 6 min (assumed: none was measured yet).',
        '1 endpoint not heard of lately, in no estimate.',
      ]) {
        expect(lines).toContain(line)
      }
    },
  )
})

describe('upgrade pause, resume, skip-wave, retry, revert', () => {
  it.each([
    ['pause', 'endpoints/upgrade/pause'],
    ['resume', 'endpoints/upgrade/resume'],
    ['skip-wave', 'endpoints/upgrade/skip_wave'],
  ] as const)('%s: tells how the rollout stands', async (word, call) => {
    const asked: unknown[] = []
    const calls: FakeCalls = {
      [call]: (data: unknown) => {
        asked.push(data)
        return { group_action_id: 7, rollout: sampleRollout({ message: 'lunch' }) }
      },
    }
    await using cli = await startTestCli(calls)
    const told = await cli.run('upgrade', word, '7', '--reason', 'lunch')
    expect(told).toMatchObject({ code: 0, stderr: '' })
    expect(asked).toEqual([{ group_action_id: 7, reason: 'lunch' }])
    expect(told.stdout).toContain('Action 7: running (in-progress: lunch), at wave canary.')
    expect(told.stdout).toMatch(/^rest +3 +1 +3 queued +earlier-wave-unfinished$/m)
    expect((await cli.run('upgrade', word, 'seven')).code).toBe(2)
  })

  it('retry and revert tell of the new action', async () => {
    const asked: unknown[] = []
    const answer = (data: unknown) => {
      asked.push(data)
      return ORDERED
    }
    const calls: FakeCalls = {
      'endpoints/upgrade/retry': answer,
      'endpoints/upgrade/revert': answer,
    }
    await using cli = await startTestCli(calls)
    const retried = await cli.run('upgrade', 'retry', '7', '--endpoint', A, '--retry-failed')
    expect(retried.stdout).toContain('Action 8: Upgrade action created successfully.')
    const reverted = await cli.run('upgrade', 'revert', '7', '--canary', '5')
    expect(reverted.stdout).toContain('1 endpoint queued for upgrade to 8.6.0.1')
    expect(asked).toEqual([
      { group_action_id: 7, endpoint_ids: [A], retry_failed: true },
      { group_action_id: 7, endpoint_ids: null, rollout: { canary: { count: 5 } } },
    ])
    for (const words of [
      ['retry', 'x'],
      ['retry', '7', '--endpoint', 'web-1'],
      ['revert', '7', '--endpoint', 'web-1'],
      ['revert', '7', '--canary', 'few'],
    ]) {
      expect((await cli.run('upgrade', ...words)).code).toBe(2)
    }
  })
})

describe('upgrade explain', () => {
  it('says it in a sentence, and in fields', async () => {
    const text = 'waiting: window opens Monday 02:00 Europe/Berlin'
    const calls: FakeCalls = {
      'endpoints/get_endpoint': () => {
        return { total_count: 1, result_count: 1, endpoints: [sampleEndpoint(A, 'web-1')] }
      },
      'endpoints/upgrade/explain': ({ endpoint_id }) => ({
        ...{ endpoint_id, endpoint_name: 'web-1', text, next_step: 'opening', next_at: NOW },
        ...{ attempts_max: 3, upgrade_timeframe_window: null, zone: 'Europe/Berlin' },
        ...{ rollout: sampleRollout(), eligible: null },
        upgrade: {
          ...{ group_action_id: 7, state: 'queued', from_version: '8.6.0.1', attempts: 0 },
          ...{ target_version: '8.6.0.3', step_version: '8.6.0.2', percent: 0, bytes_done: 0 },
          ...{ bytes_total: 0, reason: 'outside-window', message: null, opens_at: NOW },
          ...{ expires_at: NOW, changed_at: NOW, wave: 0, wave_name: 'canary' },
        },
      }),
    }
    await using cli = await startTestCli(calls)
    const told = await cli.run('upgrade', 'explain', 'web-1')
    const lines = told.stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' '))
    expect(lines.slice(0, 9)).toEqual([
      `web-1: ${text}`,
      ...['action: 7', 'state: queued (outside-window)'],
      'version: 8.6.0.1 to 8.6.0.3 through 8.6.0.2',
      ...['attempt: 0 of 3', 'next: opening, 2026-11-22 12:00 UTC'],
      ...['rollout: running (in-progress), at wave canary', 'wave: canary'],
      'expires: 2026-11-22 12:00 UTC',
    ])
    expect((await cli.run('upgrade', 'explain', A, '--action', 'x')).code).toBe(2)
  })
})

describe('upgrade show', () => {
  it('shows the rollout with its waves', async () => {
    const calls: FakeCalls = {
      'endpoints/upgrade/get': () => {
        return { action: sampleAction(), total_count: 0, result_count: 0, upgrades: [] }
      },
    }
    await using cli = await startTestCli(calls)
    const told = await cli.run('upgrade', 'show', '7')
    expect(told.stdout).toMatch(/^rollout: +running \(in-progress\), at wave canary$/m)
    expect(told.stdout).toMatch(/^canary +1 +1 +1 downloading$/m)
  })
})

const CHANGED: StreamedEvent = {
  ...{ type: 'upgrade.changed', at: NOW, endpoint_id: A, group_action_id: 7, state: 'succeeded' },
  ...{ reason: 'upgraded', message: null, percent: 100, bytes_done: 5, bytes_total: 5 },
  ...{ attempts: 1, not_before: null, target_version: '8.6.0.2' },
}
const OVER: StreamedEvent = {
  ...{ type: 'rollout.changed', at: NOW, group_action_id: 7, state: 'finished' },
  ...{ reason: 'all-ended', message: null, wave: 'rest' },
}

/** Watches action 7 over such a stream, until it is as `last`: when that has been told. */
async function watch(
  told: readonly StreamedEvent[],
  last: UpgradeActionObject,
  columns: number | null = null,
) {
  const [clock, random, stderr] = [new HastyClock(), systemRandom, new Screen(columns)]
  const fetch = async (url: string) => {
    if (url.includes('/events')) return new Response(openStream(told))
    const isTold = told.length === 0 || stderr.text.includes('rollout finished')
    const action = isTold ? last : sampleAction()
    return Response.json({ reply: { action, total_count: 0, result_count: 0, upgrades: [] } })
  }
  const key = { id: 1, key: 'k', mode: 'standard' } as const
  const client = createClient({ baseUrl: 'http://x.test', key, timeoutMs: 1, clock, random, fetch })
  const settings = { server: '', keyFile: '' }
  const io = { stdout: new Screen(null), stderr, clock, random, fetch, settings }
  if (upgradeWatch.kind !== 'api') throw new Error('it calls a server')
  const context = { io, client, isJson: false }
  const outcome = await upgradeWatch.run(context, { values: {}, operands: ['7'] })
  return { outcome, text: stderr.text }
}

/** It stays open behind its last event, as the server's does. */
function openStream(told: readonly StreamedEvent[]): ReadableStream {
  return new ReadableStream({
    start(stream) {
      for (const [index, event] of told.entries()) {
        const data = JSON.stringify(event)
        stream.enqueue(utf8(`id: ${index + 1}\nevent: ${event.type}\ndata: ${data}\n\n`))
      }
    },
  })
}

describe('upgrade watch', () => {
  const done = sampleAction({
    ...{ status: 'finished', counts: { succeeded: 4 } },
    rollout: sampleRollout({ state: 'finished', reason: 'all-ended', current_wave: 1 }),
  })

  it('tells each change as it comes, and ends with the rollout', async () => {
    const other = { ...CHANGED, group_action_id: 8, endpoint_id: 'b'.repeat(32) }
    const { outcome, text } = await watch([other, CHANGED, OVER], done)
    expect(text.split('\n').slice(0, -1)).toEqual([
      'running (in-progress), at wave canary',
      `12:00:00  ${A}  succeeded: upgraded`,
      '12:00:00  rollout finished: all-ended, at wave rest',
    ])
    expect(outcome).toMatchObject({ ok: true, value: { exitCode: 0 } })
    const lines = outcome.ok ? outcome.value.lines : []
    expect(lines[0]).toBe('Action 7 to linux 8.6.0.2: finished (all-ended), at wave rest')
  })

  it('draws waves and the newest changes in place on a terminal', async () => {
    const { text } = await watch([CHANGED, OVER], done, 120)
    expect(text).toContain('canary  1     1       1 downloading')
    expect(text).toContain(`12:00:00  ${A}  succeeded: upgraded`)
    expect(text).toContain('\u001b[J')
  })

  it('says with its exit code that something failed, also of what is over already', async () => {
    const failed = { ...done, counts: { succeeded: 3, 'rolled-back': 1 } }
    const { outcome, text } = await watch([], failed)
    expect([outcome.ok && outcome.value.exitCode, text]).toEqual([1, ''])
  })
})
