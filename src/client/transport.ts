/**
 * One request and its answer: signed, limited in time, and tried again only where that is safe. A
 * call that changes something is repeated only when the server says that it did not begin (429); a
 * call that only reads, or that has the same outcome however often it is made, also after a cut
 * connection, a time limit or a 502, 503 or 504.
 */
import * as z from 'zod'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { jittered, type Random } from '../base/random.ts'
import type { PublicCall } from '../contract/public/call.ts'
import { ApiError } from './api-error.ts'
import { type ApiKey, signedHeaders } from './api-key.ts'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export type TransportNeeds = {
  /** `https://drydock.example`: the address without `/public_api`. */
  readonly baseUrl: string
  readonly key: ApiKey
  readonly fetch: Fetch
  /** How long one try of a call may take, its answer included. */
  readonly timeoutMs: number
  readonly clock: Clock
  readonly random: Random
}

const ATTEMPTS_MAX = 4
const PAUSE_MS = 250
const PAUSE_JITTER = 0.5
/** A server that asks for more patience than this gets its answer shown instead. */
const RETRY_AFTER_MS_MAX = 20_000
/** No reply of this API comes near it (100 whole endpoints are about 400 KiB). */
const REPLY_BYTES_MAX = 64 * 1024 * 1024

export async function call<Reply extends z.ZodType>(
  needs: TransportNeeds,
  made: PublicCall<z.ZodType, Reply>,
  data: unknown,
): Promise<z.output<Reply>> {
  const { method, path } = made
  const url = apiUrl(needs, path)
  const body = JSON.stringify({ request_data: data })
  const headers = { 'content-type': 'application/json' }
  const sent = method === 'GET' ? { headers: {}, body: () => null } : { headers, body: () => body }
  const answer = await sendRepeatedly(needs, { method, url, ...sent }, made.isRepeatable)
  return parseReply(answer, made)
}

export function apiUrl(needs: TransportNeeds, path: string): string {
  return `${needs.baseUrl.replace(/\/+$/, '')}/public_api/v1/${path}`
}

export function parseReply<Reply extends z.ZodType>(
  text: string,
  made: Pick<PublicCall<z.ZodType, Reply>, 'path' | 'reply' | 'envelope'>,
): z.output<Reply> {
  const body = parseJson(text, made.path)
  const parsed = made.reply.safeParse(
    made.envelope === 'bare' ? body : wrapped.safeParse(body).data?.reply,
  )
  if (parsed.success) return parsed.data
  throw notUnderstood(made.path, new Error(z.prettifyError(parsed.error)))
}

const wrapped = z.object({ reply: z.unknown() })

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw notUnderstood(path, cause)
  }
}

function notUnderstood(path: string, cause: unknown): Fault {
  const doing = `reading the reply to ${path}`
  return new Fault({ code: 'reply-not-understood', doing, retry: 'never', cause })
}

export type HttpRequest = {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Made anew for each try; `onProgress` is called whenever some of it has gone out. */
  readonly body: (onProgress: () => void) => NonNullable<RequestInit['body']> | null
  /** Why the last try's body could not be read here; null when it could. */
  readonly bodyFailure?: () => Fault | null
}

/** The text of a good answer; an ApiError for every other, a Fault when there was none. */
export async function sendRepeatedly(
  needs: TransportNeeds,
  request: HttpRequest,
  isRepeatable: boolean,
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send(needs, request)
    } catch (error) {
      const pauseMs = pauseBefore(attempt, needs.random)
      const askedMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0
      const isFinal = attempt === ATTEMPTS_MAX || askedMs > RETRY_AFTER_MS_MAX
      if (isFinal || !mayRepeat(error, isRepeatable)) throw error
      await needs.clock.sleep(Math.max(pauseMs, askedMs)).done
    }
  }
}

export function pauseBefore(attempt: number, random: Random): number {
  return jittered(random, PAUSE_MS * 2 ** (attempt - 1), PAUSE_JITTER)
}

function mayRepeat(error: unknown, isRepeatable: boolean): boolean {
  if (error instanceof ApiError) {
    if (error.status === 429) return true
    return isRepeatable && [502, 503, 504].includes(error.status)
  }
  return isRepeatable && error instanceof Fault && error.retry === 'later'
}

async function send(needs: TransportNeeds, request: HttpRequest): Promise<string> {
  using limit = startTimeLimit(needs.clock, needs.timeoutMs)
  const headers = { ...request.headers, ...signedHeaders(needs.key, needs) }
  try {
    const response = await needs.fetch(request.url, {
      method: request.method,
      headers,
      body: request.body(limit.restart),
      signal: limit.signal,
      redirect: 'error',
      // A body that is a stream needs it; undici takes it for others too.
      duplex: 'half',
    })
    const text = await readText(response, limit.restart)
    if (response.ok) return text
    throw apiError(response, text)
  } catch (cause) {
    if (cause instanceof ApiError || cause instanceof Fault) throw cause
    const ownFailure = request.bodyFailure?.() ?? null
    if (ownFailure !== null) throw ownFailure
    throw limit.signal.aborted
      ? serverSilent(request.url, needs.timeoutMs)
      : serverUnreachable(request.url, cause)
  }
}

export function serverSilent(url: string, timeoutMs: number): Fault {
  const doing = `waiting ${Math.round(timeoutMs / 1000)} s for ${new URL(url).origin}`
  return new Fault({ code: 'server-silent', doing, retry: 'later' })
}

export function serverUnreachable(url: string, cause: unknown): Fault {
  const doing = `talking to the server at ${new URL(url).origin}`
  return new Fault({ code: 'server-unreachable', doing, retry: 'later', cause })
}

export function apiError(response: Response, body: string): ApiError {
  const seconds = /^\d{1,6}$/.exec(response.headers.get('retry-after') ?? '')?.[0]
  const serverTime = Date.parse(response.headers.get('date') ?? '')
  return new ApiError({
    status: response.status,
    body,
    retryAfterMs: seconds === undefined ? null : Number(seconds) * 1000,
    serverTime: Number.isNaN(serverTime) ? null : serverTime,
  })
}

async function readText(response: Response, onProgress: () => void): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    onProgress()
    bytes += chunk.length
    if (bytes > REPLY_BYTES_MAX) {
      const doing = `reading an answer of more than ${REPLY_BYTES_MAX} bytes`
      throw new Fault({ code: 'reply-not-understood', doing, retry: 'never' })
    }
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Aborts when `timeoutMs` pass without `restart`. */
export function startTimeLimit(clock: Clock, timeoutMs: number): TimeLimit {
  const controller = new AbortController()
  let lastProgress = clock.monotonic()
  let isOver = false
  let sleep = clock.sleep(timeoutMs)
  const watch = async () => {
    while (!isOver) {
      await sleep.done
      const leftMs = lastProgress + timeoutMs - clock.monotonic()
      if (isOver) return
      if (leftMs <= 0) return controller.abort()
      sleep = clock.sleep(leftMs)
    }
  }
  void watch()
  return {
    signal: controller.signal,
    restart: () => {
      lastProgress = clock.monotonic()
    },
    [Symbol.dispose]() {
      isOver = true
      sleep.cancel()
    },
  }
}

export type TimeLimit = Disposable & { readonly signal: AbortSignal; readonly restart: () => void }
