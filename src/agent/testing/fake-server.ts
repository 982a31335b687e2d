/**
 * A server of the agent API for tests, made from the contract: it refuses what the contract
 * refuses, keeps what it was told, and tells whoever waits for it. It has no rules of its own; a
 * test says what it answers.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../base/clock.ts'
import {
  type CheckInReply,
  type CheckInRequest,
  checkInRequest,
  type Instruction,
} from '../../contract/agent/check-in.ts'
import { type EnrolRequest, enrolRequest } from '../../contract/agent/enrol.ts'
import type { Release } from './release.ts'

export type Seen =
  | { readonly kind: 'enrol'; readonly request: EnrolRequest }
  | { readonly kind: 'check-in'; readonly request: CheckInRequest }
  | { readonly kind: 'download'; readonly path: string; readonly range: string | null }

/** Time to read what came before a cut. */
const CUT_AFTER_MS = 200

type Answer = {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body: unknown
}

export class FakeServer {
  readonly seen: Seen[] = []
  instruction: (request: CheckInRequest) => Instruction = () => ({ kind: 'nothing' })
  /** Answers instead, when it answers. */
  instead: (path: string) => Answer | null = () => null
  /** Cuts an artifact's answer after this many bytes; null: whole. */
  cut: (path: string) => number | null = () => null
  /** Changes an artifact's bytes on the way. */
  tamper: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes
  acknowledges = true
  intervalS = 1
  endpoints = 0
  readonly #releases: Release[] = []
  readonly #waiting = new Set<() => void>()
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  url = ''

  static async start(): Promise<FakeServer> {
    const fake = new FakeServer()
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    const { port } = fake.#server.address() as AddressInfo
    fake.url = `http://127.0.0.1:${port}`
    return fake
  }

  publish(...releases: Release[]): void {
    this.#releases.push(...releases)
  }

  /** The first thing seen, from `since` on, that passes; waits for it when it has not come. */
  async until<Found extends Seen>(
    passes: (seen: Seen) => seen is Found,
    since = 0,
  ): Promise<Found> {
    for (;;) {
      const found = this.seen.slice(since).find(passes)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  async untilCheckIn(
    passes: (request: CheckInRequest) => boolean,
    since = 0,
  ): Promise<CheckInRequest> {
    const isIt = (seen: Seen): seen is Extract<Seen, { kind: 'check-in' }> =>
      seen.kind === 'check-in' && passes(seen.request)
    return (await this.until(isIt, since)).request
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    const body = await readAll(request)
    const instead = this.instead(path)
    if (instead !== null) return send(response, instead)
    if (path.startsWith('/agent/v1/artifacts/')) return this.#download(path, request, response)
    send(response, this.#answerOf(path, request, body))
  }

  #answerOf(path: string, request: IncomingMessage, body: string): Answer {
    if (path === '/agent/v1/enrol') {
      const parsed = enrolRequest.parse(JSON.parse(body))
      this.endpoints += 1
      this.#note({ kind: 'enrol', request: parsed })
      return { status: 200, body: { endpoint_id: hex(this.endpoints, 32), credential: hex(7, 64) } }
    }
    if (!/^Bearer [0-9a-f]{32}\.[0-9a-f]{64}$/.test(request.headers.authorization ?? '')) {
      return { status: 401, body: { code: 'unauthorised', message: 'who is this?' } }
    }
    if (path === '/agent/v1/check-in') {
      const parsed = checkInRequest.parse(JSON.parse(body))
      const reply = this.#replyTo(parsed)
      this.#note({ kind: 'check-in', request: parsed })
      return { status: 200, body: reply }
    }
    const digest = /^\/agent\/v1\/manifests\/(.+)$/.exec(path)?.[1]
    const release = this.#releases.find((each) => each.digest === digest)
    if (release === undefined) return { status: 404, body: { code: 'unknown', message: 'no' } }
    return { status: 200, body: JSON.parse(Buffer.from(release.envelope).toString()) }
  }

  #replyTo(request: CheckInRequest): CheckInReply {
    const ended = ['succeeded', 'rolled-back', 'failed'].includes(request.attempt?.phase ?? '')
    return {
      server_time: 0,
      interval_s: this.intervalS,
      want_facts: false,
      acknowledged_attempt:
        ended && this.acknowledges ? (request.attempt?.attempt_id ?? null) : null,
      instruction: this.instruction(request),
    }
  }

  #download(path: string, request: IncomingMessage, response: ServerResponse): void {
    const digest = path.slice(path.lastIndexOf('/') + 1)
    const range = request.headers.range ?? null
    const stored = this.#releases.map((each) => each.artifacts.get(digest)).find(Boolean)
    this.#note({ kind: 'download', path, range })
    if (stored === undefined) {
      send(response, { status: 404, body: { code: 'unknown', message: 'no' } })
      return
    }
    const bytes = this.tamper(stored)
    const start = range === null ? 0 : Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0)
    const rest = bytes.subarray(start)
    const partial = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }
    const length = { 'content-length': String(rest.length) }
    response.writeHead(
      range === null ? 200 : 206,
      range === null ? length : { ...length, ...partial },
    )
    const cut = this.cut(path)
    if (cut === null) {
      response.end(rest)
      return
    }
    // A moment later: what the runtime has not handed over when the line breaks is lost with it.
    response.write(rest.subarray(0, cut))
    void systemClock.sleep(CUT_AFTER_MS).done.then(() => response.destroy())
  }

  #note(seen: Seen): void {
    this.seen.push(seen)
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  response.end(isRaw ? body : JSON.stringify(body))
}

async function readAll(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

function hex(number: number, length: number): string {
  return number.toString(16).padStart(length, '0')
}
