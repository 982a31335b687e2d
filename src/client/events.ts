/**
 * The event stream, over as many connections as it takes. A cut one is opened again with the last
 * position that came, so nothing is missed; `reset` tells that something was, and that what the
 * caller keeps is to be read anew. It ends only when the caller stops reading, when the server says
 * no, or when it cannot be reached for `patienceMs`.
 */
import * as z from 'zod'
import { Fault } from '../base/fault.ts'
import {
  EVENT_SILENCE_MS_MAX,
  EVENTS_PATH,
  type EventType,
  type StreamedEvent,
  streamedEvent,
} from '../contract/public/events.ts'
import { ApiError } from './api-error.ts'
import { signedHeaders } from './api-key.ts'
import {
  apiError,
  apiUrl,
  pauseBefore,
  serverUnreachable,
  startTimeLimit,
  type TransportNeeds,
} from './transport.ts'

export type FollowOrder = {
  /** The last position that was seen; absent: from now on. */
  readonly lastEventId?: string
  /** Absent: all that the key may see. */
  readonly types?: readonly EventType[]
  /** How long the server may be away. */
  readonly patienceMs?: number
}

export type FollowedEvent =
  | { readonly kind: 'event'; readonly id: string; readonly event: StreamedEvent }
  /** Some were missed: they are not kept any more. */
  | { readonly kind: 'reset'; readonly id: string }

/** Three lines without meaning were due: whoever is silent for so long is gone. */
const SILENCE_MS_MAX = 3 * EVENT_SILENCE_MS_MAX
const PATIENCE_MS = 5 * 60_000
const PAUSES_MAX = 6
/** No event of this API comes near it. */
const BLOCK_CHARACTERS_MAX = 1024 * 1024

type Place = { id: string | null; heardAt: number }

export async function* followEvents(
  needs: TransportNeeds,
  order: FollowOrder,
): AsyncGenerator<FollowedEvent, void, undefined> {
  const place: Place = { id: order.lastEventId ?? null, heardAt: needs.clock.monotonic() }
  const patienceMs = order.patienceMs ?? PATIENCE_MS
  for (let attempt = 1; ; attempt++) {
    const heardAt = place.heardAt
    try {
      yield* oneConnection(needs, order, place)
    } catch (error) {
      if (!mayComeBack(error)) throw error
      if (needs.clock.monotonic() - place.heardAt >= patienceMs) throw error
    }
    if (place.heardAt !== heardAt) attempt = 1
    await needs.clock.sleep(pauseBefore(Math.min(attempt, PAUSES_MAX), needs.random)).done
  }
}

function mayComeBack(error: unknown): boolean {
  if (error instanceof ApiError) return [429, 502, 503, 504].includes(error.status)
  return error instanceof Fault && error.retry === 'later'
}

async function* oneConnection(
  needs: TransportNeeds,
  order: FollowOrder,
  place: Place,
): AsyncGenerator<FollowedEvent, void, undefined> {
  using limit = startTimeLimit(needs.clock, SILENCE_MS_MAX)
  const types = order.types === undefined ? '' : `?types=${order.types.join(',')}`
  const url = `${apiUrl(needs, EVENTS_PATH)}${types}`
  const last = place.id === null ? {} : { 'last-event-id': place.id }
  const response = await opened(needs, url, { last, signal: limit.signal })
  let text = ''
  const decoder = new TextDecoder()
  const body = response.body?.getReader()
  try {
    for (;;) {
      const part = await readPart(body, url)
      if (part === null) return
      limit.restart()
      place.heardAt = needs.clock.monotonic()
      const blocks = (text + decoder.decode(part, { stream: true })).split('\n\n')
      text = blocks.pop() ?? ''
      if (text.length > BLOCK_CHARACTERS_MAX) throw notUnderstood(new Error('an endless event'))
      for (const block of blocks) yield* eventsIn(block, place)
    }
  } finally {
    await closed(body)
  }
}

async function closed(body: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<void> {
  try {
    await body?.cancel()
  } catch {
    // Best effort: the connection is cut already, or ends with whoever reads no more.
  }
}

async function opened(
  needs: TransportNeeds,
  url: string,
  how: { readonly last: Record<string, string>; readonly signal: AbortSignal },
): Promise<Response> {
  const headers = { ...how.last, accept: 'text/event-stream', ...signedHeaders(needs.key, needs) }
  try {
    const { signal } = how
    const response = await needs.fetch(url, { method: 'GET', headers, signal, redirect: 'error' })
    if (response.ok) return response
    throw apiError(response, await response.text())
  } catch (cause) {
    if (cause instanceof ApiError) throw cause
    throw serverUnreachable(url, cause)
  }
}

async function readPart(
  body: ReadableStreamDefaultReader<Uint8Array> | undefined,
  url: string,
): Promise<Uint8Array | null> {
  try {
    return (await body?.read())?.value ?? null
  } catch (cause) {
    throw serverUnreachable(url, cause)
  }
}

function* eventsIn(block: string, place: Place): Generator<FollowedEvent> {
  const fields = new Map(
    block.split('\n').map((line): [string, string] => {
      const colon = line.indexOf(': ')
      return [line.slice(0, Math.max(0, colon)), line.slice(colon + 2)]
    }),
  )
  const id = fields.get('id') ?? place.id ?? ''
  const name = fields.get('event')
  if (name === 'reset') yield { kind: 'reset', id }
  else if (name !== undefined) {
    const event = parsed(fields.get('data') ?? '')
    if (event !== null) yield { kind: 'event', id, event }
  }
  if (fields.has('id')) place.id = id
}

/** Null: of a type that this client does not know, from a newer server. */
function parsed(data: string): StreamedEvent | null {
  const value = jsonIn(data)
  const read = streamedEvent.safeParse(value)
  if (read.success) return read.data
  const isKnown = streamedEvent.options.some(({ shape }) => {
    return shape.type.safeParse(typeOnly.safeParse(value).data?.type).success
  })
  if (!isKnown) return null
  throw notUnderstood(new Error(z.prettifyError(read.error)))
}

const typeOnly = z.object({ type: z.string() })

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw notUnderstood(cause)
  }
}

function notUnderstood(cause: unknown): Fault {
  const doing = 'reading the event stream'
  return new Fault({ code: 'reply-not-understood', doing, retry: 'never', cause })
}
