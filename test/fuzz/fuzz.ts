/**
 * Random requests, made of the OpenAPI document, against a whole server on a real port. A seed
 * makes the same requests in the same order; which of them meet at the server is up to the machine.
 *
 * First come those who may not: nothing that the database holds may change. Then an administrator,
 * for whom everything is allowed except an answer that blames the server, an error that is no error
 * body, a reply beside its schema, a connection that hangs, or memory that grows.
 */
import { systemClock } from '../../src/base/clock.ts'
import type { AssembledServer } from '../../src/server/testing/assembled.ts'
import { enrolEndpoint, orderFor, publishFor } from '../small-fleet.ts'
import { type Actors, actorsOf, type Credentials } from './actors.ts'
import { Chance } from './chance.ts'
import { changedBetween, contentOf } from './content.ts'
import { type Judge, judgeFor } from './judge.ts'
import { type Memory, memoryNow } from './memory.ts'
import { rawExchange, sendRaw } from './raw.ts'
import { type Document, type FuzzRequest, operationsOf, requestFor } from './requests.ts'
import { openSender, type Sender } from './send.ts'
import { newTexts, type Texts } from './texts.ts'

export type FuzzOrder = {
  readonly server: AssembledServer
  readonly document: Document
  readonly seed: number
  /** In all. */
  readonly requests: number
}

export type FuzzReport = {
  readonly sent: number
  readonly answersByStatus: Readonly<Record<string, number>>
  /** How often each call answered 200. */
  readonly successesByCall: Readonly<Record<string, number>>
  /** Each once, with the first request that showed it. */
  readonly flaws: readonly string[]
  readonly changedTables: readonly string[]
  readonly memory: { readonly warm: Memory; readonly end: Memory }
  readonly seconds: number
}

/** What is looked for here lies behind the limit of requests. */
export const UNLIMITED = { perS: 1e9, burst: 1e9 }

const UNINVITED_SHARE = 0.15
const VIEWER_SHARE = 0.1
const RAW_SHARE = 0.02
const WORKERS = 12
/** Far beyond any answer: who has none by then never will. */
const HANG_MS = 40_000
const FLAWS_MAX = 50
const SHOWN_MAX = 400

export async function fuzz(order: FuzzOrder): Promise<FuzzReport> {
  const startedAt = systemClock.monotonic()
  const texts = newTexts()
  await fillServer(order.server, texts)
  const actors = await actorsOf(order.server)
  using run = new Run(order, texts)
  const { connection } = order.server.assembled.needs.database
  const before = await contentOf(connection)
  const uninvited = Object.entries(actors.uninvited)
  await run.all(Math.round(order.requests * UNINVITED_SHARE), () => {
    const [name, credentials] = run.chance.of(uninvited)
    return { name, credentials, mayAnswer: (status) => status >= 400 }
  })
  await run.all(Math.round(order.requests * VIEWER_SHARE), () => viewerOf(actors))
  const changedTables = changedBetween(before, await contentOf(connection))
  const left = order.requests - run.sent
  const invited = () => administratorOf(actors)
  await run.all(Math.round(left / 3), invited)
  const warm = memoryNow()
  await run.all(order.requests - run.sent, invited)
  const end = memoryNow()
  const seconds = Math.round((systemClock.monotonic() - startedAt) / 1000)
  return { ...run.told(), changedTables, memory: { warm, end }, seconds }
}

type Turn = {
  readonly name: string
  readonly credentials: Credentials
  /** Whether this status may be the answer to a call. */
  mayAnswer(status: number, permission: string | null): boolean
}

function viewerOf(actors: Actors): Turn {
  const mayAnswer = (status: number, permission: string | null) =>
    permission?.endsWith('.edit') === true ? status >= 400 : status !== 401
  return { name: 'the viewer', credentials: actors.viewer, mayAnswer }
}

function administratorOf(actors: Actors): Turn {
  const mayAnswer = (status: number) => ![401, 403].includes(status)
  return { name: 'the administrator', credentials: actors.administrator, mayAnswer }
}

async function fillServer(server: AssembledServer, texts: Texts): Promise<void> {
  const versions = ['8.6.0.1', '8.6.0.5678', '8.7.0.1', '8.8.0.10594']
  for (const version of versions) texts.known.push(version, await server.publish(version))
  await publishFor(server, 'windows', ['8.6.0.1234'])
  const endpoints: string[] = []
  for (let count = 1; count <= 12; count++) {
    endpoints.push(await enrolEndpoint(server, `fuzz-${count}`, 'linux'))
  }
  const distributions: string[] = []
  for (let count = 1; count <= 20; count++) {
    distributions.push(await orderFor(server, `known ${count}`))
  }
  await server.assembled.drain()
  const asked = { endpoint_ids: endpoints.slice(0, 4), target_versions: { linux: '8.6.0.5678' } }
  const { body } = await server.call('endpoints/upgrade', asked)
  const versionsByField = ['linux', 'linux_version', 'agent_version', 'version']
  for (const field of versionsByField) texts.named.set(field, versions)
  for (const field of ['endpoint_id', 'endpoint_ids']) texts.named.set(field, endpoints)
  texts.named.set('distribution_id', distributions)
  const artifact = await server.upload(Buffer.from('an artifact of nobody'))
  for (const field of ['launcher', 'digest', 'digests']) texts.named.set(field, [artifact])
  texts.named.set('value', [...(texts.named.get('value') ?? []), ...endpoints, 'known 1', 'web'])
  texts.named.set('group_action_id', [Number(body.reply.group_action_id)])
  texts.known.push('known 1', 'fuzz-1', 'web', 'ada', '10.0.0.7', ...endpoints.slice(0, 2))
}

/** Counts, judges and remembers. */
class Run {
  readonly chance: Chance
  sent = 0
  readonly #order: FuzzOrder
  readonly #texts: Texts
  readonly #judge: Judge
  readonly #sender: Sender
  readonly #operations
  readonly #flaws = new Map<string, string>()
  readonly #statuses = new Map<string, number>()
  readonly #successes = new Map<string, number>()

  constructor(order: FuzzOrder, texts: Texts) {
    this.#order = order
    this.#texts = texts
    this.chance = new Chance(order.seed)
    this.#judge = judgeFor(order.document)
    this.#sender = openSender(order.server.url, WORKERS)
    this.#operations = operationsOf(order.document)
  }

  async all(count: number, turn: () => Turn): Promise<void> {
    const end = this.sent + count
    const worker = async () => {
      while (this.sent < end && this.#flaws.size < FLAWS_MAX) {
        this.sent += 1
        await this.#one(turn())
      }
    }
    await Promise.all(Array.from({ length: WORKERS }, worker))
  }

  async #one(turn: Turn): Promise<void> {
    const signal = AbortSignal.timeout(HANG_MS)
    if (this.chance.is(RAW_SHARE)) return await this.#raw(turn, signal)
    const { schemas } = this.#order.document.components
    const making = { chance: this.chance, texts: this.#texts, schemas }
    const request = requestFor(this.#operations, making, turn.credentials)
    try {
      const answer = await this.#sender.send(request, signal)
      if (answer === null) return this.#count(request, 'cut')
      this.#count(request, String(answer.status))
      const flaws = [...this.#judge(request, answer)]
      const permission = request.operation?.permission ?? null
      if (request.operation !== null && !turn.mayAnswer(answer.status, permission)) {
        flaws.push(`${turn.name} was answered ${answer.status}`)
      }
      for (const flaw of flaws) this.#note(flaw, request, answer.text)
    } catch (error) {
      // Best effort: one that fails is a finding, not the end of the run.
      this.#note(signal.aborted ? 'no answer at all' : String(error), request, '')
    }
  }

  async #raw(turn: Turn, signal: AbortSignal): Promise<void> {
    const lines = Object.entries(turn.credentials).map(([name, value]) => `${name}: ${value}\r\n`)
    const { name, bytes } = rawExchange(this.chance, lines.join(''))
    const port = Number(new URL(this.#order.server.url).port)
    try {
      const text = await sendRaw(port, bytes, signal)
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

  #count({ operation }: FuzzRequest, status: string): void {
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    if (operation === null || status !== '200') return
    const key = `${operation.method} ${operation.path}`
    this.#successes.set(key, (this.#successes.get(key) ?? 0) + 1)
  }

  #note(flaw: string, request: FuzzRequest, answer: string): void {
    const { method, path, headers, body } = request
    const place = request.operation?.path ?? 'elsewhere'
    const sent = Buffer.from(body).toString('utf8').slice(0, SHOWN_MAX)
    const beside = JSON.stringify(headers).slice(0, SHOWN_MAX)
    const shown = [
      `${method} ${path.slice(0, SHOWN_MAX)}`,
      beside,
      sent,
      answer.slice(0, SHOWN_MAX),
    ]
    this.#flaw(`${flaw} (${place})`, shown.join('\n    '))
  }

  #flaw(flaw: string, shown: string): void {
    if (!this.#flaws.has(flaw)) this.#flaws.set(flaw, shown)
  }

  told(): Pick<FuzzReport, 'sent' | 'answersByStatus' | 'successesByCall' | 'flaws'> {
    return {
      sent: this.sent,
      answersByStatus: Object.fromEntries(this.#statuses),
      successesByCall: Object.fromEntries(this.#successes),
      flaws: [...this.#flaws].map(([flaw, shown]) => `${flaw}\n    ${shown}`),
    }
  }

  [Symbol.dispose](): void {
    this.#sender.close()
  }
}
