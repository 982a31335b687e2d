/**
 * A fault: the world failed (disk, network, database, a foreign program). It says what *we* were
 * doing and to what, and carries the cause; the message never repeats the cause, because the logger
 * prints the whole chain.
 */
export class Fault extends Error {
  readonly code: string
  readonly retry: 'later' | 'never'

  constructor(fault: {
    /** Kebab-case, stable: what a person looks up. */
    readonly code: string
    /** What we were doing, and to what: "storing artifact 3f2a...". */
    readonly doing: string
    readonly retry: 'later' | 'never'
    readonly cause?: unknown
  }) {
    super(`${fault.code}: ${fault.doing}`, fault.cause === undefined ? {} : { cause: fault.cause })
    this.name = 'Fault'
    this.code = fault.code
    this.retry = fault.retry
  }
}

/** The messages of an error and of everything that caused it, outermost first. */
export function causeChain(error: unknown): string[] {
  const messages: string[] = []
  let current: unknown = error
  while (current !== undefined && messages.length < 10) {
    messages.push(current instanceof Error ? current.message : String(current))
    current = current instanceof Error ? current.cause : undefined
  }
  return messages
}
