import { causeChain, Fault } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import { businessMessage, errorAnswer } from './error-reply.ts'
import type { HttpAnswer } from './exchange.ts'

/** Long enough for a database to come back, short enough for a person to wait. */
const RETRY_AFTER_S = 5

export type Failure = {
  readonly status: 500 | 503
  readonly reason: string
  readonly sentence: string
  readonly headers: Readonly<Record<string, string>>
}

/** What a client is told of a fault or a bug; the log gets the chain, the client nothing of it. */
export function failureOf(
  error: unknown,
  log: Log,
  request: Readonly<Record<string, unknown>>,
): Failure {
  const facts = { ...request, error: causeChain(error) }
  if (error instanceof Fault) {
    const isLater = error.retry === 'later'
    if (error.code === 'client-gone') log.debug(facts, 'a client went away')
    else log.error({ ...facts, code: error.code, retry: error.retry }, 'a request met a fault')
    return {
      status: isLater ? 503 : 500,
      reason: error.code,
      sentence: isLater ? 'the server cannot do this right now' : 'the server cannot do this',
      headers: isLater ? { 'retry-after': String(RETRY_AFTER_S) } : {},
    }
  }
  const stack = error instanceof Error ? error.stack : undefined
  log.error({ ...facts, stack }, 'a request met a bug')
  return { status: 500, reason: 'internal', sentence: 'the server made a mistake', headers: {} }
}

export function faultAnswer(
  error: unknown,
  log: Log,
  request: Readonly<Record<string, unknown>>,
): HttpAnswer {
  const { status, reason, sentence, headers } = failureOf(error, log, request)
  return errorAnswer({
    status,
    message: businessMessage(`${sentence} (${reason})`),
    extra: sentence,
    reason,
    headers,
  })
}
