/** What every public call has in common: who asks, what was asked, how it is answered. */

import type { Log } from '../../base/log.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import { REQUEST_BYTES_MAX } from '../../contract/public/error.ts'
import type { Actor, Permission } from '../../domain/access/permission.ts'
import type { KeyRing } from './authenticate.ts'
import { refusalAnswer } from './error-reply.ts'
import {
  type Headers,
  type HttpAnswer,
  type HttpRequest,
  type HttpRoute,
  jsonAnswer,
  type RequestBody,
} from './exchange.ts'
import { faultAnswer } from './fault-answer.ts'
import { parseJsonBytes } from './json.ts'
import type { ApiRefusal } from './refusal.ts'
import type { PublicRoute, RawRoute } from './route.ts'

export type EdgeNeeds = { readonly keyRing: KeyRing; readonly log: Log }

export function publicRoute<Needs extends EdgeNeeds>(
  route: PublicRoute<Needs>,
  needs: Needs,
): HttpRoute {
  return {
    methods: [route.method],
    path: route.path,
    logLevel: 'info',
    answer: (request) =>
      answered(needs.log, request, async () => {
        const actor = await admit(needs.keyRing, request.headers, route.permission)
        if (!actor.ok) return actor
        const data = await readRequestData(request.body, route.bodyBytesMax ?? REQUEST_BYTES_MAX)
        if (!data.ok) return data
        const { remoteAddress } = request
        const asked = { data: data.value, actor: actor.value, remoteAddress }
        const outcome = await route.answer(needs, asked)
        return outcome.ok ? accept(jsonAnswer(200, { reply: outcome.value })) : outcome
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

/**
 * Who asks, if the key is good and may do this. Until keys have roles, every live key holds every
 * permission; the routes name theirs so that this is the one place to change.
 */
export async function admit(
  keyRing: KeyRing,
  headers: Headers,
  _permission: Permission,
): Promise<Result<Actor, ApiRefusal>> {
  return await keyRing.authenticate(headers)
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

/**
 * The value of `request_data`. Nothing at all, `{}` and `{"request_data": {}}` mean the same,
 * because clients of the field send all three; keys beside `request_data` are theirs, and are not
 * looked at.
 */
export async function readRequestData(
  body: RequestBody,
  bytesMax: number,
): Promise<Result<unknown, ApiRefusal>> {
  const bytes = await body.read(bytesMax)
  if (!bytes.ok) return bytes
  if (bytes.value.every(isJsonSpace)) return accept({})
  const parsed = parseJsonBytes(bytes.value)
  if (!parsed.ok) return parsed
  const { value } = parsed
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return invalidBody([], 'the body must be an object: {"request_data": {...}}')
  }
  if ('request_data' in value) return accept(value.request_data ?? {})
  if (Object.keys(value).length === 0) return accept({})
  return invalidBody(['request_data'], 'Field required')
}

function isJsonSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}

function invalidBody(loc: readonly string[], msg: string): Result<never, ApiRefusal> {
  const type = loc.length === 0 ? 'invalid_type' : 'missing'
  return refuse({ code: 'invalid-request', errors: [{ type, loc, msg }] })
}
