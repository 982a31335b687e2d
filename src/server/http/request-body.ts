import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { concatBytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { BodyRefusal, RequestBody } from './exchange.ts'

/** A JSON body of a mebibyte takes a modem a minute and a half; nobody is on a modem. */
const BODY_MS_MAX = 30_000

type RawRequest = IncomingMessage | Http2ServerRequest

export class SocketBody implements RequestBody {
  readonly #raw: RawRequest
  readonly #clock: Clock

  constructor(raw: RawRequest, clock: Clock) {
    this.#raw = raw
    this.#clock = clock
  }

  async read(limitBytes: number): Promise<Result<Uint8Array, BodyRefusal>> {
    const declared = Number(this.#raw.headers['content-length'] ?? 0)
    if (declared > limitBytes) return refuse({ code: 'body-too-large', limitBytes })
    const patience = this.#clock.sleep(BODY_MS_MAX)
    try {
      const slow = patience.done.then(() =>
        refuse<BodyRefusal>({ code: 'body-too-slow', limitMs: BODY_MS_MAX }),
      )
      return await Promise.race([collect(this.#raw, limitBytes), slow])
    } finally {
      patience.cancel()
    }
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    try {
      // A socket gives Buffers.
      for await (const part of this.#raw as AsyncIterable<Uint8Array>) yield part
    } catch (cause) {
      throw clientGone(cause)
    }
  }

  /** Whether the client still has bytes to send that nobody has asked for. */
  get isUnread(): boolean {
    return !this.#raw.readableEnded && !this.#raw.complete
  }
}

function collect(raw: RawRequest, limitBytes: number): Promise<Result<Uint8Array, BodyRefusal>> {
  return new Promise((resolve, reject) => {
    // It went while nobody was listening: no event will tell.
    if (raw.destroyed) return reject(clientGone(undefined))
    const parts: Uint8Array[] = []
    let length = 0
    raw.on('data', (part: Uint8Array) => {
      length += part.length
      if (length <= limitBytes) parts.push(part)
      else {
        raw.pause()
        raw.removeAllListeners('data')
        resolve(refuse({ code: 'body-too-large', limitBytes }))
      }
    })
    raw.on('end', () => {
      const [first] = parts
      resolve(accept(parts.length === 1 && first !== undefined ? first : concatBytes(parts)))
    })
    raw.on('error', (cause) => reject(clientGone(cause)))
    raw.on('close', () => {
      if (!raw.readableEnded) reject(clientGone(undefined))
    })
  })
}

function clientGone(cause: unknown): Fault {
  return new Fault({ code: 'client-gone', doing: 'reading a request', retry: 'never', cause })
}
