import { describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { ManualClock } from '../base/clock-manual.ts'
import { digestOf } from '../base/digest.ts'
import type { Fault } from '../base/fault.ts'
import { systemRandom } from '../base/random.ts'
import type { ApiError } from './api-error.ts'
import type { ApiKey } from './api-key.ts'
import { type ClientOptions, createClient } from './client.ts'
import { Answer, type FakeCalls, refusal, startFakeServer } from './testing/fake-server.ts'

const KEY: ApiKey = { id: 7, key: 'k'.repeat(128), mode: 'standard' }
const DIGEST = digestOf('artifact')
const ID = 'd'.repeat(32)
const ORDER = { name: 'n', package_type: 'standalone', platform: 'linux' }

function clientFor(baseUrl: string, more: Partial<ClientOptions> = {}) {
  const clock = systemClock
  return createClient({ baseUrl, key: KEY, timeoutMs: 5000, clock, random: systemRandom, ...more })
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  )
}

/** Answers 503 (or what is given) as often as told, and well after that. */
function failingFirst(times: number, answer: Answer): { calls: FakeCalls; count: () => number } {
  let count = 0
  const next = <Reply>(reply: Reply): Reply | Answer => (++count <= times ? answer : reply)
  return {
    calls: {
      'distributions/get_versions': () => next({ linux: ['8.6.0.1'] }),
      'distributions/delete': () => next(true),
    },
    count: () => count,
  }
}

describe('client', () => {
  it('sends a standard key as it is', async () => {
    await using server = await startFakeServer({ 'distributions/get_versions': () => ({}) })
    await clientFor(`${server.url}/`).distributions.getVersions()
    expect(server.seen[0]).toMatchObject({
      call: 'POST distributions/get_versions',
      headers: { authorization: KEY.key, 'x-xdr-auth-id': '7' },
    })
  })

  it('never sends an advanced key, but what proves that it has it', async () => {
    await using server = await startFakeServer({ 'distributions/get_versions': () => ({}) })
    const key: ApiKey = { ...KEY, mode: 'advanced' }
    const clock = new ManualClock(1_700_000_000_123)
    const client = clientFor(server.url, { key, clock })
    await client.distributions.getVersions()
    await client.distributions.getVersions()
    const [headers, second] = server.seen.map((each) => each.headers)
    const nonce = String(headers?.['x-xdr-nonce'])
    expect(nonce).toMatch(/^[A-Za-z0-9]{64}$/)
    expect(headers?.['x-xdr-timestamp']).toBe('1700000000123')
    expect(headers?.authorization).toBe(digestOf(`${key.key}${nonce}1700000000123`))
    expect(second?.['x-xdr-nonce']).not.toBe(nonce)
  })

  it('drops what it does not know and keeps what the contract has', async () => {
    const reply = { reply: { linux: ['8.6.0.1'] }, more: 1 }
    await using server = await startFakeServer({
      'distributions/get_versions': () => new Answer(200, reply),
      'distributions/create': () =>
        new Answer(200, { reply: { distribution_id: 'b'.repeat(32), newer: true } }),
    })
    const { distributions } = clientFor(server.url)
    expect(await distributions.getVersions()).toEqual({ linux: ['8.6.0.1'] })
    expect(await distributions.create(ORDER)).toEqual({ distribution_id: 'b'.repeat(32) })
  })

  it.each([
    ['no JSON', '<html>'],
    ['no wrapper', '{"linux":[]}'],
    ['another shape', '{"reply":{"linux":"8.6.0.1"}}'],
  ])('reports a reply that it cannot read: %s', async (_case, body) => {
    await using server = await startFakeServer({
      'distributions/get_versions': () => new Answer(200, body),
    })
    const failure = await failureOf(clientFor(server.url).distributions.getVersions())
    expect(failure).toMatchObject({
      code: 'reply-not-understood',
      retry: 'never',
    } satisfies Partial<Fault>)
  })

  it('repeats a call that only reads until the server is there again', async () => {
    const { calls, count } = failingFirst(2, refusal(503, 'database-not-reachable', 'later'))
    await using server = await startFakeServer(calls)
    expect(await clientFor(server.url).distributions.getVersions()).toEqual({ linux: ['8.6.0.1'] })
    expect(count()).toBe(3)
  })

  it('repeats no call that changes something, unless the server did not begin it', async () => {
    const unsafe = failingFirst(1, refusal(503, 'database-not-reachable', 'later'))
    await using first = await startFakeServer(unsafe.calls)
    expect(await failureOf(clientFor(first.url).distributions.delete(ID))).toMatchObject({
      status: 503,
    })
    expect(unsafe.count()).toBe(1)
    const limited = failingFirst(1, new Answer(429, 'slow down', { 'retry-after': '0' }))
    await using second = await startFakeServer(limited.calls)
    await clientFor(second.url).distributions.delete(ID)
    expect(limited.count()).toBe(2)
  })

  it('waits as long as the server asks, and not longer than a person would', async () => {
    const answer = (seconds: number) => new Answer(503, '', { 'retry-after': String(seconds) })
    const short = failingFirst(1, answer(9))
    await using server = await startFakeServer(short.calls)
    const slept: number[] = []
    const clock = {
      ...systemClock,
      sleep: (ms: number) => {
        if (ms < 10_000) slept.push(ms)
        return systemClock.sleep(ms < 10_000 ? 0 : ms)
      },
    }
    const options = { clock, timeoutMs: 30_000 }
    await clientFor(server.url, options).distributions.getVersions()
    expect(slept).toEqual([9000])
    const long = failingFirst(1, answer(3600))
    await using patient = await startFakeServer(long.calls)
    await failureOf(clientFor(patient.url, options).distributions.getVersions())
    expect(long.count()).toBe(1)
  })

  it('tells a server that is not there from one that is silent', async () => {
    const gone = await startFakeServer({})
    await gone[Symbol.asyncDispose]()
    expect(await failureOf(clientFor(gone.url).distributions.delete(ID))).toMatchObject({
      code: 'server-unreachable',
      retry: 'later',
    })
    await using server = await startFakeServer({})
    const silent = (_url: string, init: RequestInit) =>
      new Promise<Response>((_resolve, reject) => {
        init.signal?.addEventListener('abort', () => reject(new Error('aborted')))
      })
    const clock = new ManualClock(0)
    const work = failureOf(clientFor(server.url, { fetch: silent, clock }).distributions.delete(ID))
    clock.advance(5000)
    expect(await work).toMatchObject({ code: 'server-silent', retry: 'later' })
  })

  it('follows no redirection with its key', async () => {
    await using other = await startFakeServer({})
    await using server = await startFakeServer({
      'distributions/create': () => new Answer(307, '', { location: other.url }),
    })
    await failureOf(clientFor(server.url).distributions.create(ORDER))
    expect(other.seen).toEqual([])
  })

  it('uploads an artifact and counts what goes out, from the start again after a cut', async () => {
    await using server = await startFakeServer({})
    let tries = 0
    const cutOnce = (url: string, init: RequestInit) =>
      ++tries === 1 ? Promise.reject(new TypeError('fetch failed')) : fetch(url, init)
    const counts: number[] = []
    const reply = await clientFor(server.url, { fetch: cutOnce }).releases.uploadArtifact({
      digest: DIGEST,
      open: async function* () {
        yield Buffer.from('arti')
        yield Buffer.from('fact')
      },
      onProgress: (bytes) => counts.push(bytes),
    })
    expect(reply).toMatchObject({ digest: DIGEST, size: 8 })
    expect(server.artifacts.get(DIGEST)?.toString()).toBe('artifact')
    expect(counts).toEqual([4, 8])
  })

  it('does not blame the server for a file that cannot be read', async () => {
    await using server = await startFakeServer({})
    const cause = new Error('EIO: the disk is dying')
    const open = async function* () {
      yield Buffer.from('arti')
      throw cause
    }
    const work = clientFor(server.url).releases.uploadArtifact({ digest: DIGEST, open })
    expect(await failureOf(work)).toMatchObject({ code: 'upload-unreadable', cause })
  })
})

describe('an error of the API', () => {
  const fields = [{ type: 'missing', loc: ['request_data', 'name'], msg: 'Field required' }]
  const both = { err_code: '400', err_msg: 'name: required', err_extra: 'more' }
  const cases: [string, unknown, Partial<ApiError>][] = [
    [
      'in both places, as our server says it',
      { ...both, reply: { ...both, err_code: 400, err_extra: fields, reason: 'invalid-request' } },
      { errMsg: 'name: required', reason: 'invalid-request', fieldErrors: fields, errExtra: '' },
    ],
    ['at the top level only', both, { errMsg: 'name: required', reason: null, errExtra: 'more' }],
    [
      'in reply only, without extra',
      { reply: { err_code: 400, err_msg: 'no', err_extra: null } },
      { errMsg: 'no', errExtra: '', fieldErrors: [] },
    ],
    [
      'as a page of a proxy',
      '<html>Bad gateway</html>',
      { errMsg: 'an answer that is not of this API', errExtra: '<html>Bad gateway</html>' },
    ],
  ]
  it.each(cases)('is read %s', async (_case, body, expected) => {
    await using server = await startFakeServer({
      'distributions/create': () => new Answer(400, body),
    })
    const failure = await failureOf(clientFor(server.url).distributions.create(ORDER))
    expect(failure).toMatchObject({ name: 'ApiError', status: 400, ...expected })
  })
})
