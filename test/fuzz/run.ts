/** Sends, counts, judges and remembers. */
import { Chance } from './chance.ts'
import { type Held, rssOf } from './memory.ts'
import { rawExchange, sendRaw } from './raw.ts'
import type { FuzzRequest } from './request.ts'
import { type Answer, openHttp2Sender, openSender, type Sender } from './send.ts'
import type { Door, FuzzServer } from './server.ts'

/** One request, and what its answer may be. */
export type Shot = {
  /** Who sends it. */
  readonly name: string
  readonly request: FuzzRequest
  /** What is wrong with an answer, whoever asked. */
  flaws(answer: Answer): readonly string[]
  mayAnswer(status: number): boolean
  heard(answer: Answer): void
}

export type CallCount = { readonly right: number; readonly refused: number }

/** What the two processes hold, in megabytes. */
export type Sample = Readonly<Record<'plain' | 'secure', Held & { readonly rssBefore: number }>>

export type Phase = {
  readonly requests: number
  /** Headers of those who send bytes that are no HTTP. */
  readonly credentials: Readonly<Record<string, string>>
  /** Whether the processes are asked now and then what they hold. */
  readonly isSampled?: true
  shot(): Shot
}

const RAW_SHARE = 0.02
/** The others go over TLS: half of them as HTTP/2. */
const PLAIN_SHARE = 0.75
const WORKERS = 12
/** Far beyond any answer: who has none by then never will. */
const HANG_MS = 40_000
const FLAWS_MAX = 50
const SHOWN_MAX = 400
/** Each costs a full collection, for which everybody waits. */
const SAMPLES = 40

export class Run {
  readonly chance: Chance
  sent = 0
  readonly #server: FuzzServer
  readonly #senders: { readonly plain: Sender; readonly secure: Sender; readonly http2: Sender }
  readonly #flaws = new Map<string, string>()
  readonly #statuses = new Map<string, number>()
  readonly #calls = new Map<string, CallCount>()

  constructor(server: FuzzServer, seed: number) {
    this.#server = server
    this.chance = new Chance(seed)
    const { plain, secure } = server
    this.#senders = {
      plain: openSender(plain.url, WORKERS),
      secure: openSender(secure.url, WORKERS),
      http2: openHttp2Sender(secure.url),
    }
  }

  /** What the processes held in the meantime, where the phase is sampled. */
  async all(phase: Phase): Promise<readonly Sample[]> {
    const from = this.sent
    const every = Math.ceil(phase.requests / SAMPLES)
    const samples: Sample[] = []
    const worker = async () => {
      while (this.sent < from + phase.requests && this.#flaws.size < FLAWS_MAX) {
        this.sent += 1
        const isTime = phase.isSampled && (this.sent - from) % every === 0
        if (isTime) samples.push(await this.#sample())
        if (this.chance.is(RAW_SHARE)) await this.#raw(phase.credentials)
        else await this.#one(phase.shot())
      }
    }
    await Promise.all(Array.from({ length: WORKERS }, worker))
    return samples
  }

  async #sample(): Promise<Sample> {
    const { plain, secure } = this.#server
    const sampleOf = async ({ pid, held }: Door) => ({
      rssBefore: await rssOf(pid),
      ...(await held()),
    })
    return { plain: await sampleOf(plain), secure: await sampleOf(secure) }
  }

  async #one(shot: Shot): Promise<void> {
    const { request } = shot
    const signal = AbortSignal.timeout(HANG_MS)
    const { plain, secure, http2 } = this.#senders
    const sender = this.chance.is(PLAIN_SHARE) ? plain : this.chance.is(0.5) ? secure : http2
    try {
      const answer = await sender.send(request, signal)
      if (answer === null) return this.#count(request, 'cut')
      this.#count(request, String(answer.status))
      const flaws = [...shot.flaws(answer)]
      if (!shot.mayAnswer(answer.status)) flaws.push(`${shot.name} was answered ${answer.status}`)
      for (const flaw of flaws) this.#note(flaw, request, answer.text)
      if (flaws.length === 0) shot.heard(answer)
    } catch (error) {
      // Best effort: one that fails is a finding, not the end of the run.
      this.#note(signal.aborted ? 'no answer at all' : String(error), request, '')
    }
  }

  async #raw(credentials: Phase['credentials']): Promise<void> {
    const lines = Object.entries(credentials).map(([name, value]) => `${name}: ${value}\r\n`)
    const { name, bytes } = rawExchange(this.chance, lines.join(''))
    const { plain, secure } = this.#server
    const { port } = new URL(this.chance.is(PLAIN_SHARE) ? plain.url : secure.url)
    try {
      const text = await sendRaw(Number(port), bytes, AbortSignal.timeout(HANG_MS))
      const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status ?? '')
      for (const status of statuses) {
        this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
        if (Number(status) >= 500) this.#flaw(`status ${status} for ${name}`, text)
      }
    } catch (error) {
      // Best effort: as above.
      this.#flaw(`${name}: ${String(error)}`, '')
    }
  }

  #count({ operation, method, path }: FuzzRequest, status: string): void {
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    const place = operation?.path ?? AGENT_PLACE.exec(path)?.[0]
    if (place === undefined) return
    const key = `${operation?.method ?? method} ${place}`
    const { right, refused } = this.#calls.get(key) ?? { right: 0, refused: 0 }
    const isRight = status.startsWith('2')
    const count = isRight ? { right: right + 1, refused } : { right, refused: refused + 1 }
    this.#calls.set(key, count)
  }

  #note(flaw: string, request: FuzzRequest, answer: string): void {
    const { method, path, headers, body } = request
    const place = request.operation?.path ?? 'elsewhere'
    const shown = [
      `${method} ${path.slice(0, SHOWN_MAX)}`,
      JSON.stringify(headers).slice(0, SHOWN_MAX),
      Buffer.from(body).toString('utf8').slice(0, SHOWN_MAX),
      answer.slice(0, SHOWN_MAX),
    ]
    this.#flaw(`${flaw} (${place})`, shown.join('\n    '))
  }

  #flaw(flaw: string, shown: string): void {
    if (!this.#flaws.has(flaw)) this.#flaws.set(flaw, shown)
  }

  /** Each flaw once, with the first request that showed it. */
  told() {
    return {
      sent: this.sent,
      answersByStatus: Object.fromEntries(this.#statuses),
      calls: Object.fromEntries(this.#calls),
      flaws: [...this.#flaws].map(([flaw, shown]) => `${flaw}\n    ${shown}`),
    }
  }

  [Symbol.dispose](): void {
    for (const sender of Object.values(this.#senders)) sender.close()
  }
}

const AGENT_PLACE = /^\/agent\/v1\/[\w-]+/
