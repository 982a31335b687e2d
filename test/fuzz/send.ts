/** Sends a request over a kept connection, with headers as they are told. */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import type { FuzzRequest } from './requests.ts'

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

export function openSender(url: string, connections: number): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(url)
  return {
    send: (request, signal) => exchange({ agent, hostname, port }, request, signal),
    close: () => agent.destroy(),
  }
}

type Place = { readonly agent: Agent; readonly hostname: string; readonly port: string }

function exchange(place: Place, request: FuzzRequest, signal: AbortSignal): Promise<Answer | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer | null>()
  const { method, path, headers, body } = request
  const length = body.length > 0 || method !== 'GET' ? { 'content-length': body.length } : {}
  const asked = httpRequest({ ...place, method, path, headers: { ...headers, ...length }, signal })
  asked.on('error', (error) => (signal.aborted ? reject(error) : resolve(null)))
  asked.on('response', (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (part: string) => {
      if (text.length < TEXT_MAX) text += part
      // It has no end.
      if (isStream(response)) response.destroy()
    })
    const done = () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
    response.on('end', done)
    response.on('error', done)
    if (isStream(response)) response.on('close', done)
  })
  asked.end(body)
  return promise
}

function isStream(response: IncomingMessage): boolean {
  return response.headers['content-type']?.startsWith('text/event-stream') ?? false
}
