/**
 * The newest events, read once for all who follow them. Streams ask for what comes after their own
 * position: mostly it lies here, and whoever is behind gets it from the store. So a slow client
 * costs a position and no buffer.
 */
import type { Clock } from '../base/clock.ts'
import type { StoredEvent } from '../store/events.ts'
import { type EventRange, loadEventRange, loadEventsAfter } from '../store/events.ts'
import type { Database } from '../store/open.ts'
import type { Work } from './work/loop.ts'

/** With the pause before events get their positions: told within a second. */
const LOOK_EVERY_MS = 250
const KEPT_MAX = 2_000
/** What a stream takes at once: some tens of kilobytes. */
export const PAGE_EVENTS_MAX = 200

type Follower = { readonly after: number; wake(): void }

export class EventTail {
  readonly #database: Database
  readonly #followers = new Set<Follower>()
  #recent: readonly StoredEvent[] = []
  /** Null: nobody follows, so nobody looks. */
  #last: number | null = null
  #streams = 0
  readonly #closing = new AbortController()

  constructor(database: Database) {
    this.#database = database
  }

  /** The newest position that is known here; null while nobody looks. */
  get last(): number | null {
    return this.#last
  }

  /** Aborted when the server stops: every stream ends then. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  close(): void {
    this.#closing.abort()
  }

  /** Somebody follows until it is disposed. */
  follow(): Disposable {
    this.#streams += 1
    return {
      [Symbol.dispose]: () => {
        this.#streams -= 1
      },
    }
  }

  range(): Promise<EventRange> {
    return loadEventRange(this.#database.read)
  }

  /** Those after `position`, at most `PAGE_EVENTS_MAX`. */
  async after(position: number): Promise<readonly StoredEvent[]> {
    const [oldest] = this.#recent
    if (this.#last !== null && position >= this.#last) return []
    if (oldest === undefined || position + 1 < oldest.position) {
      return await loadEventsAfter(this.#database.read, position, PAGE_EVENTS_MAX)
    }
    const from = position + 1 - oldest.position
    return this.#recent.slice(from, from + PAGE_EVENTS_MAX)
  }

  /** Until there may be events after `position`, `ms` have passed, or the signal aborts. */
  async wait(clock: Clock, position: number, until: { ms: number; signal: AbortSignal }) {
    if (until.signal.aborted || (this.#last !== null && this.#last > position)) return
    const sleep = clock.sleep(until.ms)
    const follower = { after: position, wake: () => sleep.cancel() }
    this.#followers.add(follower)
    until.signal.addEventListener('abort', follower.wake)
    await sleep.done
    until.signal.removeEventListener('abort', follower.wake)
    this.#followers.delete(follower)
  }

  /** What a loop does to keep it fresh. */
  get work(): Work {
    return { name: 'event-tail', everyMs: LOOK_EVERY_MS, perform: () => this.#look() }
  }

  async #look(): Promise<number | null> {
    if (this.#streams === 0) {
      this.#recent = []
      this.#last = null
      return null
    }
    if (this.#last === null) {
      const { last } = await this.range()
      return this.#advance([], last)
    }
    const fresh = await loadEventsAfter(this.#database.read, this.#last, KEPT_MAX)
    return this.#advance(fresh, fresh.at(-1)?.position ?? this.#last)
  }

  #advance(fresh: readonly StoredEvent[], last: number): number | null {
    if (fresh.length > 0) this.#recent = [...this.#recent, ...fresh].slice(-KEPT_MAX)
    this.#last = last
    for (const follower of this.#followers) if (follower.after < last) follower.wake()
    return fresh.length === KEPT_MAX ? 0 : null
  }
}
