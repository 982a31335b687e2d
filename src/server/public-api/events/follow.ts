import { accept, type Result, refuse } from '../../../base/result.ts'
import { EVENT_TYPES, EVENTS_PATH, type EventType } from '../../../contract/public/events.ts'
import { KEY_STREAMS_MAX, STREAMS_MAX } from '../../../contract/public/limits.ts'
import type { Actor } from '../../../domain/access/actor.ts'
import { grants } from '../../../domain/access/permission.ts'
import { EVENT_PERMISSIONS } from '../../../domain/event/fleet-event.ts'
import { type HttpRequest, headerOf } from '../../http/exchange.ts'
import { admit, type EdgeNeeds, PUBLIC_API } from '../../http/public-edge.ts'
import type { ApiRefusal } from '../../http/refusal.ts'
import type { RawRoute } from '../../http/route.ts'
import { eventStream, type StreamNeeds, type StreamOrder } from './event-stream.ts'

type Needs = StreamNeeds &
  Pick<EdgeNeeds, 'admission' | 'refusedAttempts'> & { readonly openStreams: OpenStreams }

/** How many streams each key has here. */
export type OpenStreams = Map<number, number>

/** `GET events`: what becomes true, as server-sent events, for as long as the client stays. */
export const followEventsRoute: RawRoute<Needs> = {
  methods: ['GET'],
  path: `${PUBLIC_API}${EVENTS_PATH}`,
  async answer(needs, request) {
    const admitted = await admit(needs, request, { permission: null })
    if (!admitted.ok) return admitted
    const order = readOrder(request, admitted.value)
    if (!order.ok) return order
    const taken = takeStream(needs.openStreams, admitted.value)
    if (!taken.ok) return taken
    const headers = {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // Proxies that collect answers would hold back what is true until more is.
      'x-accel-buffering': 'no',
    }
    return accept({ status: 200, headers, body: eventStream(needs, order.value, taken.value) })
  },
}

function readOrder(request: HttpRequest, actor: Actor): Result<StreamOrder, ApiRefusal> {
  const last = headerOf(request.headers, 'last-event-id') ?? request.query.get('last_event_id')
  const position = last === null || last === '' ? null : last.trim()
  if (position !== null && !/^\d{1,15}$/.test(position)) {
    return invalidQuery('last_event_id', 'the id of an event: digits')
  }
  const names = request.query.getAll('types').flatMap((text) => text.split(','))
  const asked = names.map((name) => name.trim().toLowerCase()).filter((name) => name !== '')
  const types = EVENT_TYPES.filter((type) => asked.includes(type))
  const unknown = asked.find((name) => !types.some((type) => type === name))
  if (unknown !== undefined) {
    return invalidQuery('types', `there is no ${unknown}; there are ${EVENT_TYPES.join(', ')}`)
  }
  const wanted = types.length === 0 ? EVENT_TYPES : types
  const denied = wanted.filter((type) => !maySee(actor, type))
  const [first] = denied
  // Whoever asks for all gets what he may see; whoever names one is told that he may not.
  if (first !== undefined && (types.length > 0 || denied.length === wanted.length)) {
    return refuse({ code: 'forbidden', permission: EVENT_PERMISSIONS[first] })
  }
  return accept({
    actor,
    position: position === null ? null : Number(position),
    types: types.length === 0 ? null : new Set<EventType>(types),
  })
}

function maySee(actor: Actor, type: EventType): boolean {
  return grants(actor.role.permissions, EVENT_PERMISSIONS[type])
}

function invalidQuery(name: string, msg: string): Result<never, ApiRefusal> {
  return refuse({
    code: 'invalid-request',
    errors: [{ type: 'invalid_value', loc: ['query', name], msg }],
  })
}

/** What gives the place back. */
function takeStream(open: OpenStreams, actor: Actor): Result<() => void, ApiRefusal> {
  const ofKey = open.get(actor.id) ?? 0
  if (ofKey >= KEY_STREAMS_MAX) {
    return refuse({ code: 'too-many-streams', limit: KEY_STREAMS_MAX, of: 'key' })
  }
  const inAll = [...open.values()].reduce((sum, count) => sum + count, 0)
  if (inAll >= STREAMS_MAX) {
    return refuse({ code: 'too-many-streams', limit: STREAMS_MAX, of: 'server' })
  }
  open.set(actor.id, ofKey + 1)
  let isGiven = false
  return accept(() => {
    if (isGiven) return
    isGiven = true
    const left = (open.get(actor.id) ?? 1) - 1
    if (left === 0) open.delete(actor.id)
    else open.set(actor.id, left)
  })
}
