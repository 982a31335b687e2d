/** What every public call has in common: who asks, what was asked, how it is answered. */

import type * as z from 'zod'
import { utf8 } from '../../base/bytes.ts'
import type { Log } from '../../base/log.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import { parse } from '../../contract/parse.ts'
import type { PublicCall } from '../../contract/public/call.ts'
import { REQUEST_BYTES_MAX } from '../../contract/public/limits.ts'
import type { Actor } from '../../domain/access/actor.ts'
import type { Admission } from './admission.ts'
import { refusalAnswer, refusalSentence } from './error-reply.ts'
import {
  type HttpAnswer,
  type HttpRequest,
  type HttpRoute,
  headerOf,
  jsonAnswer,
  type RequestBody,
} from './exchange.ts'
import { faultAnswer } from './fault-answer.ts'
import { parseJsonBytes } from './json.ts'
import type { ApiRefusal } from './refusal.ts'
import type { RefusedAttempts } from './refused-attempts.ts'
import type { Demands, Origin, PublicRoute, RawRoute } from './route.ts'

export const PUBLIC_API = '/public_api/v1/'

export type EdgeNeeds = {
  readonly admission: Admission
  readonly refusedAttempts: RefusedAttempts
  readonly log: Log
}

export function publicRoute<Needs extends EdgeNeeds>(
  route: PublicRoute<Needs>,
  needs: Needs,
): HttpRoute {
  return {
    methods: [route.call.method],
    path: `${PUBLIC_API}${route.call.path}`,
    logLevel: 'info',
    answer: (request) =>
      answered(needs.log, request, async () => {
        const admitted = await admit(needs, request, route)
        if (!admitted.ok) return admitted
        const asked = { actor: admitted.value, origin: originOf(request) }
        const perform = () => performed(route, needs, { request, ...asked })
        const outcome = await needs.admission.turns.take(asked.actor.id, perform)
        if (!outcome.ok && isAttempt(route)) {
          noteRefused(needs, route.call.path, { ...asked, refusal: outcome.refusal })
        }
        return outcome
      }),
  }
}

export function rawRoute<Needs extends EdgeNeeds>(route: RawRoute<Needs>, needs: Needs): HttpRoute {
  return {
    methods: route.methods,
    path: route.path,
    logLevel: 'info',
    answer: (request) => answered(needs.log, request, () => route.answer(needs, request)),
  }
}

/** Who asks, if they may; whoever may not is noted. */
export async function admit(
  needs: Pick<EdgeNeeds, 'admission' | 'refusedAttempts'>,
  request: Pick<HttpRequest, 'headers' | 'remoteAddress' | 'path'>,
  demands: Demands,
): Promise<Result<Actor, ApiRefusal>> {
  const { actor, verdict } = await needs.admission.admit(request.headers, demands)
  if (verdict.ok) return verdict
  const origin = originOf(request)
  noteRefused(needs, callOf(request.path), { actor, origin, refusal: verdict.refusal })
  return verdict
}

function callOf(path: string): string {
  return path.startsWith(PUBLIC_API) ? path.slice(PUBLIC_API.length).replace(/\/$/, '') : path
}

export function originOf(request: Pick<HttpRequest, 'headers' | 'remoteAddress'>): Origin {
  const userAgent = headerOf(request.headers, 'user-agent') ?? ''
  return { address: request.remoteAddress, userAgent: userAgent.slice(0, USER_AGENT_MAX) }
}

const USER_AGENT_MAX = 300

/** A refused look changes nothing that anybody would ask about later; a refused change does. */
function isAttempt(route: Demands): boolean {
  return route.permission?.endsWith('.edit') ?? false
}

function noteRefused(
  needs: Pick<EdgeNeeds, 'refusedAttempts'>,
  call: string,
  refused: {
    readonly actor: Actor | null
    readonly origin: Origin
    readonly refusal: ApiRefusal
  },
): void {
  const { actor, origin, refusal } = refused
  const sentence = refusalSentence(refusal)
  needs.refusedAttempts.note({ actor, origin, call, reason: refusal.code, sentence })
}

async function performed<Needs>(
  route: PublicRoute<Needs>,
  needs: Needs,
  asked: { readonly request: HttpRequest; readonly actor: Actor; readonly origin: Origin },
): Promise<Result<HttpAnswer, ApiRefusal>> {
  const { request, actor, origin } = asked
  const { call } = route
  const body = await readBody(request.body, call, route.bodyBytesMax ?? REQUEST_BYTES_MAX)
  if (!body.ok) return body
  const parsed = parse(call.request, body.value.data, body.value.root)
  if (!parsed.ok) return refuse({ code: 'invalid-request', errors: parsed.refusal })
  const outcome = await route.answer(needs, { data: parsed.value, actor, origin })
  return outcome.ok ? accept(rendered(outcome.value, call)) : outcome
}

function rendered(value: unknown, call: PublicCall): HttpAnswer {
  if (isStream(value)) return streamed(value)
  return jsonAnswer(200, call.envelope === 'bare' ? value : { reply: value })
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** What goes into the socket at once: rows of some hundred bytes each are not worth a write. */
const CHUNK_CHARACTERS = 64 * 1024

/** A list row by row: however long it is, only a chunk of it is here at once. */
function streamed(rows: AsyncIterable<unknown>): HttpAnswer {
  const body = async function* () {
    let chunk = '{"reply":['
    let separator = ''
    for await (const row of rows) {
      chunk += `${separator}${JSON.stringify(row)}`
      separator = ','
      if (chunk.length < CHUNK_CHARACTERS) continue
      yield utf8(chunk)
      chunk = ''
    }
    yield utf8(`${chunk}]}`)
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: body() }
}

async function answered(
  log: Log,
  request: HttpRequest,
  work: () => Promise<Result<HttpAnswer, ApiRefusal>>,
): Promise<HttpAnswer> {
  try {
    const outcome = await work()
    return outcome.ok ? outcome.value : refusalAnswer(outcome.refusal)
  } catch (error) {
    // Best effort: what went wrong is logged with its chain, and told without it.
    return faultAnswer(error, log, { method: request.method, path: request.path })
  }
}

type RequestData = {
  readonly data: unknown
  /** Where the data stands in the body, for the errors that name a place. */
  readonly root: readonly string[]
}

const IN_REQUEST_DATA = ['request_data']

/**
 * The value of `request_data`. Nothing at all, `{}` and `{"request_data": {}}` mean the same,
 * because clients of the field send all three; keys beside `request_data` are theirs, and are not
 * looked at.
 */
export async function readBody(
  body: RequestBody,
  call: Pick<PublicCall<z.ZodType, z.ZodType>, 'body'>,
  bytesMax: number,
): Promise<Result<RequestData, ApiRefusal>> {
  const bytes = await body.read(bytesMax)
  if (!bytes.ok) return bytes
  if (bytes.value.every(isJsonSpace)) return accept({ data: {}, root: IN_REQUEST_DATA })
  const parsed = parseJsonBytes(bytes.value)
  if (!parsed.ok) return parsed
  const { value } = parsed
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return invalidBody([], 'the body must be an object: {"request_data": {...}}')
  }
  if ('request_data' in value) {
    return accept({ data: value.request_data ?? {}, root: IN_REQUEST_DATA })
  }
  if (call.body === 'either') return accept({ data: value, root: [] })
  if (Object.keys(value).length === 0) return accept({ data: {}, root: IN_REQUEST_DATA })
  return invalidBody(['request_data'], 'Field required')
}

function isJsonSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}

function invalidBody(loc: readonly string[], msg: string): Result<never, ApiRefusal> {
  const type = loc.length === 0 ? 'invalid_type' : 'missing'
  return refuse({ code: 'invalid-request', errors: [{ type, loc, msg }] })
}
