/**
 * One request and its answer, without a socket: `listen.ts` adapts sockets to these, and tests and
 * the simulator make them by hand.
 */
import type { Result } from '../../base/result.ts'

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT'] as const
export type Method = (typeof METHODS)[number]

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

export type BodyRefusal =
  | { readonly code: 'body-too-large'; readonly limitBytes: number }
  | { readonly code: 'body-too-slow'; readonly limitMs: number }

/** Read once, by one of the two. Both throw when the client goes away in the middle. */
export interface RequestBody {
  /** All of it. */
  read(limitBytes: number): Promise<Result<Uint8Array, BodyRefusal>>
  /** As it comes in: whoever takes it applies a limit of its own. */
  stream(): AsyncIterable<Uint8Array>
}

export type HttpRequest = {
  readonly method: Method
  /** As it was sent, without the query. */
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Names in lower case. */
  readonly headers: Headers
  readonly body: RequestBody
  readonly remoteAddress: string
}

export type HttpAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /**
   * A stream is read no faster than the client takes it, and closed (`return()`) when the client
   * goes away; the answer to HEAD has none.
   */
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array> | null
}

export type HttpRoute = {
  readonly methods: readonly Method[]
  /** Without a trailing slash; both spellings are served. `:name` is one segment. */
  readonly path: string
  /** How much its requests matter in a log: a fleet's check-ins would drown everything else. */
  readonly logLevel: 'debug' | 'info'
  /** Whoever knows the path may see what is there: it is in no log. */
  readonly hasSecretPath?: true
  answer(request: HttpRequest): Promise<HttpAnswer>
}

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(value),
  }
}

/**
 * The one value of a header; undefined when it is absent or was sent more than once with a list.
 */
export function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
