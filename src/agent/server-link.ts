/**
 * Requests to the server, over whatever way gets there: the proxies of the distribution in random
 * order, then direct. The way that worked last is tried first, so a dead or hanging proxy costs its
 * time limit once and not at every request; one that breaks off in the middle, or answers what is
 * not our server's, goes to the end. Every wait has a limit, every answer a size and a least speed,
 * nothing is decompressed by the runtime (a kilobyte of brotli holds a gigabyte), redirects are
 * not followed, and TLS is always verified (by the runtime, with the system's and its own roots).
 */

import { concatBytes } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { causeChain, Fault } from '../base/fault.ts'
import type { Log } from '../base/log.ts'
import type { Random } from '../base/random.ts'

/**
 * The runtime's fetch. `proxy` and `decompress` are bun's; a runtime without them can only go
 * direct.
 */
export type Fetch = (
  url: string,
  init: RequestInit & { proxy?: string; decompress: false },
) => Promise<Response>

export type LinkLimits = {
  /** From the start of a request to the headers of its answer, by one way. */
  readonly headersMs: number
  /** Between two pieces of an answer's body. */
  readonly idleMs: number
  /**
   * What an answer has used up of `idleMs` it earns again at this speed only: who sends one byte
   * before every time limit must not hold us for ever.
   */
  readonly bytesASecondMin: number
}
export const LINK_LIMITS: LinkLimits = { headersMs: 15_000, idleMs: 30_000, bytesASecondMin: 256 }

export type LinkNeeds = {
  readonly serverUrl: string
  readonly proxies: readonly string[]
  readonly fetch: Fetch
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly limits: LinkLimits
}

export type LinkRequest = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** Gives the request up. */
  readonly signal?: AbortSignal
}

/** Null: direct. */
type Way = string | null

/**
 * What a proxy answers on its own account; it may be the server's word too, and another way then
 * tells.
 */
const PROXY_TROUBLE = [407, 502, 503, 504]

export class ServerLink {
  readonly #needs: LinkNeeds
  #ways: readonly Way[]
  readonly #wayOf = new WeakMap<Response, Way>()

  constructor(needs: LinkNeeds) {
    this.#needs = needs
    this.#ways = [...shuffled(needs.proxies, needs.random), null]
  }

  /** The headers of an answer have arrived; its body is read with `readBody` or `readPieces`. */
  async send(request: LinkRequest): Promise<Response> {
    let trouble: { readonly way: Way; readonly response: Response } | null = null
    let lastError: unknown
    for (const way of this.#ways) {
      if (request.signal?.aborted) throw givenUp()
      try {
        const response = await this.#sendBy(way, request)
        if (way === null || !isTroubleOfProxy(response)) {
          this.#prefer(way)
          this.#wayOf.set(response, way)
          return response
        }
        await trouble?.response.body?.cancel()
        trouble = { way, response }
      } catch (error) {
        if (request.signal?.aborted) throw givenUp(error)
        // Best effort: the next way may get there; when none does, the last error is thrown below.
        lastError = error
        const chain = causeChain(error)
        this.#needs.log.debug({ way: way ?? 'direct', chain }, 'this way does not reach the server')
      }
    }
    if (trouble !== null) return trouble.response
    throw new Fault({
      code: 'server-unreachable',
      doing: `asking ${this.#needs.serverUrl}${request.path}`,
      retry: 'later',
      cause: lastError,
    })
  }

  /** What came is not our server's: another way is tried first the next time. */
  distrust(response: Response): void {
    const way = this.#wayOf.get(response)
    if (way === undefined || this.#ways[0] !== way || this.#ways.length === 1) return
    this.#needs.log.warn({ way: way ?? 'direct' }, 'this way is tried last from now on')
    this.#ways = [...this.#ways.slice(1), way]
  }

  async readBody(response: Response, bytesMax: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let length = 0
    for await (const piece of this.readPieces(response)) {
      length += piece.length
      if (length > bytesMax) {
        throw new Fault({
          code: 'answer-too-large',
          doing: `reading an answer of at most ${bytesMax} bytes`,
          retry: 'later',
        })
      }
      pieces.push(piece)
    }
    return concatBytes(pieces)
  }

  /** The body, piece by piece. Leaving the loop early, or the signal, gives the connection up. */
  async *readPieces(response: Response, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    if (response.body === null) return
    const { idleMs, bytesASecondMin } = this.#needs.limits
    const reader = response.body.getReader()
    let patienceMs = idleMs
    try {
      for (;;) {
        const began = this.#needs.clock.monotonic()
        const next = await this.#readPiece(reader, patienceMs, signal)
        if (next === null) return
        const left = patienceMs - (this.#needs.clock.monotonic() - began)
        patienceMs = Math.min(idleMs, left + (next.length / bytesASecondMin) * 1000)
        yield next
      }
    } catch (error) {
      if (!signal?.aborted) this.distrust(response)
      throw error
    } finally {
      // Best effort: the connection is given up either way.
      reader.cancel().catch(() => {})
    }
  }

  /** Null: that was all. */
  async #readPiece(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    withinMs: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array | null> {
    const doing = 'reading an answer'
    if (signal?.aborted) throw givenUp()
    const limit = this.#needs.clock.sleep(Math.max(0, withinMs))
    signal?.addEventListener('abort', limit.cancel)
    const read = reader.read().catch((error: unknown) => {
      throw new Fault({ code: 'server-unreachable', doing, retry: 'later', cause: error })
    })
    const next = await Promise.race([read, limit.done.then(() => null)]).finally(() => {
      signal?.removeEventListener('abort', limit.cancel)
      limit.cancel()
    })
    if (next === null && signal?.aborted) throw givenUp()
    if (next === null) throw new Fault({ code: 'stalled', doing, retry: 'later' })
    return next.done ? null : next.value
  }

  async #sendBy(way: Way, request: LinkRequest): Promise<Response> {
    const { clock, limits, serverUrl } = this.#needs
    const abort = new AbortController()
    const limit = clock.sleep(limits.headersMs)
    const { signal } = request
    const giveUp = () => abort.abort(signal?.reason)
    signal?.addEventListener('abort', giveUp)
    let isOver = false
    void limit.done.then(() => {
      if (!isOver) abort.abort(new Fault({ code: 'timed-out', doing: 'waiting', retry: 'later' }))
    })
    try {
      return await this.#needs.fetch(`${serverUrl.replace(/\/+$/, '')}${request.path}`, {
        method: request.method,
        headers: { 'accept-encoding': 'identity', ...request.headers },
        body: request.body,
        redirect: 'manual',
        decompress: false,
        signal: abort.signal,
        ...(way === null ? {} : { proxy: `http://${way}` }),
      })
    } finally {
      isOver = true
      signal?.removeEventListener('abort', giveUp)
      limit.cancel()
    }
  }

  #prefer(way: Way): void {
    if (this.#ways[0] === way) return
    this.#needs.log.info({ way: way ?? 'direct' }, 'this way reaches the server')
    this.#ways = [way, ...this.#ways.filter((each) => each !== way)]
  }
}

/**
 * A server that is too busy and says until when is believed: to ask it again by every other way
 * would make it busier. What is no word of our server's is distrusted when it is read.
 */
function isTroubleOfProxy(response: Response): boolean {
  if (response.status === 503 && response.headers.has('retry-after')) return false
  return PROXY_TROUBLE.includes(response.status)
}

function givenUp(cause?: unknown): Fault {
  return new Fault({ code: 'cancelled', doing: 'asking the server', retry: 'never', cause })
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, order: random.fraction() }))
    .sort((left, right) => left.order - right.order)
    .map(({ item }) => item)
}
