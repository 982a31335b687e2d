/**
 * `endpoints/upgrade` with 5,000 ids, of endpoints that wait for nothing and of endpoints that each
 * order takes over from one before, against the SQL that inserts 5,000 such rows and nothing else.
 */
import type { Client } from 'pg'
import { builtInRelease, publish } from '../test/acceptance/catalogue.ts'
import type { ServerProcess } from '../test/acceptance/server-process.ts'
import { openFleetServer, type Times, timeRounds, timesText } from './fleet-server.ts'
import { type Row, ratio } from './table.ts'

const IDS = 5000
const ROUNDS = 20
const TARGET = '3.0.0.1'
/** Milliseconds: what issue 3 asks for. */
const AIM = 500

type Counts = { readonly endpoints_count: number; readonly ineligible_count: number }

export async function benchUpgradeOrder(
  server: ServerProcess,
  dataDir: string,
): Promise<readonly Row[]> {
  await using fleet = await openFleetServer(server, dataDir)
  await publish(server.client, await builtInRelease(server.client), { version: TARGET })
  const { rows } = await fleet.sql.query<{ id: string }>(
    `select id from endpoint where platform = 'linux' and libc = 'glibc' and deleted_at is null
     order by id limit ${4 * IDS}`,
  )
  const ids = rows.map((row) => row.id)
  const part = (round: number) => ids.slice((round % 4) * IDS, (round % 4) * IDS + IDS)
  const order = async (round: number) => {
    const asked = { endpoint_ids: part(round), target_versions: { linux: TARGET } }
    const answer = await fleet.post('endpoints/upgrade', asked)
    const { reply } = (await answer.json()) as { readonly reply: Counts }
    // Some of the fleet are lost, and are left out.
    if (reply.endpoints_count + reply.ineligible_count !== IDS)
      throw new Error(JSON.stringify(reply).slice(0, 1000))
  }
  const ours = await timeRounds(ROUNDS, order, () => endOpen(fleet.sql))
  const over = await timeRounds(ROUNDS, order)
  const other = await timeRounds(ROUNDS, (round) => insertRows(fleet.sql, part(round)))
  return [
    ...rowsOf(`endpoints/upgrade with ${IDS} ids`, ours, other),
    ...rowsOf(`the same, each taking over ${IDS} waiting upgrades`, over, other),
  ]
}

function rowsOf(what: string, ours: Times, other: Times): readonly Row[] {
  return [
    {
      what: `${what}, p50 / p95`,
      ours: timesText(ours),
      other: `bare SQL, inserting ${IDS} rows: ${timesText(other)}`,
      ratio: ratio(ours.p95, other.p95),
    },
    {
      what: `${what}, p95`,
      ours: `${ours.p95.toFixed(0)} ms`,
      other: `aim: ${AIM} ms`,
      ratio: ratio(ours.p95, AIM),
    },
  ]
}

/** So that the next order finds nothing to take over. */
async function endOpen(sql: Client): Promise<void> {
  await sql.query(
    `update upgrade set state = 'cancelled', finished_at = changed_at where finished_at is null`,
  )
}

/** Ended upgrades: an endpoint has one open one at most, and those are the server's. */
async function insertRows(sql: Client, ids: readonly string[]): Promise<void> {
  await sql.query(
    `with action as (
       insert into upgrade_action (target_versions, "window", created_by, created_at, expires_at)
       values ('{}', 'null', 'bench', 0, 0) returning id
     )
     insert into upgrade (action_id, endpoint_id, state, from_version, target_version,
       manifest_digest, attempts, percent, bytes_done, bytes_total, retry_skipped, "window",
       expires_at, changed_at, finished_at)
     select action.id, endpoint_id, 'cancelled', '1.0.0.1', $2,
       (select min(manifest_digest) from release), 0, 0, 0, 0, false, 'null', 0, 0, 0
     from action, unnest($1::text[]) endpoint_id`,
    [ids, TARGET],
  )
}
