/** What was thrown, told to a person and to a script: one sentence, hints, an exit code. */
import { causeChain, Fault } from '../base/fault.ts'
import { ApiError } from '../client/api-error.ts'
import { EXIT, type ExitCode, type Failure } from './outcome.ts'
import { counted } from './print.ts'

/** Advanced keys work within fifteen minutes of the server's clock. */
const CLOCK_SKEW_MS = 10 * 60_000

/** What to do about a reason of the server's that a command of ours has to do with. */
const HINTS: Readonly<Record<string, readonly string[]>> = {
  'nothing-released': [
    '"npm run agent:release" builds the agent, "drydock release publish" adds it.',
  ],
}

export type Situation = { readonly server: string; readonly keyFile: string; readonly now: number }

/** Null for what is no failure of the world but a bug: that must be seen as it is. */
export function failureOf(error: unknown, situation: Situation): Failure | null {
  if (error instanceof ApiError) return refusedByServer(error, situation)
  if (error instanceof Fault) return failureOfFault(error, situation)
  if (isSystemError(error)) {
    const [message = '', ...hints] = causeChain(error)
    return { exitCode: EXIT.failed, message, hints, reason: null }
  }
  return null
}

function refusedByServer(error: ApiError, situation: Situation): Failure {
  const exitCode = exitCodeOf(error.status)
  const fields = error.fieldErrors
    .map(({ loc, msg }) => `${loc.join('.')}: ${msg}`)
    .filter((text) => !error.errMsg.includes(text))
  const hints = [
    ...(error.errExtra === '' || error.errMsg.includes(error.errExtra) ? [] : [error.errExtra]),
    ...fields,
    ...(error.status === 401 ? keyHints(error, situation) : []),
    ...(HINTS[error.reason ?? ''] ?? []),
  ]
  const message =
    exitCode === EXIT.unreachable
      ? `the server at ${situation.server} is not ready: ${error.errMsg}`
      : error.errMsg
  return { exitCode, message, hints, reason: error.reason }
}

function exitCodeOf(status: number): ExitCode {
  if (status === 401 || status === 403) return EXIT.unauthorised
  return status === 502 || status === 503 || status === 504 ? EXIT.unreachable : EXIT.refused
}

function keyHints(error: ApiError, situation: Situation): string[] {
  const skewMs = error.serverTime === null ? 0 : situation.now - error.serverTime
  const minutes = Math.round(Math.abs(skewMs) / 60_000)
  const direction = skewMs > 0 ? 'ahead of' : 'behind'
  return [
    `The key is in ${situation.keyFile}; --key-file names another.`,
    ...(Math.abs(skewMs) > CLOCK_SKEW_MS
      ? [`This machine's clock is ${counted(minutes, 'minute')} ${direction} the server's.`]
      : []),
  ]
}

function failureOfFault(fault: Fault, situation: Situation): Failure {
  const [, ...causes] = causeChain(fault)
  const hints = [...causes, ...connectionErrors(fault)].filter(
    (message) => message !== '' && message !== 'fetch failed',
  )
  if (fault.code === 'server-unreachable') {
    const advice = 'Does it run? "drydock serve" starts one here; --server URL names another.'
    const message = `cannot reach the server at ${situation.server}`
    return { exitCode: EXIT.unreachable, message, hints: [...hints, advice], reason: fault.code }
  }
  const exitCode = fault.code === 'server-silent' ? EXIT.unreachable : EXIT.failed
  const message = fault.message.slice(`${fault.code}: `.length)
  return { exitCode, message: `failed while ${message}`, hints, reason: fault.code }
}

/** A name with several addresses fails at each of them, under an error without words. */
function connectionErrors(fault: Fault): string[] {
  const cause = fault.cause instanceof Error ? fault.cause.cause : undefined
  if (!(cause instanceof AggregateError)) return []
  return cause.errors.map((each: unknown) => (each instanceof Error ? each.message : String(each)))
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'code' in error
}
