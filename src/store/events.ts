/**
 * Events. They are written in the transaction of the change, without a position: a number taken
 * before commit would become visible out of order, and a reader would pass over it. Afterwards
 * one server at a time gives positions to what has been committed (`sealEvents`), holding one row
 * while it does: so positions become visible in their order, and who has read up to one has missed
 * none before it.
 */
import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { FleetEvent } from '../domain/event/fleet-event.ts'
import type { Reader, Writer } from './open.ts'

export type StoredEvent = {
  readonly position: number
  readonly at: Instant
  readonly event: FleetEvent
}

/** One statement for all of them. Call it once in a transaction, with everything it made true. */
export async function saveEvents(
  writer: Writer,
  now: Instant,
  events: readonly FleetEvent[],
): Promise<void> {
  if (events.length === 0) return
  // One parameter: of thousands of rows, those of each would take longer than writing them.
  await sql`
    insert into event (at, type, endpoint_id, action_id, body)
    select ${now}, body ->> 'type', endpoint, (body ->> 'actionId')::bigint,
      case when endpoint is null then body
        else body || jsonb_build_object('endpointId', endpoint) end
    from jsonb_array_elements(${runsOf(events)}::jsonb) with ordinality as run(alike, number)
      cross join lateral (select alike -> 'body' as body) as said
      cross join lateral jsonb_array_elements_text(alike -> 'endpoints')
        with ordinality as told(endpoint, place)
    order by number, place`.execute(writer)
}

/** As JSON: what one after another tells alike of several endpoints travels once. */
function runsOf(events: readonly FleetEvent[]): string {
  const runs: { readonly body: string; readonly endpoints: (string | null)[] }[] = []
  for (const event of events) {
    const { endpointId = null, ...told } = { endpointId: undefined, ...event }
    const body = JSON.stringify(told)
    const last = runs.at(-1)
    if (last?.body === body) last.endpoints.push(endpointId)
    else runs.push({ body, endpoints: [endpointId] })
  }
  const texts = runs.map(({ body, endpoints }) => {
    return `{"body":${body},"endpoints":${JSON.stringify(endpoints)}}`
  })
  return `[${texts.join()}]`
}

/**
 * Gives positions to at most `limit` committed events that have none, in the order in which they
 * were written; how many. Two who seal at once take turns.
 */
export async function sealEvents(writer: Writer, limit: number): Promise<number> {
  await writer
    .insertInto('event_head')
    .values({ name: HEAD, position: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const head = await lockEventHead(writer)
  const sealed = await sql`
    update event set position = numbered.position
    from (
      select id, ${head}::bigint + row_number() over (order by id) as position
      from (select id from event where position is null order by id limit ${limit}) as unsealed
    ) as numbered
    where event.id = numbered.id`.execute(writer)
  const count = Number(sealed.numAffectedRows ?? 0)
  if (count > 0) {
    await writer
      .updateTable('event_head')
      .set({ position: head + count })
      .where('name', '=', HEAD)
      .execute()
  }
  return count
}

const HEAD = 'events'

async function lockEventHead(writer: Writer): Promise<number> {
  const row = await writer
    .selectFrom('event_head')
    .select('position')
    .where('name', '=', HEAD)
    .forUpdate()
    .executeTakeFirstOrThrow()
  return row.position
}

export type EventRange = {
  /** The oldest that is kept; one after the newest when none is. */
  readonly first: number
  /** The newest that was ever given; 0 before the first. */
  readonly last: number
}

export async function loadEventRange(reader: Reader): Promise<EventRange> {
  const row = await reader
    .selectNoFrom((select) => [
      select.selectFrom('event_head').select('position').where('name', '=', HEAD).as('last'),
      select
        .selectFrom('event')
        .select((event) => event.fn.min('position').as('first'))
        .where('position', 'is not', null)
        .as('first'),
    ])
    .executeTakeFirstOrThrow()
  const last = row.last ?? 0
  return { first: row.first ?? last + 1, last }
}

/** Those after `position`, in order, at most `limit`. */
export async function loadEventsAfter(
  reader: Reader,
  position: number,
  limit: number,
): Promise<readonly StoredEvent[]> {
  const rows = await reader
    .selectFrom('event')
    .select(['position', 'at', 'body'])
    .where('position', '>', position)
    .orderBy('position')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    position: row.position ?? 0, // The query asks for those that have one.
    at: row.at,
    event: row.body as FleetEvent, // Written by saveEvents.
  }))
}

/**
 * Forgets at most `limit` events that are older than `before`, or beyond the newest `keep`. Always
 * all before another: who follows is told where they begin. Only the oldest are looked at.
 */
export async function deleteOldEvents(
  writer: Writer,
  old: { readonly before: Instant; readonly keep: number; readonly limit: number },
): Promise<number> {
  const gone = await sql`
    with oldest as (
      select id, position, at from event
      where position is not null order by position limit ${old.limit}
    )
    delete from event where id in (
      select id from oldest
      where position <= (
        select greatest(
          (select max(position) from oldest where at < ${old.before}),
          (select position from event_head where name = ${HEAD}) - ${old.keep}
        )
      )
    )`.execute(writer)
  return Number(gone.numAffectedRows ?? 0)
}
