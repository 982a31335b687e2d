import type { Actor } from '../../domain/access/actor.ts'
import type { Origin } from './route.ts'

/** Somebody asked for something and was refused. */
export type RefusedAttempt = {
  /** Null: nobody we know. */
  readonly actor: Actor | null
  readonly origin: Origin
  /** The call's path: `distributions/create`. */
  readonly call: string
  /** The refusal's code. */
  readonly reason: string
  /** The refusal in a sentence. */
  readonly sentence: string
}

/** Takes note of refused attempts for the audit log, without making the answer wait for it. */
export type RefusedAttempts = {
  note(attempt: RefusedAttempt): void
  /** Resolves once everything noted before it is written. */
  drain(): Promise<void>
}
