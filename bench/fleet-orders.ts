/** Orders for the whole simulated fleet, and what came of them: for bench and smoke test. */
import { systemClock } from '../src/base/clock.ts'
import type { Client } from '../src/client/client.ts'
import { UPGRADE_ENDPOINTS_MAX } from '../src/contract/public/limits.ts'
import type { Connection } from '../src/store/connection.ts'
import { eventually } from '../test/acceptance/processes.ts'
import { type CrowdLook, fleetIdentity } from './fleet-crowd.ts'
import { withSql } from './fleet-set-up.ts'
import { addedLatencies } from './latencies.ts'

export type Fleet = {
  readonly count: number
  readonly client: Client
  /** Of the database, wherever it is by now. */
  connection(): Promise<Connection>
  readonly crowds: readonly {
    mark(): Promise<void>
    look(): Promise<CrowdLook>
  }[]
}

export type FleetOrder = {
  readonly actionIds: readonly number[]
  /** When each of the calls was answered, in milliseconds UTC; the first was begun before that. */
  readonly placedAt: readonly number[]
  readonly seconds: number
}

/** In as few calls as the API allows. */
export async function orderAll(fleet: Fleet, version: string): Promise<FleetOrder> {
  const ids = Array.from({ length: fleet.count }, (_, index) => fleetIdentity(index).endpointId)
  const began = performance.now()
  const actionIds: number[] = []
  const placedAt: number[] = []
  for (let from = 0; from < ids.length; from += UPGRADE_ENDPOINTS_MAX) {
    const endpoint_ids = ids.slice(from, from + UPGRADE_ENDPOINTS_MAX)
    const asked = { endpoint_ids, target_versions: { linux: version } }
    const reply = await fleet.client.endpoints.upgrade(asked)
    const { group_action_id: id, endpoints_count } = reply
    if (id === null || endpoints_count !== endpoint_ids.length) {
      throw new Error(JSON.stringify(reply).slice(0, 1000))
    }
    actionIds.push(id)
    placedAt.push(systemClock.now())
  }
  return { actionIds, placedAt, seconds: (performance.now() - began) / 1000 }
}

/**
 * Milliseconds from the answer to the call that ordered for an agent until it was told, of each
 * agent that was, in order. Told before that answer came is none.
 */
export function toldWithin({ placedAt }: FleetOrder, { offeredAt }: CrowdLook): Float64Array {
  const waits = offeredAt.map((at, index) => {
    const from = placedAt[Math.floor(index / UPGRADE_ENDPOINTS_MAX)] ?? Number.NaN
    return at === 0 ? Number.NaN : Math.max(0, at - from)
  })
  return waits.filter((wait) => !Number.isNaN(wait)).toSorted()
}

export async function cancelAll(fleet: Fleet, { actionIds }: FleetOrder): Promise<void> {
  for (const group_action_id of actionIds) {
    await fleet.client.upgrades.cancel({ group_action_id, reason: 'the bench has seen enough' })
  }
}

export async function markAll({ crowds }: Fleet): Promise<void> {
  await Promise.all(crowds.map((crowd) => crowd.mark()))
}

export async function lookAtAll({ crowds }: Fleet): Promise<CrowdLook> {
  const looks = await Promise.all(crowds.map((crowd) => crowd.look()))
  const sum = (number: (look: CrowdLook) => number) =>
    looks.reduce((total, look) => total + number(look), 0)
  const joined = (times: (look: CrowdLook) => Float64Array) =>
    Float64Array.from(looks.flatMap((look) => [...times(look)]))
  return {
    sinceMs: Math.min(...looks.map(({ sinceMs }) => sinceMs)),
    latencies: addedLatencies(looks.map(({ latencies }) => latencies)),
    answered: addedSeconds(looks.map(({ answered }) => answered)),
    shed: addedSeconds(looks.map(({ shed }) => shed)),
    refused: sum(({ refused }) => refused),
    unreachable: sum(({ unreachable }) => unreachable),
    answeredAt: joined(({ answeredAt }) => answeredAt),
    offeredAt: joined(({ offeredAt }) => offeredAt),
    phases: addedCounts(looks.map(({ phases }) => phases)),
    versions: addedCounts(looks.map(({ versions }) => versions)),
    switches: sum(({ switches }) => switches),
    switchedTwice: sum(({ switchedTwice }) => switchedTwice),
    lateMs: Math.max(...looks.map(({ lateMs }) => lateMs)),
  }
}

/** What the server has stored of an order. */
export type Tally = {
  readonly states: Readonly<Record<string, number>>
  /** Offered more than once. */
  readonly again: number
  /** Told of in more than one event as succeeded. */
  readonly toldTwice: number
}

export async function tally(fleet: Fleet, { actionIds }: FleetOrder): Promise<Tally> {
  return await withSql(await fleet.connection(), async (sql) => {
    const { rows } = await sql.query<{ state: string; count: string; again: string }>(
      `select state, count(*), count(*) filter (where attempts > 1) as again
       from upgrade where action_id = any($1) group by state`,
      [actionIds],
    )
    const told = await sql.query(
      `select endpoint_id from event
       where action_id = any($1) and body ->> 'state' = 'succeeded'
       group by endpoint_id, action_id having count(*) > 1`,
      [actionIds],
    )
    return {
      states: Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)])),
      again: rows.reduce((sum, { again }) => sum + Number(again), 0),
      toldTwice: told.rowCount ?? 0,
    }
  })
}

/** Seconds until every upgrade of the order has ended, as the server has it. */
export async function untilEnded(
  fleet: Fleet,
  { actionIds }: FleetOrder,
  patienceMs: number,
): Promise<number> {
  const began = performance.now()
  await withSql(await fleet.connection(), (sql) =>
    eventually(
      'the end of every upgrade',
      async () => {
        const open = await sql.query(
          'select from upgrade where action_id = any($1) and finished_at is null limit 1',
          [actionIds],
        )
        return open.rowCount === 0 ? true : null
      },
      patienceMs,
      LOOK_EVERY_MS,
    ),
  )
  return (performance.now() - began) / 1000
}

/** Waits until so many agents have got that far since the mark. */
export async function untilAgents(
  fleet: Fleet,
  what: 'answeredAt' | 'offeredAt',
  share: number,
): Promise<CrowdLook> {
  return await eventually(
    `${what} of ${share} of all agents`,
    async () => {
      const look = await lookAtAll(fleet)
      return reached(look[what]).length >= fleet.count * share ? look : null
    },
    PATIENCE_MS,
    LOOK_EVERY_MS,
  )
}

/**
 * Who looks takes from the machine what is measured there, and a look at a hundred thousand agents
 * is not for nothing. When each of them got there they have noted themselves.
 */
const LOOK_EVERY_MS = 1_000

export const PATIENCE_MS = 15 * 60_000

/** When agents got there, in order; those that did not are left out. */
export function reached(times: Float64Array): Float64Array {
  return times.filter((at) => at > 0).toSorted()
}

function addedSeconds(all: readonly (readonly number[])[]): readonly number[] {
  const length = Math.max(...all.map((each) => each.length))
  return Array.from({ length }, (_, second) => {
    return all.reduce((sum, each) => sum + (each[second] ?? 0), 0)
  })
}

function addedCounts(all: readonly Readonly<Record<string, number>>[]) {
  const sums: Record<string, number> = {}
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
  }
  return sums
}
