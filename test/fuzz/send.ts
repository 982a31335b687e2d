/** Sends a request over a kept connection, with headers as they are told. */
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { TEST_CERTIFICATE } from '../../src/server/testing/certificate.ts'
import type { FuzzRequest } from './request.ts'

export type Answer = {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export type Sender = {
  /** Null: the server ended the connection without an answer, as it may when told nonsense. */
  send(request: FuzzRequest, signal: AbortSignal): Promise<Answer | null>
  close(): void
}

/** Of an answer, for a look at it: packages are longer. */
const TEXT_MAX = 4 * 1024 * 1024

/** HTTP/1.1, over TLS where the address says so. */
export function openSender(url: string, connections: number): Sender {
  const { protocol, hostname, port } = new URL(url)
  const options = { keepAlive: true, maxSockets: connections }
  const isSecure = protocol === 'https:'
  const agent = isSecure
    ? new SecureAgent({ ...options, ca: TEST_CERTIFICATE.cert, ALPNProtocols: ['http/1.1'] })
    : new PlainAgent(options)
  const ask = isSecure ? secureRequest : plainRequest
  return {
    send: ({ method, path, headers, body }, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Answer | null>()
      const length = body.length > 0 || method !== 'GET' ? { 'content-length': body.length } : {}
      const told = { hostname, port, method, path, headers: { ...headers, ...length }, signal }
      const asked = ask({ ...told, agent })
      asked.on('error', (error) => (signal.aborted ? reject(error) : resolve(null)))
      asked.on('response', (response) => {
        const done = (text: string) =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
        hear(response, response.headers['content-type'], done)
      })
      asked.end(body)
      return promise
    },
    close: () => agent.destroy(),
  }
}

/** HTTP/2, all requests on one connection; another one when the server has ended it. */
export function openHttp2Sender(url: string): Sender {
  let session: ClientHttp2Session | null = null
  const open = () => {
    if (session !== null && !session.closed && !session.destroyed) return session
    session = connect(url, { ca: TEST_CERTIFICATE.cert })
    // Its streams tell of it, each for itself.
    session.on('error', () => {})
    return session
  }
  return {
    send: ({ method, path, headers, body }, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Answer | null>()
      const told = { ...single(headers), ':method': method, ':path': path }
      const stream = open().request(told, { endStream: false })
      const stop = () => stream.close()
      signal.addEventListener('abort', stop, { once: true })
      stream.on('error', () => {})
      stream.on('response', (answered: IncomingHttpHeaders & { readonly ':status'?: number }) => {
        const { ':status': status, ...others } = answered
        const done = (text: string) => resolve({ status: status ?? 0, headers: others, text })
        hear(stream, others['content-type'], done)
      })
      stream.on('close', () => {
        signal.removeEventListener('abort', stop)
        if (signal.aborted) reject(new Error('the stream hung'))
        else resolve(null)
      })
      stream.end(body)
      return promise
    },
    close: () => session?.destroy(),
  }
}

/** HTTP/2 of Node sends no header twice: joined, as proxies do it. */
function single(headers: FuzzRequest['headers']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, `${value}`]))
}

type Heard = {
  setEncoding(encoding: 'utf8'): unknown
  on(event: 'data', hear: (part: string) => void): unknown
  on(event: 'end' | 'error' | 'close', hear: () => void): unknown
  destroy(): unknown
}

function hear(source: Heard, contentType: string | undefined, done: (text: string) => void): void {
  const isStream = contentType?.startsWith('text/event-stream') ?? false
  let text = ''
  source.setEncoding('utf8')
  source.on('data', (part) => {
    if (text.length < TEXT_MAX) text += part
    // It has no end.
    if (isStream) source.destroy()
  })
  const finish = () => done(text)
  source.on('end', finish)
  source.on('error', finish)
  if (isStream) source.on('close', finish)
}
