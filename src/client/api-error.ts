/** What the server answered instead of a reply: a "no" with its reason, in one shape. */
import * as z from 'zod'
import type { FieldError } from '../contract/schema.ts'

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  /** The sentence for a person. */
  readonly errMsg: string
  /** More of it; empty when there is no more. */
  readonly errExtra: string
  /** The code to look up in docs/reasons.md; null from a server (or a proxy) that gives none. */
  readonly reason: string | null
  readonly fieldErrors: readonly FieldError[]
  /** What the server asked to wait before another try; null when it did not say. */
  readonly retryAfterMs: number | null
  /** The server's clock when it answered, in milliseconds UTC; null when it did not say. */
  readonly serverTime: number | null

  constructor(answer: {
    readonly status: number
    readonly body: string
    readonly retryAfterMs: number | null
    readonly serverTime: number | null
  }) {
    const parsed = parseErrorBody(answer.body)
    super(`the server answered ${answer.status}: ${parsed.errMsg}`)
    this.status = answer.status
    this.errMsg = parsed.errMsg
    this.errExtra = parsed.errExtra
    this.reason = parsed.reason
    this.fieldErrors = parsed.fieldErrors
    this.retryAfterMs = answer.retryAfterMs
    this.serverTime = answer.serverTime
  }
}

const fieldError = z.object({
  type: z.string(),
  loc: z.array(z.union([z.string(), z.number()])),
  msg: z.string(),
})
/** Either place of the three fields, each as any of the shapes that servers of this API give it. */
const threeFields = z.object({
  err_msg: z.string(),
  err_extra: z.union([z.string(), z.array(z.unknown())]).nullish(),
  reason: z.string().nullish(),
})
const anyErrorBody = z.union([
  z.object({ reply: threeFields }).transform(({ reply }) => reply),
  threeFields,
])

type ParsedError = {
  readonly errMsg: string
  readonly errExtra: string
  readonly reason: string | null
  readonly fieldErrors: readonly FieldError[]
}

const TEXT_LENGTH_MAX = 300

function parseErrorBody(body: string): ParsedError {
  const parsed = anyErrorBody.safeParse(jsonOr(body, null))
  if (!parsed.success) {
    const errExtra = body.trim().slice(0, TEXT_LENGTH_MAX)
    return { errMsg: 'an answer that is not of this API', errExtra, reason: null, fieldErrors: [] }
  }
  const { err_msg: errMsg, err_extra: extra, reason } = parsed.data
  const fieldErrors = Array.isArray(extra) ? extra.flatMap(fieldErrorIn) : []
  const errExtra = typeof extra === 'string' ? extra : ''
  return { errMsg, errExtra, reason: reason ?? null, fieldErrors }
}

function fieldErrorIn(value: unknown): FieldError[] {
  const parsed = fieldError.safeParse(value)
  return parsed.success ? [parsed.data] : []
}

function jsonOr(text: string, otherwise: unknown): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Best effort: a proxy in between answers in HTML; its words are shown as they are.
    return otherwise
  }
}
