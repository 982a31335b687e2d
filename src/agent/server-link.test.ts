import { describe, expect, it } from 'vitest'
import { ManualClock } from '../base/clock-manual.ts'
import { silentLog } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'
import { type Fetch, ServerLink } from './server-link.ts'

const PROXIES = ['a.test:1', 'b.test:2', 'c.test:3']
const request = { method: 'GET', path: '/x', headers: {}, body: null } as const

function linkOver(behaviour: (way: string) => Promise<Response>) {
  const tried: string[] = []
  const clock = new ManualClock(0)
  const fetch: Fetch = (_, init) => {
    const way = init.proxy ?? 'direct'
    tried.push(way)
    const aborted = new Promise<Response>((_, reject) => {
      init.signal?.addEventListener('abort', () => reject(new Error('aborted')))
    })
    return Promise.race([behaviour(way), aborted])
  }
  const limits = { headersMs: 1_000, idleMs: 1_000, bytesASecondMin: 100 }
  const needs = { serverUrl: 'http://server.test/', proxies: PROXIES, fetch, clock, limits }
  const link = new ServerLink({ ...needs, random: systemRandom, log: silentLog })
  return { link, tried, clock }
}

const dead = () => Promise.reject(new Error('refused'))
const answer = (status = 200) => Promise.resolve(new Response('ok', { status }))

describe('ServerLink', () => {
  it('tries every proxy once, in some order, then direct, and remembers what worked', async () => {
    const { link, tried } = linkOver((way) => (way === 'direct' ? answer() : dead()))
    await link.send(request)
    expect(tried.slice(0, 3).sort()).toEqual(PROXIES.map((proxy) => `http://${proxy}`))
    expect(tried[3]).toBe('direct')
    await link.send(request)
    expect(tried.slice(4)).toEqual(['direct'])
  })

  it('every proxy comes first at some time: the load is spread', async () => {
    const first = new Set<string | undefined>()
    for (let turn = 0; turn < 200; turn += 1) {
      const { link, tried } = linkOver(() => answer())
      await link.send(request)
      first.add(tried[0])
    }
    expect(first.size).toBe(3)
  })

  it('leaves a way that hangs when its time is over', async () => {
    const { link, tried, clock } = linkOver((way) =>
      way === 'direct' ? answer() : new Promise(() => {}),
    )
    const sent = link.send(request)
    for (let way = 0; way < 3; way += 1) {
      clock.advance(1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await sent).status).toBe(200)
    expect(tried).toHaveLength(4)
  })

  it.each([407, 502, 503, 504])(
    'a proxy that answers %i is left for the next way',
    async (code) => {
      const { link } = linkOver((way) => (way === 'direct' ? answer() : answer(code)))
      expect((await link.send(request)).status).toBe(200)
    },
  )

  it('a busy server that says until when is asked by one way only', async () => {
    const headers = { 'retry-after': '30' }
    const busy = () => Promise.resolve(new Response('{}', { status: 503, headers }))
    const { link, tried } = linkOver(busy)
    expect((await link.send(request)).status).toBe(503)
    expect(tried).toHaveLength(1)
  })

  it('a request that is given up ends at once, and takes no other way', async () => {
    const { link, tried } = linkOver(() => new Promise(() => {}))
    const abort = new AbortController()
    const given = expect(link.send({ ...request, signal: abort.signal })).rejects.toMatchObject({
      code: 'cancelled',
    })
    abort.abort()
    await given
    expect(tried).toHaveLength(1)
    const late = link.send({ ...request, signal: abort.signal })
    await expect(late).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('a body that is given up ends at once, and its way stays trusted', async () => {
    const { link, tried } = linkOver(() =>
      Promise.resolve(new Response(new ReadableStream({ start() {} }))),
    )
    const abort = new AbortController()
    const response = await link.send(request)
    const next = link.readPieces(response, abort.signal).next()
    const given = expect(next).rejects.toMatchObject({ code: 'cancelled' })
    abort.abort()
    await given
    await link.send(request)
    expect(tried[1]).toBe(tried[0])
  })

  it('503 over every way is the answer', async () => {
    const { link } = linkOver((way) => (way === 'direct' ? dead() : answer(503)))
    expect((await link.send(request)).status).toBe(503)
  })

  it('no way at all is a fault to be retried', async () => {
    const { link } = linkOver(dead)
    const fault = { code: 'server-unreachable', retry: 'later' }
    await expect(link.send(request)).rejects.toMatchObject(fault)
  })

  it('reads no more than it was told to', async () => {
    const { link } = linkOver(() => answer())
    const response = new Response('x'.repeat(101))
    await expect(link.readBody(response, 100)).rejects.toMatchObject({ code: 'answer-too-large' })
    expect(await link.readBody(new Response('x'.repeat(100)), 100)).toHaveLength(100)
  })

  it('a body that stands still is given up', async () => {
    const { link, clock } = linkOver(() => answer())
    const stalled = new Response(new ReadableStream({ start() {} }))
    const read = link.readBody(stalled, 100)
    const failed = expect(read).rejects.toMatchObject({ code: 'stalled' })
    clock.advance(1_000)
    await failed
  })

  it('a body that drips is given up, however regular its drops', async () => {
    const { link, clock } = linkOver(() => answer())
    let drip = (_: Uint8Array) => {}
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        drip = (bytes) => controller.enqueue(bytes)
      },
    })
    const failed = expect(link.readBody(new Response(body), 100)).rejects.toMatchObject({
      code: 'stalled',
    })
    for (let drops = 0; drops < 3; drops += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(400)
      drip(new Uint8Array(1))
    }
    await failed
  })

  it('a way that breaks off in a body, or is distrusted, is tried last the next time', async () => {
    const { link, tried } = linkOver(() => answer())
    const cut = () => new ReadableStream({ start: (it) => it.error(new Error('cut')) })
    const first = linkOver(() => Promise.resolve(new Response(cut())))
    await expect(first.link.readBody(await first.link.send(request), 9)).rejects.toThrow('reading')
    await first.link.send(request)
    expect(first.tried[1]).not.toBe(first.tried[0])
    link.distrust(await link.send(request))
    await link.send(request)
    expect(tried[1]).not.toBe(tried[0])
  })

  it('the runtime decompresses nothing', async () => {
    let init: Parameters<Fetch>[1] | null = null
    const fetch: Fetch = (_, given) => {
      init = given
      return answer()
    }
    const limits = { headersMs: 1_000, idleMs: 1_000, bytesASecondMin: 100 }
    const needs = { serverUrl: 'http://server.test', proxies: [], fetch, limits }
    const clock = new ManualClock(0)
    await new ServerLink({ ...needs, clock, random: systemRandom, log: silentLog }).send(request)
    expect(init).toMatchObject({ decompress: false, redirect: 'manual' })
  })
})
