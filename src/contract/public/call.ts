/**
 * A call of the public API, once: its place, what it takes, what it answers. The server validates
 * with it, the client is typed by it, and `api/openapi.json` is generated from it.
 */
import type * as z from 'zod'

/** A request as somebody documented it; run as a test, and shown in the OpenAPI document. */
export type CallExample = {
  readonly name: string
  readonly request: unknown
  /** What the document shows as the answer to it. */
  readonly reply?: unknown
}

export type PublicCall<
  Request extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
> = {
  readonly method: 'POST' | 'GET'
  /** Below `/public_api/v1/`, without a trailing slash: `distributions/create`. */
  readonly path: string
  /** What it does, for the person who reads the documentation: one or two sentences. */
  readonly summary: string
  /** Whether the original has it, or it is an addition of ours. */
  readonly origin: 'documented' | 'ours'
  readonly request: Request
  readonly reply: Reply
  /** `bare`: the answer stands alone, without `{"reply": ...}` around it. */
  readonly envelope: 'reply' | 'bare'
  /** `either`: its fields may also stand at the top level of the body. */
  readonly body: 'request_data' | 'either'
  /** Whether making it twice is the same as making it once. */
  readonly isRepeatable: boolean
  readonly examples: readonly CallExample[]
}

/** What somebody who answers a call gives: the reply, which nobody will change. */
export type ReplyTo<Call extends PublicCall> = Unchanging<z.output<Call['reply']>>

type Unchanging<Value> = Value extends readonly (infer Item)[]
  ? readonly Unchanging<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Unchanging<Value[Key]> }
    : Value

type Told<Request extends z.ZodType, Reply extends z.ZodType> = Pick<
  PublicCall<Request, Reply>,
  'path' | 'summary' | 'origin' | 'request' | 'reply' | 'isRepeatable'
> &
  Partial<PublicCall<Request, Reply>>

/** A call with what most of them have in common. */
export function publicCall<Request extends z.ZodType, Reply extends z.ZodType>(
  told: Told<Request, Reply>,
): PublicCall<Request, Reply> {
  return { method: 'POST', envelope: 'reply', body: 'request_data', examples: [], ...told }
}
