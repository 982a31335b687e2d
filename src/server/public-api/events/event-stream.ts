/**
 * One client's stream. It asks for its next page when the one before has left, so there is nothing
 * to pile up; a client that takes nothing is cut by the connection's own limit. Who it is is asked
 * again all the time: a key that was deleted tells nothing more after some seconds, one whose role
 * or scope changed tells what it now may.
 */
import { utf8 } from '../../../base/bytes.ts'
import type { Clock } from '../../../base/clock.ts'
import { EVENT_SILENCE_MS_MAX, type EventType } from '../../../contract/public/events.ts'
import type { Actor } from '../../../domain/access/actor.ts'
import { grants } from '../../../domain/access/permission.ts'
import { EVENT_PERMISSIONS } from '../../../domain/event/fleet-event.ts'
import type { StoredEvent } from '../../../store/events.ts'
import { loadEventsInScope } from '../../../store/events-in-scope.ts'
import type { Database } from '../../../store/open.ts'
import type { EventTail } from '../../event-tail.ts'
import type { KeyRing } from '../../http/authenticate.ts'
import { eventText } from './event-object.ts'

export type StreamNeeds = {
  readonly database: Database
  readonly clock: Clock
  readonly keyRing: Pick<KeyRing, 'current'>
  readonly eventTail: EventTail
}

export type StreamOrder = {
  readonly actor: Actor
  /** The last position that the client has; null: from now on. */
  readonly position: number | null
  /** Null: all that he may see. */
  readonly types: ReadonlySet<EventType> | null
}

/** With the time for which keys are held to be fresh: some seconds. */
const KEY_CHECK_MS = 2_000
/** How long a client waits before it comes back. */
const RETRY_MS = 2_000

/** Ends at once when its reader leaves, and when the server stops. */
export function eventStream(
  needs: StreamNeeds,
  order: StreamOrder,
  onEnd: () => void,
): AsyncIterable<Uint8Array> {
  const left = new AbortController()
  const signal = AbortSignal.any([left.signal, needs.eventTail.closing])
  const blocks = told(needs, order, signal)
  const ended = async () => {
    left.abort()
    onEnd()
    await blocks.return(undefined)
    return { done: true, value: undefined } as const
  }
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const block = await blocks.next()
        return block.done ? await ended() : { done: false, value: utf8(block.value) }
      },
      return: ended,
    }),
  }
}

async function* told(
  needs: StreamNeeds,
  order: StreamOrder,
  signal: AbortSignal,
): AsyncGenerator<string, undefined> {
  const { eventTail, clock } = needs
  using _following = eventTail.follow()
  let position = order.position ?? (await eventTail.range()).last
  let actor: Actor | null = order.actor
  let checkedAt = clock.monotonic()
  let toldAt = checkedAt
  yield `retry: ${RETRY_MS}\nid: ${position}\n\n`
  while (!signal.aborted) {
    if (clock.monotonic() - checkedAt >= KEY_CHECK_MS) {
      actor = await needs.keyRing.current(order.actor.id)
      checkedAt = clock.monotonic()
    }
    if (actor === null) return
    const page = await eventTail.after(position)
    const gap = await gapAfter(needs, position, page)
    if (gap !== null) {
      position = gap
      yield `id: ${gap}\nevent: reset\ndata: {"position":${gap}}\n\n`
      continue
    }
    position = page.at(-1)?.position ?? position
    const text = await textOf(needs, page, { ...order, actor })
    if (text !== '' || clock.monotonic() - toldAt >= EVENT_SILENCE_MS_MAX) {
      toldAt = clock.monotonic()
      yield text === '' ? `: nothing new\nid: ${position}\n\n` : text
    }
    if (page.length === 0) await eventTail.wait(clock, position, { ms: KEY_CHECK_MS, signal })
  }
}

/**
 * Positions have no gaps: where one is missing it is not kept any more, and where the client is
 * ahead of the store, it is another one, or an older one brought back. Null: all is well.
 */
async function gapAfter(
  needs: StreamNeeds,
  position: number,
  page: readonly StoredEvent[],
): Promise<number | null> {
  const [first] = page
  if (first?.position === position + 1) return null
  if (first === undefined && needs.eventTail.last === position) return null
  const { first: oldest, last } = await needs.eventTail.range()
  return position > last || position + 1 < oldest ? last : null
}

async function textOf(
  needs: StreamNeeds,
  page: readonly StoredEvent[],
  order: StreamOrder,
): Promise<string> {
  const { actor, types } = order
  const wanted = page.filter(({ event }) => {
    const isWanted = types === null || types.has(event.type)
    return isWanted && grants(actor.role.permissions, EVENT_PERMISSIONS[event.type])
  })
  if (wanted.length === 0) return ''
  const seen = await loadEventsInScope(needs.database.read, wanted, actor.scope)
  return seen.map(eventText).join('')
}
