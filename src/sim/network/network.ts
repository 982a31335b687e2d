/**
 * The network between simulated machines and their server: every request takes time each way, and
 * may be lost, answered into nothing, come twice (the second one late, behind newer ones), break
 * off in the middle of its answer, or arrive with other bytes. All chances of a request are drawn
 * when it is sent, from the stream of its machine.
 */
import type { Fetch } from '../../agent/server-link.ts'
import type { HttpAnswer, Method } from '../../server/http/exchange.ts'
import type { Chance } from '../chance.ts'
import type { Timeline } from '../virtual-clock.ts'
import { answerStream, bodyBytes } from './answer-body.ts'

export type WireRequest = {
  readonly method: Method
  readonly path: string
  readonly query: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Who asks, as the server sees it. */
  readonly remoteAddress: string
}

/** The other end; it throws when nobody listens there. */
export type Serve = (request: WireRequest) => Promise<HttpAnswer>

/** Shares of all requests, and milliseconds. */
export type Weather = {
  readonly delayMs: readonly [number, number]
  readonly lostRequests: number
  readonly lostReplies: number
  readonly duplicates: number
  /** After how long a duplicate comes at the latest. */
  readonly duplicateDelayMsMax: number
  readonly cuts: number
  /** Of artifacts and manifests only: what was damaged in any other answer is cut. */
  readonly damages: number
}

export const FAIR_WEATHER: Weather = {
  delayMs: [5, 80],
  lostRequests: 0,
  lostReplies: 0,
  duplicates: 0,
  duplicateDelayMsMax: 120_000,
  cuts: 0,
  damages: 0,
}

export type FaultName = 'lost-request' | 'lost-reply' | 'duplicate' | 'cut' | 'damage' | 'partition'

/** How one process reaches the server; `end` when the process does. */
export type Line = {
  readonly fetch: Fetch
  end(): void
}

/** What is to happen to one request. */
type Lot = {
  readonly thereMs: number
  readonly backMs: number
  readonly losesRequest: boolean
  readonly losesReply: boolean
  /** Null: it comes once. */
  readonly againAfterMs: number | null
  /** Where its answer breaks off, as a share of it; null: nowhere. */
  readonly cutAt: number | null
  readonly damagedAt: number | null
}

export type NetworkNeeds = {
  readonly timeline: Timeline
  readonly serve: Serve
  /** A fault was injected. */
  onFault(name: FaultName): void
}

export class Network {
  weather: Weather = FAIR_WEATHER
  readonly #needs: NetworkNeeds
  readonly #apart = new Set<string>()

  constructor(needs: NetworkNeeds) {
    this.#needs = needs
  }

  /** A machine can reach nobody, or can again. */
  setApart(machine: string, isApart: boolean): void {
    if (isApart) this.#apart.add(machine)
    else this.#apart.delete(machine)
  }

  lineOf(machine: string, chance: Chance): Line {
    let hasEnded = false
    return {
      fetch: (url, init) =>
        new Promise((resolve, reject) => {
          const sent = new Sending(this.#needs, {
            resolve: (response) => !hasEnded && resolve(response),
            reject: (error) => !hasEnded && reject(error),
          })
          init.signal?.addEventListener('abort', () => sent.abort(init.signal?.reason))
          const isApart = () => hasEnded || this.#apart.has(machine)
          sent.send(requestOf(url, init, machine), lotOf(this.weather, chance), isApart)
        }),
      end: () => {
        hasEnded = true
      },
    }
  }
}

class Sending {
  readonly #needs: NetworkNeeds
  readonly #answer: { resolve(response: Response): void; reject(error: unknown): void }
  #isOver = false

  constructor(
    needs: NetworkNeeds,
    answer: { resolve(response: Response): void; reject(error: unknown): void },
  ) {
    this.#needs = needs
    this.#answer = answer
  }

  send(request: WireRequest, lot: Lot, isApart: () => boolean): void {
    const { timeline, onFault, serve } = this.#needs
    if (lot.againAfterMs !== null) {
      timeline.after(lot.thereMs + lot.againAfterMs, () => {
        onFault('duplicate')
        // Best effort: nobody waits for the answer to the second one.
        serve(request).catch(() => {})
      })
    }
    timeline.after(lot.thereMs, () => {
      if (this.#isOver) return
      if (isApart()) return onFault('partition')
      if (lot.losesRequest) return onFault('lost-request')
      void this.#deliver(request, lot, isApart)
    })
  }

  abort(reason: unknown): void {
    this.#isOver = true
    this.#answer.reject(reason)
  }

  async #deliver(request: WireRequest, lot: Lot, isApart: () => boolean): Promise<void> {
    const { timeline, serve, onFault } = this.#needs
    try {
      const answer = await serve(request)
      const body = await bodyBytes(answer.body)
      timeline.after(lot.backMs, () => {
        if (this.#isOver) return
        if (isApart()) return onFault('partition')
        if (lot.losesReply) return onFault('lost-reply')
        this.#answer.resolve(this.#responseOf(answer, body, lot))
      })
    } catch (error) {
      // Best effort: told to whoever asked, as a server that is not there.
      if (!this.#isOver) this.#answer.reject(new TypeError('fetch failed', { cause: error }))
    }
  }

  #responseOf(answer: HttpAnswer, body: Uint8Array<ArrayBuffer>, lot: Lot): Response {
    const { timeline, onFault } = this.#needs
    const { status, headers } = answer
    const isContent = headers['content-type'] !== 'application/json'
    if (lot.damagedAt !== null && isContent && body.length > 0) {
      onFault('damage')
      const at = Math.floor(lot.damagedAt * body.length)
      body[at] = (body[at] ?? 0) ^ 0xff
    }
    const cutAt = lot.cutAt === null ? null : Math.floor(lot.cutAt * body.length)
    if (cutAt !== null) onFault('cut')
    return new Response(answerStream(body, { cutAt, pauseMs: lot.backMs, timeline }), {
      status,
      headers,
    })
  }
}

function lotOf(weather: Weather, chance: Chance): Lot {
  const [least, most] = weather.delayMs
  const delay = () => chance.whole(least, most)
  const placeOf = (share: number) => (chance.happens(share) ? chance.fraction() : null)
  return {
    thereMs: delay(),
    backMs: delay(),
    losesRequest: chance.happens(weather.lostRequests),
    losesReply: chance.happens(weather.lostReplies),
    againAfterMs: chance.happens(weather.duplicates)
      ? chance.whole(0, weather.duplicateDelayMsMax)
      : null,
    cutAt: placeOf(weather.cuts),
    damagedAt: placeOf(weather.damages),
  }
}

function requestOf(url: string, init: Parameters<Fetch>[1], machine: string): WireRequest {
  const { pathname, search } = new URL(url)
  return {
    method: init.method === 'POST' ? 'POST' : 'GET',
    path: pathname,
    query: search,
    // The agent gives its headers as a plain object with names in lower case.
    headers: init.headers as Record<string, string>,
    body: Buffer.from(typeof init.body === 'string' ? init.body : ''),
    remoteAddress: machine,
  }
}
