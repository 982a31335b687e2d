/**
 * The one place with sockets. Fastify finds the route; everything else is ours: bodies are read by
 * whoever wants them and within his limit, so nothing is read before a request is known to be
 * welcome, and `Content-Type` is never asked (clients of the field send it twice, or not at all).
 *
 * With a certificate HTTP/2 and HTTP/1.1 share the port (ALPN). Closing stops accepting, lets what
 * is under way finish for a while, and then cuts: downloads resume, everything else is repeatable.
 */
import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http'
import { createSecureServer, type ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { Clock } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import { type HttpAnswer, type HttpRequest, type HttpRoute, METHODS } from './exchange.ts'
import { faultAnswer } from './fault-answer.ts'
import { SocketBody } from './request-body.ts'
import { allowedMethods } from './route-match.ts'
import { sendStream } from './send-stream.ts'

/** A client that cannot send its headers in this time is holding a connection, not using it. */
const HEADERS_MS_MAX = 15_000
/** Of a whole request: an artifact of two gigabytes at five megabits a second takes 57 minutes. */
const REQUEST_MS_MAX = 3_600_000
/**
 * Longer than load balancers keep theirs (60 s), so that they close first and no request meets a
 * closed one.
 */
const KEEP_ALIVE_MS = 65_000
/** A connection on which nothing moves in either direction. */
const SOCKET_IDLE_MS_MAX = 120_000
const HEADER_BYTES_MAX = 16 * 1024
const HTTP2_STREAMS_MAX = 128
/** A body of this size that nobody reads is thrown away; a larger one ends the connection. */
const UNREAD_BYTES_MAX = 64 * 1024

export type Answered = {
  readonly route: HttpRoute | null
  readonly method: string
  readonly path: string
  readonly status: number
  readonly ms: number
  readonly remoteAddress: string
  /** The client went away before it had the whole answer. */
  readonly isCut: boolean
}

export type ListenOptions = {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly tls: { readonly cert: string; readonly key: string } | null
  readonly routes: readonly HttpRoute[]
  readonly clock: Clock
  readonly log: Log
  /** The answer where there is no route; `allowed` are the methods that the path has. */
  readonly elsewhere: (path: string, allowed: readonly string[]) => HttpAnswer
  readonly onAnswered: (answered: Answered) => void
}

export type Listener = {
  readonly host: string
  readonly port: number
  /** Stops accepting at once; what is under way has `drainMs` to finish. */
  close(drainMs: number): Promise<void>
}

export async function listen(options: ListenOptions): Promise<Listener> {
  const connections = new Connections()
  const app = fastify({
    serverFactory: (handler) => openServer(options, handler, connections),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    exposeHeadRoutes: false,
    forceCloseConnections: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: (_error, request, reply) => answerElsewhere(options, request, reply),
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.addHook('onRequest', (request, _reply, done) => {
    delete request.raw.headers['content-type']
    done()
  })
  for (const route of options.routes) addRoute(app, route, options, connections)
  app.setNotFoundHandler((request, reply) => answerElsewhere(options, request, reply))
  app.setErrorHandler((error, request, reply) =>
    send(
      reply,
      faultAnswer(error, options.log, { path: unroutedPath(options.routes, pathOf(request.url)) }),
    ),
  )
  try {
    await app.listen({ host: options.host, port: options.port })
  } catch (cause) {
    const doing = `listening on ${options.host}:${options.port}`
    throw new Fault({ code: 'cannot-listen', doing, retry: 'never', cause })
  }
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    host: options.host,
    port,
    close: (drainMs) => drain(app, connections, { clock: options.clock, drainMs }),
  }
}

function openServer(
  options: ListenOptions,
  handler: RequestListener,
  connections: Connections,
): Server {
  const limits = {
    headersTimeout: HEADERS_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
  }
  const server = options.tls === null ? createServer(limits, handler) : secure(options.tls)
  server.setTimeout(SOCKET_IDLE_MS_MAX)
  server.on('connection', (socket: Socket) => connections.addSocket(socket))
  server.on('session', (session: ServerHttp2Session) => connections.addSession(session))
  return server

  function secure(tls: { readonly cert: string; readonly key: string }): Server {
    const settings = { maxConcurrentStreams: HTTP2_STREAMS_MAX }
    const secured = createSecureServer({ ...limits, ...tls, allowHTTP1: true, settings })
    // Its compatibility layer hands the handler requests and responses that are used as those of
    // HTTP/1.1.
    const compatible = secured as unknown as Server
    compatible.on('request', handler)
    return compatible
  }
}

/** What is connected, so that closing can end it. */
class Connections {
  readonly #sockets = new Set<Socket>()
  readonly #sessions = new Set<ServerHttp2Session>()
  isClosing = false

  addSocket(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  addSession(session: ServerHttp2Session): void {
    this.#sessions.add(session)
    session.once('close', () => this.#sessions.delete(session))
  }

  /** HTTP/2 sessions take no new streams, and end with their last one. */
  closeSessions(): void {
    for (const session of this.#sessions) session.close()
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

async function drain(
  app: FastifyInstance,
  connections: Connections,
  patience: { readonly clock: Clock; readonly drainMs: number },
): Promise<void> {
  connections.isClosing = true
  const closed = app.close()
  connections.closeSessions()
  if (app.server instanceof Object && 'closeIdleConnections' in app.server) {
    app.server.closeIdleConnections()
  }
  const limit = patience.clock.sleep(patience.drainMs)
  await Promise.race([closed, limit.done])
  limit.cancel()
  connections.cut()
  await closed
}

function addRoute(
  app: FastifyInstance,
  route: HttpRoute,
  options: ListenOptions,
  connections: Connections,
): void {
  app.route({
    method: [...route.methods],
    url: route.path,
    handler: async (request, reply) => {
      const body = new SocketBody(request.raw, options.clock)
      watch(options, route, request, reply)
      const answer = await answerOf(route, requestOf(request, body), options.log)
      if (request.raw.httpVersionMajor === 1) {
        if (connections.isClosing || isLongUnread(request, body))
          reply.header('connection', 'close')
      }
      return send(reply, answer)
    },
  })
}

async function answerOf(route: HttpRoute, request: HttpRequest, log: Log): Promise<HttpAnswer> {
  const facts = { method: request.method, path: loggedPath(route, request.path) }
  try {
    const answer = await route.answer(request)
    const { body } = answer
    const isStream = body !== null && typeof body === 'object' && Symbol.asyncIterator in body
    return isStream ? { ...answer, body: logged(body, log, facts) } : answer
  } catch (error) {
    // Best effort: a route answers for its own faults; this is for what slipped through, logged as
    // a bug.
    return faultAnswer(error, log, facts)
  }
}

/**
 * A fault in the middle of a stream can only cut the connection; the log says why. No generator: it
 * would close its source only after the part that it waits for, and an event stream's may be long
 * in coming.
 */
function logged(
  source: AsyncIterable<Uint8Array>,
  log: Log,
  facts: Readonly<Record<string, unknown>>,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const parts = source[Symbol.asyncIterator]()
      return {
        async next() {
          try {
            return await parts.next()
          } catch (error) {
            faultAnswer(error, log, facts)
            throw error
          }
        },
        async return() {
          return (await parts.return?.()) ?? { done: true, value: undefined }
        },
      }
    },
  }
}

function requestOf(request: FastifyRequest, body: SocketBody): HttpRequest {
  const { url } = request
  const question = url.indexOf('?')
  return {
    method: METHODS.find((method) => method === request.method) ?? 'GET',
    path: pathOf(url),
    params: request.params as Record<string, string>, // The router gives one text for each name.
    query: new URLSearchParams(question < 0 ? '' : url.slice(question + 1)),
    headers: request.raw.headers,
    body,
    remoteAddress: request.raw.socket?.remoteAddress ?? '',
  }
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? ''
}

/** Where a path opens something by itself, its pattern stands for it. */
function loggedPath(route: HttpRoute, path: string): string {
  return route.hasSecretPath === true ? route.path : path
}

/**
 * A path without a route may hold a secret all the same: asked for by another method, say, or with
 * something behind it.
 */
function unroutedPath(routes: readonly HttpRoute[], path: string): string {
  const asked = path.toLowerCase()
  const secret = routes.find((route) => {
    return route.hasSecretPath === true && asked.startsWith(route.path.split(':', 1)[0] ?? '')
  })
  return secret?.path ?? path
}

/** A body that was refused unread would have to be read to its end before the next request. */
function isLongUnread(request: FastifyRequest, body: SocketBody): boolean {
  if (!body.isUnread) return false
  const length = request.raw.headers['content-length']
  const isChunked = request.raw.headers['transfer-encoding'] !== undefined
  return isChunked || Number(length ?? 0) > UNREAD_BYTES_MAX
}

function watch(
  options: ListenOptions,
  route: HttpRoute | null,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const startedAt = options.clock.monotonic()
  const path = pathOf(request.url)
  const remoteAddress = request.raw.socket?.remoteAddress ?? ''
  reply.raw.once('close', () =>
    options.onAnswered({
      route,
      method: request.method,
      path: route === null ? unroutedPath(options.routes, path) : loggedPath(route, path),
      status: reply.raw.statusCode,
      ms: options.clock.monotonic() - startedAt,
      remoteAddress,
      isCut: !reply.raw.writableFinished,
    }),
  )
}

function answerElsewhere(
  options: ListenOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  watch(options, null, request, reply)
  const path = pathOf(request.url)
  const allowed = allowedMethods(options.routes, path)
  // A method that is allowed is not what is wrong: a name in the path is too long.
  const others = allowed.includes(request.method) ? [] : allowed
  return send(reply, options.elsewhere(path, others))
}

function send(reply: FastifyReply, answer: HttpAnswer): FastifyReply {
  reply.code(answer.status).headers(answer.headers)
  const { body } = answer
  if (body === null) return reply.send()
  if (typeof body === 'string') return reply.send(body)
  if (body instanceof Uint8Array) return reply.send(Buffer.from(body))
  sendStream(reply, answer.status, body)
  return reply
}

/** What is no HTTP gets the shortest answer there is, and the connection ends. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = CLIENT_ERRORS[error.code ?? ''] ?? 400
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  )
}

const CLIENT_ERRORS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}
