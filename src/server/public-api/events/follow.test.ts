import { connect } from 'node:http2'
import { describe, expect, it } from 'vitest'
import { KEY_STREAMS_MAX } from '../../../contract/public/limits.ts'
import type { FleetEvent } from '../../../domain/event/fleet-event.ts'
import { deleteOldEvents, saveEvents } from '../../../store/events.ts'
import { type AssembledServer, startAssembledServer } from '../../testing/assembled.ts'
import { TEST_CERTIFICATE } from '../../testing/certificate.ts'

type Block = { readonly id?: string; readonly event?: string; readonly data?: string }

/** A stream as a client reads it: its blocks, one by one. */
async function open(server: AssembledServer, query = '', headers: Record<string, string> = {}) {
  const controller = new AbortController()
  const response = await fetch(`${server.url}/public_api/v1/events${query}`, {
    headers: { ...server.headers(), ...headers },
    signal: controller.signal,
  })
  const blocks = response.ok ? blocksOf(response) : null
  return {
    response,
    /** The next that has an `event`. */
    async next(): Promise<Block | null> {
      for (;;) {
        const block = await blocks?.next()
        if (block === undefined || block.done === true) return null
        if (block.value.event !== undefined) return block.value
      }
    },
    first: async () => (await blocks?.next())?.value as Block,
    [Symbol.dispose]: () => controller.abort(),
  }
}

async function* blocksOf(response: Response): AsyncGenerator<Block> {
  let text = ''
  for await (const part of response.body ?? []) {
    text += Buffer.from(part).toString('utf8')
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2))
      yield Object.fromEntries(fields)
    }
  }
}

function changed(name: string): FleetEvent {
  return { type: 'configuration.changed', name, by: 'test' }
}

async function save(server: AssembledServer, ...events: readonly FleetEvent[]) {
  const { database, clock } = server.assembled.needs
  await database.write((tx) => saveEvents(tx, clock.now(), events))
}

describe('GET events', () => {
  it('tells what becomes true, as server-sent events', async () => {
    await using server = await startAssembledServer()
    using stream = await open(server)
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream')
    expect((await stream.first()).id).toBe('0')
    const manifest = await server.publish('1.0.0.1')
    const published = await stream.next()
    expect(published).toMatchObject({ id: '1', event: 'release.published' })
    expect(JSON.parse(published?.data ?? '')).toMatchObject({
      type: 'release.published',
      manifest_digest: manifest,
      version: '1.0.0.1',
      platform: 'linux',
    })
    const order = { name: 'web', platform: 'linux', package_type: 'standalone' }
    await server.call('distributions/create', { ...order, agent_version: '1.0.0.1' })
    expect(await stream.next()).toMatchObject({ id: '2', event: 'distribution.ready' })
  })

  it('goes on where a client was, by header or by query', async () => {
    await using server = await startAssembledServer()
    using stream = await open(server)
    await save(server, changed('a'), changed('b'), changed('c'))
    expect(await stream.next()).toMatchObject({ id: '1' })
    expect(await stream.next()).toMatchObject({ id: '2' })
    using byHeader = await open(server, '', { 'last-event-id': '1' })
    expect(await byHeader.next()).toMatchObject({ id: '2' })
    expect(await byHeader.next()).toMatchObject({ id: '3' })
    using byQuery = await open(server, '?last_event_id=2')
    expect(await byQuery.next()).toMatchObject({ id: '3', data: expect.stringContaining('"c"') })
  })

  it('says when it cannot go on, and where it goes on instead', async () => {
    await using server = await startAssembledServer()
    using stream = await open(server)
    await save(server, changed('a'), changed('b'), changed('c'))
    for (const id of ['1', '2', '3']) expect(await stream.next()).toMatchObject({ id })
    const { database } = server.assembled.needs
    await database.write((tx) => deleteOldEvents(tx, { before: 0, keep: 1, limit: 10 }))
    // Another server, which does not have them in its memory.
    await using other = await startAssembledServer({ beside: server })
    using fresh = await open(other, '?last_event_id=2')
    expect(await fresh.next()).toMatchObject({ id: '3' })
    using old = await open(other, '?last_event_id=1')
    expect(await old.next()).toEqual({ id: '3', event: 'reset', data: '{"position":3}' })
    using ahead = await open(other, '?last_event_id=99')
    expect(await ahead.next()).toMatchObject({ id: '3', event: 'reset' })
    await save(server, changed('d'))
    expect(await old.next()).toMatchObject({ id: '4' })
    expect(await ahead.next()).toMatchObject({ id: '4' })
  })

  it('tells only the types that were asked for', async () => {
    await using server = await startAssembledServer()
    using stream = await open(server, '?types=release.published,endpoint.enrolled')
    await stream.first()
    await save(server, changed('a'))
    await server.publish('1.0.0.1')
    expect(await stream.next()).toMatchObject({ id: '2', event: 'release.published' })
  })

  it.each([
    ['?types=release.published,weather', 400, 'weather'],
    ['?last_event_id=x', 400, 'digits'],
  ])('refuses %s', async (query, status, sentence) => {
    await using server = await startAssembledServer()
    using stream = await open(server, query)
    expect(stream.response.status).toBe(status)
    expect(await stream.response.text()).toContain(sentence)
  })

  it('needs a key', async () => {
    await using server = await startAssembledServer()
    using stream = await open(server, '', { authorization: 'x' })
    expect(stream.response.status).toBe(401)
  })

  it('has an end for each key, and gives places back', async () => {
    await using server = await startAssembledServer()
    await using streams = new AsyncDisposableStack()
    const opened = []
    for (let count = 0; count < KEY_STREAMS_MAX; count++) {
      const stream = streams.use(await open(server))
      await stream.first()
      opened.push(stream)
    }
    using refused = await open(server)
    expect(refused.response.status).toBe(429)
    expect(refused.response.headers.get('retry-after')).toBe('10')
    expect(await refused.response.json()).toMatchObject({ reply: { reason: 'too-many-streams' } })
    opened[0]?.[Symbol.dispose]()
    const { openStreams } = server.assembled.needs
    await expect.poll(() => openStreams.get(server.key.id)).toBe(KEY_STREAMS_MAX - 1)
    using again = await open(server)
    expect(again.response.status).toBe(200)
  })

  it('ends within seconds when its key is deleted', async () => {
    await using server = await startAssembledServer()
    const made = await server.call('api_keys/generate', { security_level: 'standard' })
    const { id, key } = made.body.reply as { id: number; key: string }
    using stream = await open(server, '', { authorization: key, 'x-xdr-auth-id': String(id) })
    await stream.first()
    const filters = [{ field: 'id', operator: 'in', value: [id] }]
    expect((await server.call('api_keys/delete', { filters })).status).toBe(200)
    expect(await stream.next()).toBeNull()
  })

  it('tells over HTTP/2 too, and gives the place back when that stream ends', async () => {
    await using server = await startAssembledServer({ tls: TEST_CERTIFICATE })
    const session = connect(server.url, { ca: TEST_CERTIFICATE.cert })
    const stream = session.request({ ':path': '/public_api/v1/events', ...server.headers() })
    let text = ''
    stream.setEncoding('utf8').on('data', (part) => {
      text += part
    })
    await expect.poll(() => text).toContain('id: 0')
    await save(server, changed('a'))
    await expect.poll(() => text).toContain('event: configuration.changed')
    const { openStreams } = server.assembled.needs
    expect(openStreams.get(server.key.id)).toBe(1)
    stream.close()
    await expect.poll(() => openStreams.size).toBe(0)
    session.destroy()
  })

  it('ends at once when the server stops', async () => {
    await using server = await startAssembledServer()
    using stream = await open(server)
    await stream.first()
    server.assembled.endStreams()
    expect(await stream.next()).toBeNull()
    using late = await open(server)
    expect(await late.next()).toBeNull()
  })
})
