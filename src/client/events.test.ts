import { describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import { createClient } from './client.ts'
import type { FollowedEvent } from './events.ts'

type Asked = { readonly url: string; readonly last: string | null }

/** A server that answers each connection with the next of these. */
function startFollowing(...answers: readonly (() => Response)[]) {
  const asked: Asked[] = []
  const client = createClient({
    baseUrl: 'http://drydock.test',
    key: { id: 1, key: 'k', mode: 'standard' },
    timeoutMs: 1000,
    // Pauses are over at once; the limit on silence never is.
    clock: { ...systemClock, sleep: (ms) => hastySleep(ms) },
    random: systemRandom,
    async fetch(url, init) {
      asked.push({ url, last: new Headers(init.headers).get('last-event-id') })
      return answers[asked.length - 1]?.() ?? new Response('gone', { status: 404 })
    },
  })
  return { client, asked }
}

function hastySleep(ms: number) {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (ms < 20_000) setImmediate(resolve)
  return { done: promise, cancel: resolve }
}

const streaming =
  (...parts: readonly string[]) =>
  () =>
    new Response(ReadableStream.from(parts.map((part) => utf8(part))))

const at = 5
function blockOf(id: number, name: string) {
  const data = JSON.stringify({ type: 'configuration.changed', at, name, by: 'x' })
  return `id: ${id}\nevent: configuration.changed\ndata: ${data}\n\n`
}

async function collect(events: AsyncIterable<FollowedEvent>, most: number) {
  const told: string[] = []
  for await (const each of events) {
    const what = each.kind === 'event' && 'name' in each.event ? each.event.name : each.kind
    told.push(`${each.id} ${what}`)
    if (told.length === most) break
  }
  return told
}

describe('following events', () => {
  it('reads them however they are cut, and asks for its types', async () => {
    const nothing = ': nothing new\nid: 8\n\n'
    const text = `retry: 2000\nid: 6\n\n${blockOf(7, 'ä')}${nothing}${blockOf(9, 'b')}`
    const { client, asked } = startFollowing(streaming(...text))
    const order = { types: ['configuration.changed', 'release.published'] } as const
    expect(await collect(client.events.follow(order), 2)).toEqual(['7 ä', '9 b'])
    const query = '?types=configuration.changed,release.published'
    expect(asked).toEqual([{ url: `http://drydock.test/public_api/v1/events${query}`, last: null }])
  })

  it('comes back with the last position, whatever came between', async () => {
    const busy = () => new Response('{}', { status: 503 })
    const { client, asked } = startFollowing(
      streaming(blockOf(7, 'a'), ': nothing new\nid: 9\n\n'),
      busy,
      () => {
        throw new TypeError('fetch failed')
      },
      streaming('id: 20\nevent: reset\ndata: {"position":20}\n\n', blockOf(21, 'c')),
    )
    const told = await collect(client.events.follow({ lastEventId: '5' }), 3)
    expect(told).toEqual(['7 a', '20 reset', '21 c'])
    expect(asked.map(({ last }) => last)).toEqual(['5', '9', '9', '9'])
  })

  it('passes over what a newer server tells', async () => {
    const newer = 'id: 1\nevent: weather.changed\ndata: {"type":"weather.changed"}\n\n'
    const { client } = startFollowing(streaming(newer, blockOf(2, 'a')))
    expect(await collect(client.events.follow({}), 1)).toEqual(['2 a'])
  })

  it.each([
    [401, 'ApiError'],
    [400, 'ApiError'],
  ])('ends when the server answers %i', async (status, name) => {
    const body = JSON.stringify({ reply: { err_code: status, err_msg: 'no', err_extra: '' } })
    const { client } = startFollowing(() => new Response(body, { status }))
    await expect(collect(client.events.follow({}), 1)).rejects.toMatchObject({ name, status })
  })

  it('ends when what comes is no event of this API', async () => {
    const bad = 'id: 1\nevent: configuration.changed\ndata: {"type":"configuration.changed"}\n\n'
    const { client } = startFollowing(streaming(bad))
    const expected = { code: 'reply-not-understood' }
    await expect(collect(client.events.follow({}), 1)).rejects.toMatchObject(expected)
  })

  it('ends when the server stays away', async () => {
    const { client } = startFollowing(() => {
      throw new TypeError('fetch failed')
    })
    const expected = { code: 'server-unreachable' }
    const following = client.events.follow({ patienceMs: 0 })
    await expect(collect(following, 1)).rejects.toMatchObject(expected)
  })
})
