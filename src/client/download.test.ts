import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import { createClient } from './client.ts'
import { type FakeFiles, startFakeServer } from './testing/fake-server.ts'

const WHOLE = randomBytes(300_000)

type Behaviour = { readonly cutAfter?: number; readonly ignoreRange?: true; readonly size?: number }

/** Serves WHOLE with ranges; each request behaves as the next entry says, the last one for ever. */
function serve(behaviours: readonly Behaviour[]): FakeFiles {
  let count = 0
  return (request, response) => {
    const behaviour = behaviours[Math.min(count++, behaviours.length - 1)] ?? {}
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const start = behaviour.ignoreRange === true ? 0 : from
    const part = WHOLE.subarray(start, behaviour.size ?? WHOLE.length)
    response.writeHead(start > 0 ? 206 : 200, {
      etag: '"whole"',
      ...(start > 0 ? { 'content-range': `bytes ${start}-299999/300000` } : {}),
    })
    if (behaviour.cutAfter === undefined) return response.end(part)
    response.write(part.subarray(0, behaviour.cutAfter), () => response.destroy())
    return response
  }
}

async function downloadFrom(behaviours: readonly Behaviour[], offset = 0) {
  await using server = await startFakeServer({}, serve(behaviours))
  const client = createClient({
    baseUrl: server.url,
    key: { id: 1, key: 'k', mode: 'standard' },
    timeoutMs: 5000,
    clock: { ...systemClock, sleep: (ms) => systemClock.sleep(ms < 5000 ? 1 : ms) },
    random: systemRandom,
  })
  const chunks: Uint8Array[] = []
  const order = { url: `${server.url}/dist/x`, size: WHOLE.length, offset }
  let failure: unknown = null
  try {
    for await (const chunk of client.download(order)) chunks.push(chunk)
  } catch (error) {
    // Best effort: what came before the failure is looked at together with it.
    failure = error
  }
  return { bytes: concatBytes(chunks), failure, seen: server.seen }
}

describe('download', () => {
  it('gives the whole, without the key', async () => {
    const { bytes, failure, seen } = await downloadFrom([{}])
    expect(failure).toBeNull()
    expect(WHOLE.equals(bytes)).toBe(true)
    expect(seen[0]?.headers.authorization).toBeUndefined()
  })

  it('goes on where it was cut, and notices other bytes under the same address', async () => {
    const { bytes, failure, seen } = await downloadFrom([{ cutAfter: 1000 }, { cutAfter: 5 }, {}])
    expect(failure).toBeNull()
    expect(WHOLE.equals(bytes)).toBe(true)
    expect(seen.slice(1).map(({ headers }) => [headers.range, headers['if-range']])).toEqual([
      ['bytes=1000-', '"whole"'],
      ['bytes=1005-', '"whole"'],
    ])
  })

  it('begins at an offset', async () => {
    const { bytes } = await downloadFrom([{}], 299_990)
    expect(WHOLE.subarray(299_990).equals(bytes)).toBe(true)
  })

  it('asks nothing when everything is there', async () => {
    expect((await downloadFrom([{}], WHOLE.length)).seen).toEqual([])
  })

  it('gives up when several tries in a row bring nothing', async () => {
    const { failure, seen } = await downloadFrom([{ cutAfter: 0 }])
    expect(failure).toMatchObject({ code: 'server-unreachable' })
    expect(seen).toHaveLength(5)
  })

  it('takes a range from nowhere else', async () => {
    const { failure } = await downloadFrom([{ ignoreRange: true }], 10)
    expect(failure).toMatchObject({ code: 'download-changed', retry: 'never' })
  })

  it('takes an answer that ends early for a cut', async () => {
    const { bytes, failure } = await downloadFrom([{ size: 100 }, {}])
    expect(failure).toBeNull()
    expect(WHOLE.equals(bytes)).toBe(true)
  })
})
