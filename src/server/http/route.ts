/**
 * A route is a plain function from a request to a result: no socket, no framework. `public-edge.ts`
 * authenticates, reads the body and renders, `listen.ts` adapts sockets, `error-reply.ts` turns
 * refusals into statuses; tests and the simulator call `answer` directly.
 */
import type { Result } from '../../base/result.ts'
import type { Actor, Permission } from '../../domain/access/permission.ts'
import type { HttpAnswer, HttpRequest, Method } from './exchange.ts'
import type { ApiRefusal } from './refusal.ts'

export type PublicRequest = {
  /** The value of `request_data`; an empty object when the body is empty or has none. */
  readonly data: unknown
  readonly actor: Actor
  readonly remoteAddress: string
}

export type PublicRoute<Needs> = {
  readonly method: 'POST' | 'GET'
  /** Without a trailing slash; both spellings are served. */
  readonly path: `/public_api/v1/${string}`
  readonly permission: Permission
  /** Where `REQUEST_BYTES_MAX` is too small for what the contract allows. */
  readonly bodyBytesMax?: number
  /** The value goes into `{"reply": ...}` with status 200. */
  answer(needs: Needs, request: PublicRequest): Promise<Result<unknown, ApiRefusal>>
}

/** A route whose body or answer is no JSON: it reads and answers for itself. */
export type RawRoute<Needs> = {
  readonly methods: readonly Method[]
  readonly path: string
  answer(needs: Needs, request: HttpRequest): Promise<Result<HttpAnswer, ApiRefusal>>
}
