/**
 * Asks again and again until something has ended. A server that restarts meanwhile is waited for:
 * it keeps what it was told, so there is nothing to do but to ask again.
 */
import { Fault } from '../base/fault.ts'
import { ApiError } from '../client/api-error.ts'
import type { Io } from './io.ts'

export type Poll<Seen> = {
  ask(): Promise<Seen>
  /** What to make of an answer; `changed` makes the next pause a short one again. */
  look(seen: Seen): 'done' | 'changed' | 'same'
  /** The server does not answer just now. */
  onTrouble(error: unknown): void
  readonly pauseMs: { readonly first: number; readonly most: number }
  /** In all; null: as long as it takes. */
  readonly limitMs: number | null
}

const PAUSE_GROWTH = 1.5
/** A restart takes seconds, an upgrade of the server's machine a few minutes. */
const TROUBLE_MS_MAX = 5 * 60_000

/** The answer that ended it; null when the time was over before. */
export async function pollUntilDone<Seen>(io: Io, poll: Poll<Seen>): Promise<Seen | null> {
  const startedAt = io.clock.monotonic()
  let answeredAt = startedAt
  let pauseMs = poll.pauseMs.first
  for (;;) {
    try {
      const seen = await poll.ask()
      answeredAt = io.clock.monotonic()
      const verdict = poll.look(seen)
      if (verdict === 'done') return seen
      if (verdict === 'changed') pauseMs = poll.pauseMs.first
    } catch (error) {
      if (!isPassing(error) || io.clock.monotonic() - answeredAt > TROUBLE_MS_MAX) throw error
      poll.onTrouble(error)
    }
    const leftMs =
      poll.limitMs === null
        ? Number.POSITIVE_INFINITY
        : startedAt + poll.limitMs - io.clock.monotonic()
    if (leftMs <= 0) return null
    await io.clock.sleep(Math.min(pauseMs, leftMs)).done
    pauseMs = Math.min(pauseMs * PAUSE_GROWTH, poll.pauseMs.most)
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof ApiError) return [429, 502, 503, 504].includes(error.status)
  return error instanceof Fault && error.retry === 'later'
}
