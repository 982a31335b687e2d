import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import { digestOf } from '../../base/digest.ts'
import { silentLog } from '../../base/log.ts'
import { accept } from '../../base/result.ts'
import { agentRoute } from './agent-edge.ts'
import { createBandwidth, PIECE_BYTES } from './bandwidth.ts'

const RATE = 100 * PIECE_BYTES

function limitedTo(rate: number | null) {
  const clock = new ManualClock(0)
  const limit = { rate }
  const bandwidth = createBandwidth({ clock, bytesPerSecond: async () => limit.rate })
  return { clock, limit, bandwidth }
}

/** Without end, in parts that are no multiple of a piece. */
async function* endless(onClose?: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (;;) yield new Uint8Array(5 * PIECE_BYTES + 7)
  } finally {
    onClose?.()
  }
}

/** Reads as fast as it is given; how much so far. */
function reading(stream: AsyncGenerator<Uint8Array>): { bytes: number } {
  const read = { bytes: 0 }
  void (async () => {
    for await (const piece of stream) read.bytes += piece.length
  })()
  return read
}

/** Time goes on in steps, and everybody does what there is to do at each. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    clock.advance(10)
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
}

async function begun(bandwidth: ReturnType<typeof createBandwidth>) {
  const pace = await bandwidth.begin()
  if (pace === null || pace === 'full') throw new Error('it is paced')
  return pace
}

describe('bandwidth', () => {
  it('leaves a download alone while there is no limit', async () => {
    expect(await limitedTo(null).bandwidth.begin()).toBeNull()
  })

  it('lets one stream have all of it, and no more', async () => {
    const { bandwidth, clock } = limitedTo(RATE)
    const read = reading((await begun(bandwidth))(endless()))
    await pass(clock, 10_000)
    expect(read.bytes / (10 * RATE)).toBeGreaterThan(0.95)
    expect(read.bytes / (10 * RATE)).toBeLessThan(1.01)
  })

  it('is shared evenly, however many streams there are', async () => {
    const { bandwidth, clock } = limitedTo(RATE)
    const pace = await begun(bandwidth)
    const reads = Array.from({ length: 7 }, () => reading(pace(endless())))
    await pass(clock, 10_000)
    const all = reads.reduce((sum, { bytes }) => sum + bytes, 0)
    expect(all / (10 * RATE)).toBeGreaterThan(0.95)
    expect(all / (10 * RATE)).toBeLessThan(1.02)
    for (const { bytes } of reads) expect(Math.abs(bytes / (all / 7) - 1)).toBeLessThan(0.15)
  })

  it('saves nothing up: after a pause there is no flood', async () => {
    const { bandwidth, clock } = limitedTo(RATE)
    clock.advance(3_600_000)
    const read = reading((await begun(bandwidth))(endless()))
    await pass(clock, 1_000)
    expect(read.bytes / RATE).toBeLessThan(1.06)
  })

  it('a new rate holds at once for what is paced', async () => {
    const { bandwidth, clock, limit } = limitedTo(RATE)
    const read = reading((await begun(bandwidth))(endless()))
    await pass(clock, 1_000)
    limit.rate = RATE / 10
    const before = read.bytes
    await pass(clock, 10_000)
    expect((read.bytes - before) / RATE).toBeLessThan(1.05)
  })

  it('closes its source when the reader leaves, and makes room', async () => {
    const { bandwidth } = limitedTo(PIECE_BYTES)
    const pace = await begun(bandwidth)
    let closed = 0
    const streams = Array.from({ length: 15 }, () => pace(endless(() => closed++)))
    for (const stream of streams) await Promise.race([stream.next(), Promise.resolve()])
    expect(await bandwidth.begin()).toBe('full')
    await streams[0]?.return(undefined)
    expect(closed).toBe(1)
    expect(await bandwidth.begin()).not.toBe('full')
  })

  it('keeps the bytes and their order', async () => {
    const { bandwidth } = limitedTo(1e12)
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251)
    async function* source() {
      yield bytes.subarray(0, 70_001)
      yield bytes.subarray(70_001)
    }
    const parts: Uint8Array[] = []
    for await (const part of (await begun(bandwidth))(source())) parts.push(part)
    expect(Buffer.concat(parts).equals(bytes)).toBe(true)
  })
})

it('an agent gets its artifact in such pieces, whole', async () => {
  const { bandwidth } = limitedTo(1e12)
  const pace = await begun(bandwidth)
  const bytes = Uint8Array.from({ length: 3 * PIECE_BYTES }, (_, index) => index % 251)
  const digest = digestOf(bytes)
  const segments = [{ kind: 'artifact', digest, offset: 0, length: bytes.length }] as const
  const content = { segments, etag: digest, contentType: 'application/gzip', pace }
  const route = agentRoute(
    {
      method: 'GET',
      path: '/agent/v1/artifacts/:digest',
      bodyBytesMax: 0,
      answer: async () => ({ kind: 'segments', ...content }),
    },
    { artifacts: { openRead: async () => once(bytes) }, log: silentLog },
  )
  const request = {
    method: 'GET',
    path: '/',
    params: {},
    query: new URLSearchParams(),
    headers: {},
    body: { read: async () => accept(new Uint8Array()), stream: () => once(bytes) },
    remoteAddress: '',
  } as const
  const { body, headers } = await route.answer(request)
  expect(headers['content-length']).toBe(String(bytes.length))
  const parts: Uint8Array[] = []
  for await (const part of body as AsyncIterable<Uint8Array>) parts.push(part)
  expect(parts.map((part) => part.length)).toEqual(new Array(3).fill(PIECE_BYTES))
  expect(Buffer.concat(parts).equals(bytes)).toBe(true)
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
