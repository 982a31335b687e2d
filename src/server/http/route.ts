/**
 * A route is a plain function from a request to a result: no socket, no framework. `public-edge.ts`
 * admits, reads and parses the body and renders, `listen.ts` adapts sockets, `error-reply.ts` turns
 * refusals into statuses; tests and the simulator call `answer` directly.
 */
import type * as z from 'zod'
import type { Result } from '../../base/result.ts'
import type { PublicCall, ReplyTo } from '../../contract/public/call.ts'
import type { Actor } from '../../domain/access/actor.ts'
import type { LicensedFeature } from '../../domain/access/licence.ts'
import type { Permission } from '../../domain/access/permission.ts'
import type { HttpAnswer, HttpRequest, Method } from './exchange.ts'
import type { ApiRefusal } from './refusal.ts'

/** Where a request came from, for the audit log. */
export type Origin = { readonly address: string; readonly userAgent: string }

export type PublicRequest<Data = unknown> = {
  /** What the call's schema made of `request_data`. */
  readonly data: Data
  readonly actor: Actor
  readonly origin: Origin
}

/** What a caller must have to be answered. */
export type Demands = {
  /** Null: any live key. */
  readonly permission: Permission | null
  /** What the instance's licence must cover; absent: nothing in particular. */
  readonly licensed?: LicensedFeature
  /** What it changes holds for all endpoints: a key of some of them may not. */
  readonly isEverywhere?: boolean
}

/** A list too long to be held at once goes out row by row. */
type Told<Reply> = Reply | (Reply extends readonly (infer Row)[] ? AsyncIterable<Row> : never)

export type PublicRoute<Needs, Call extends PublicCall = PublicCall> = Demands & {
  readonly call: Call
  /** Where `REQUEST_BYTES_MAX` is too small for what the contract allows. */
  readonly bodyBytesMax?: number
  /** The value goes into `{"reply": ...}` with status 200, unless the call says `bare`. */
  answer(
    needs: Needs,
    request: PublicRequest<z.output<Call['request']>>,
  ): Promise<Result<Told<ReplyTo<Call>>, ApiRefusal>>
}

/** A route whose body or answer is no JSON: it admits, reads and answers for itself. */
export type RawRoute<Needs> = {
  readonly methods: readonly Method[]
  readonly path: string
  answer(needs: Needs, request: HttpRequest): Promise<Result<HttpAnswer, ApiRefusal>>
}
