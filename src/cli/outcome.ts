/** How a command ends: an answer, or a failure with the exit code that scripts go by. */
import { type Result, refuse } from '../base/result.ts'
import type { OwnRefusal } from './io.ts'

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  unauthorised: 4,
  refused: 5,
  timedOut: 6,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** In the order of their numbers; shown by `--help` and in docs/cli.md. */
export const EXIT_CODES: readonly (readonly [ExitCode, string])[] = [
  [EXIT.done, 'done'],
  [EXIT.failed, 'what was asked for failed: a build, an upgrade of some endpoint, a download'],
  [EXIT.usage, 'the command line, or a file that it names, is wrong; nothing was changed'],
  [EXIT.unreachable, 'the server cannot be reached, or is not ready'],
  [EXIT.unauthorised, 'the server does not accept the key, or there is none'],
  [EXIT.refused, 'the server refused, and said why'],
  [EXIT.timedOut, 'it was not finished within the time to wait; it may still go on'],
]

export type Answer = {
  readonly exitCode: ExitCode
  /** For people; lines without a line feed at the end. */
  readonly lines: readonly string[]
  /** For `--json`; undefined where everything was printed as it came. */
  readonly json: unknown
}

export type Failure = {
  readonly exitCode: ExitCode
  readonly message: string
  /** What more there is to say, and what to do about it. */
  readonly hints: readonly string[]
  /** The server's code (docs/reasons.md), where it gave one. */
  readonly reason: string | null
}

export type Outcome = Result<Answer, Failure>

type Refused = { readonly ok: false; readonly refusal: Failure }

export function refuseUsage(message: string, ...hints: readonly string[]): Refused {
  return refuse({ exitCode: EXIT.usage, message, hints, reason: null })
}

export function refuseFailed(message: string, ...hints: readonly string[]): Refused {
  return refuse({ exitCode: EXIT.failed, message, hints, reason: null })
}

/** What the server's own side refused, in its words. */
export function refuseOwn(refusal: OwnRefusal): Refused {
  const { message, reason } = refusal
  return refuse({ exitCode: EXIT.failed, message, hints: [], reason })
}

export function refuseTimedOut(message: string, ...hints: readonly string[]): Refused {
  return refuse({ exitCode: EXIT.timedOut, message, hints, reason: null })
}
