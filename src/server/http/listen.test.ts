import { request as httpRequest } from 'node:http'
import { connect as connectHttp2, constants } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { ManualClock } from '../../base/clock-manual.ts'
import { silentLog } from '../../base/log.ts'
import { TEST_CERTIFICATE } from '../testing/certificate.ts'
import { type HttpAnswer, type HttpRoute, jsonAnswer } from './exchange.ts'
import { type Answered, type Listener, type ListenOptions, listen } from './listen.ts'
import { nothingThere } from './nothing-there.ts'

const LIMIT = 1000

const echo: HttpRoute = {
  methods: ['POST', 'PUT'],
  path: '/echo/:name',
  logLevel: 'info',
  async answer(request) {
    const body = await request.body.read(LIMIT)
    if (!body.ok) return jsonAnswer(body.refusal.code === 'body-too-slow' ? 408 : 413, body.refusal)
    const { params, query } = request
    const text = Buffer.from(body.value).toString()
    return jsonAnswer(200, { name: params.name, query: query.get('q'), text })
  },
}

async function start(routes: readonly HttpRoute[], options: Partial<ListenOptions> = {}) {
  const answered: Answered[] = []
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    routes,
    clock: systemClock,
    log: silentLog,
    elsewhere: nothingThere,
    onAnswered: (each) => answered.push(each),
    ...options,
  })
  return {
    listener,
    answered,
    url: `http://127.0.0.1:${listener.port}`,
    [Symbol.asyncDispose]: () => listener.close(100),
  }
}

describe('requests', () => {
  it.each([
    ['no content type', undefined],
    ['application/json', 'application/json'],
    ['the doubled header of a client of the field', 'application/json, application/json'],
    ['a charset', 'application/json; charset=utf-8'],
    ['nonsense', 'what ever;;;'],
  ])('with %s are taken', async (_name, contentType) => {
    await using server = await start([echo])
    const headers = contentType === undefined ? {} : { 'content-type': contentType }
    const answer = await send(server.listener, { path: '/echo/a?q=1', headers, body: 'hello' })
    expect(answer).toMatchObject({ status: 200, json: { name: 'a', query: '1', text: 'hello' } })
  })

  it.each(['/echo/a', '/echo/a/'])(
    '%s is the same with and without a slash at its end',
    async (path) => {
      await using server = await start([echo])
      expect(await send(server.listener, { path, body: '' })).toMatchObject({
        status: 200,
        json: { name: 'a', text: '' },
      })
    },
  )

  it('where there is nothing say so, and what else there is', async () => {
    await using server = await start([echo])
    expect((await send(server.listener, { path: '/no', body: '' })).status).toBe(404)
    const other = await fetch(`${server.url}/echo/a/`, { method: 'DELETE' })
    expect(other.status).toBe(405)
    expect(other.headers.get('allow')).toBe('POST, PUT')
    expect((await fetch(`${server.url}/%zz`)).status).toBe(404)
  })

  it('are limited, whether they say how long they are or not', async () => {
    await using server = await start([echo])
    const body = 'x'.repeat(LIMIT + 1)
    expect((await send(server.listener, { path: '/echo/a', body })).status).toBe(413)
    const headers = { 'transfer-encoding': 'chunked' }
    expect((await send(server.listener, { path: '/echo/a', headers, body })).status).toBe(413)
    expect((await send(server.listener, { path: '/echo/a', body: body.slice(1) })).status).toBe(200)
  })

  it('that never end are given up', async () => {
    const clock = new ManualClock(0)
    await using server = await start([echo], { clock })
    const socket = await open(server.listener)
    socket.write('POST /echo/a HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf')
    let answer = ''
    void firstLine(socket).then((line) => {
      answer = line
    })
    await eventually(() => {
      clock.advance(31_000)
      return answer !== ''
    })
    expect(answer).toBe('HTTP/1.1 408 Request Timeout')
    socket.destroy()
  })

  it.each([
    [
      'headers beyond the limit',
      `GET / HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
    ['no HTTP at all', 'what is this\r\n\r\n', 400],
    ['two lengths', 'POST /echo/a HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
  ])('%s get the shortest answer', async (_name, bytes, status) => {
    await using server = await start([echo])
    const socket = await open(server.listener)
    socket.write(bytes)
    expect(await firstLine(socket)).toContain(`HTTP/1.1 ${status} `)
    socket.destroy()
  })

  it('are told when their answer is out', async () => {
    await using server = await start([echo])
    await send(server.listener, { path: '/echo/a?secret=1', body: '' })
    await eventually(() => server.answered.length === 1)
    expect(server.answered[0]).toMatchObject({
      route: echo,
      path: '/echo/a',
      status: 200,
      isCut: false,
    })
  })
})

describe('streams', () => {
  it('are read no faster than the client takes them, and closed when it goes away', async () => {
    let chunks = 0
    const closed = Promise.withResolvers<void>()
    const endless: HttpRoute = {
      methods: ['GET'],
      path: '/endless',
      logLevel: 'info',
      async answer(): Promise<HttpAnswer> {
        return { status: 200, headers: {}, body: flood() }
      },
    }
    async function* flood() {
      try {
        for (;;) {
          chunks += 1
          yield new Uint8Array(64 * 1024)
        }
      } finally {
        closed.resolve()
      }
    }
    await using server = await start([endless])
    const socket = await open(server.listener)
    socket.write('GET /endless HTTP/1.1\r\nhost: x\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
    socket.pause()
    let before = -1
    // Until the buffers between the two are full, and it stops.
    await eventually(async () => {
      const isStill = chunks === before
      before = chunks
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
      return isStill
    })
    expect(chunks * 64).toBeLessThan(64 * 1024)
    socket.destroy()
    await closed.promise
    await eventually(() => server.answered[0]?.isCut === true)
  })

  it('whose client went away before they began are closed all the same', async () => {
    const gate = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    async function* whole() {
      try {
        yield new Uint8Array(8)
        yield new Uint8Array(8)
      } finally {
        closed.resolve()
      }
    }
    const slow: HttpRoute = {
      methods: ['GET'],
      path: '/slow',
      logLevel: 'info',
      async answer(): Promise<HttpAnswer> {
        await gate.promise
        return { status: 200, headers: { 'content-length': '24' }, body: whole() }
      },
    }
    await using server = await start([slow])
    const socket = await open(server.listener)
    socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n')
    socket.destroy()
    await eventually(() => server.answered[0]?.isCut === true)
    gate.resolve()
    await closed.promise
  })

  it('whose client goes away while they have nothing to say end no server', async () => {
    const gate = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    async function* halting() {
      try {
        yield new Uint8Array(8)
        await gate.promise
        yield new Uint8Array(8)
        yield new Uint8Array(8)
      } finally {
        closed.resolve()
      }
    }
    const silent: HttpRoute = {
      methods: ['GET'],
      path: '/silent',
      logLevel: 'info',
      async answer(): Promise<HttpAnswer> {
        return { status: 200, headers: { 'content-length': '24' }, body: halting() }
      },
    }
    await using server = await start([silent, echo])
    const socket = await open(server.listener)
    socket.write('GET /silent HTTP/1.1\r\nhost: x\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
    socket.destroy()
    await eventually(() => server.answered[0]?.isCut === true)
    gate.resolve()
    await closed.promise
    expect((await send(server.listener, { path: '/echo/a', body: '' })).status).toBe(200)
  })

  it('that fail in the middle cut the connection: half an answer never looks whole', async () => {
    const failing: HttpRoute = {
      methods: ['GET'],
      path: '/failing',
      logLevel: 'info',
      async answer(): Promise<HttpAnswer> {
        return { status: 200, headers: { 'content-length': '10' }, body: half() }
      },
    }
    async function* half() {
      yield new Uint8Array(5)
      throw new Error('the disk is gone')
    }
    await using server = await start([failing])
    const answer = fetch(`${server.url}/failing`).then((got) => got.arrayBuffer())
    await expect(answer).rejects.toThrow()
  })

  it('a route that throws is answered, and the server goes on', async () => {
    const throwing: HttpRoute = {
      ...echo,
      path: '/throwing',
      answer: () => Promise.reject(new Error('secret detail')),
    }
    await using server = await start([throwing, echo])
    const answer = await send(server.listener, { path: '/throwing', body: '' })
    expect(answer.status).toBe(500)
    expect(JSON.stringify(answer.json)).not.toContain('secret')
    expect((await send(server.listener, { path: '/echo/a', body: '' })).status).toBe(200)
  })
})

describe('TLS', () => {
  it('HTTP/2 and HTTP/1.1 share the port', async () => {
    await using server = await start([echo], { tls: TEST_CERTIFICATE })
    const session = connectHttp2(`https://127.0.0.1:${server.listener.port}`, {
      ca: TEST_CERTIFICATE.cert,
      servername: 'localhost',
    })
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/echo/two',
      'content-type': 'application/json',
    })
    stream.end('over two')
    let text = ''
    for await (const part of stream) text += part
    expect(JSON.parse(text)).toMatchObject({ name: 'two', text: 'over two' })
    session.close()
    const one = await send(server.listener, { path: '/echo/one', body: 'x', isTls: true })
    expect(one).toMatchObject({ status: 200, json: { name: 'one' } })
  })
})

describe('closing', () => {
  it('lets what is under way finish, and takes nothing new', async () => {
    const inside = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const slow: HttpRoute = {
      ...echo,
      path: '/slow',
      async answer() {
        inside.resolve()
        await release.promise
        return jsonAnswer(200, { done: true })
      },
    }
    const server = await start([slow])
    const answer = send(server.listener, { path: '/slow', body: '' })
    await inside.promise
    const closed = server.listener.close(10_000)
    await expect(open(server.listener)).rejects.toThrow('ECONNREFUSED')
    release.resolve()
    expect(await answer).toMatchObject({ status: 200, json: { done: true } })
    await closed
  })

  it('cuts what does not finish in time: idle connections, half-sent requests', async () => {
    const server = await start([echo])
    const idle = await open(server.listener)
    const half = await open(server.listener)
    half.write('POST /echo/a HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n')
    const ended = Promise.all(
      [idle, half].map((socket) => new Promise((done) => socket.once('close', done))),
    )
    await server.listener.close(20)
    await ended
  })
})

type Sent = {
  readonly path: string
  readonly body: string
  readonly headers?: Record<string, string>
  readonly isTls?: boolean
}

function send(listener: Listener, sent: Sent): Promise<{ status: number; json: unknown }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; json: unknown }>()
  const make = sent.isTls === true ? httpsRequest : httpRequest
  const tls = sent.isTls === true ? { ca: TEST_CERTIFICATE.cert, servername: 'localhost' } : {}
  const { host, port } = listener
  const headers = { 'content-length': String(sent.body.length), ...sent.headers }
  if ('transfer-encoding' in headers) Reflect.deleteProperty(headers, 'content-length')
  const options = { host, port, path: sent.path, method: 'POST', headers, ...tls }
  const request = make(options, async (answer) => {
    let text = ''
    for await (const part of answer) text += part
    resolve({ status: answer.statusCode ?? 0, json: JSON.parse(text) })
  })
  request.on('error', reject)
  request.end(sent.body)
  return promise
}

function open(listener: Listener): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect({ host: listener.host, port: listener.port }, () => resolve(socket))
  socket.on('error', reject)
  return promise
}

function firstLine(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  socket.once('data', (bytes) => resolve(bytes.toString().split('\r\n')[0] ?? ''))
  return promise
}

async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate)
}
