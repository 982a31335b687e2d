import { describe, expect, it } from 'vitest'
import { utf8 } from '../../base/bytes.ts'
import { systemClock } from '../../base/clock.ts'
import { systemRandom } from '../../base/random.ts'
import { createClient } from '../../client/client.ts'
import type { StreamedEvent } from '../../contract/public/events.ts'
import { Screen } from '../testing/terminal.ts'
import { events } from './events.ts'

const at = Date.parse('2026-11-22T12:00:00Z')
const TOLD: readonly StreamedEvent[] = [
  {
    type: 'upgrade.changed',
    at,
    endpoint_id: 'e1',
    group_action_id: 3,
    state: 'failed',
    reason: 'disk-full',
    message: 'no \u001b[31mspace',
    percent: 40,
    bytes_done: 4,
    bytes_total: 10,
    attempts: 1,
    not_before: null,
    target_version: '1.0.0.2',
  },
  { type: 'upgrade-action.created', at, group_action_id: 3, by: 'api-key:1', endpoints_count: 2 },
  { type: 'endpoint.enrolled', at, endpoint_id: 'e1', endpoint_name: 'h1' },
  { type: 'distribution.failed', at, distribution_id: 'd1', name: 'web', reason: 'build-fault' },
  {
    type: 'release.published',
    at,
    manifest_digest: 'm',
    version: '1.0.0.2',
    platform: 'linux',
    arch: 'x64',
    libc: 'glibc',
  },
  { type: 'configuration.changed', at, name: 'auto_upgrade', by: 'api-key:1' },
]

async function follow(words: Record<string, unknown>, isJson = false) {
  const asked: string[] = []
  const blocks = TOLD.map(
    (event, index) => `id: ${index + 1}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
  )
  const [clock, random, stdout] = [systemClock, systemRandom, new Screen(null)]
  const fetch = async (url: string) => {
    asked.push(url)
    const reset = 'id: 7\nevent: reset\ndata: {}\n\n'
    return new Response(ReadableStream.from([...blocks, reset].map((block) => utf8(block))))
  }
  const key = { id: 1, key: 'k', mode: 'standard' } as const
  const client = createClient({ baseUrl: 'http://x.test', key, timeoutMs: 1, clock, random, fetch })
  const settings = { server: '', keyFile: '' }
  const io = { stdout, stderr: new Screen(null), clock, random, fetch, settings }
  if (events.kind !== 'api') throw new Error('it calls a server')
  const values = { type: [], count: '7', ...words }
  const outcome = await events.run({ io, client, isJson }, { values, operands: [] })
  return { outcome, asked, lines: stdout.text.split('\n').slice(0, -1) }
}

describe('events', () => {
  it('prints a line for each', async () => {
    const { lines, outcome } = await follow({})
    expect(outcome).toMatchObject({ ok: true, value: { exitCode: 0, lines: [] } })
    const time = '2026-11-22 12:00 UTC'
    const why = 'disk-full (no \ufffd[31mspace)'
    expect(lines).toEqual([
      `#1  ${time}  upgrade.changed  e1 to 1.0.0.2, action 3: failed: ${why}`,
      `#2  ${time}  upgrade-action.created  action 3 of 2 endpoints, by api-key:1`,
      `#3  ${time}  endpoint.enrolled  h1 (e1)`,
      `#4  ${time}  distribution.failed  web (d1): build-fault`,
      `#5  ${time}  release.published  1.0.0.2 for linux x64 glibc`,
      `#6  ${time}  configuration.changed  auto_upgrade, by api-key:1`,
      '#7  some events are not kept any more: they were missed',
    ])
  })

  it('--json prints a value for each, on a line of its own', async () => {
    const { lines } = await follow({ count: '7' }, true)
    expect(JSON.parse(lines[2] ?? '')).toEqual({ id: '3', ...TOLD[2] })
    expect(JSON.parse(lines[6] ?? '')).toEqual({ id: '7', type: 'reset' })
  })

  it('asks for the types that it was given', async () => {
    const { asked } = await follow({ type: ['release.published'], count: '1' })
    expect(asked).toEqual(['http://x.test/public_api/v1/events?types=release.published'])
  })

  it.each([
    [{ type: ['weather'] }, 'There are no events "weather".'],
    [{ after: 'x' }, '--after'],
    [{ count: '0' }, '--count'],
  ])('refuses %o', async (words, sentence) => {
    const { outcome, asked } = await follow(words)
    expect(JSON.stringify(outcome)).toContain(sentence.replaceAll('"', '\\"'))
    expect(asked).toEqual([])
  })
})
