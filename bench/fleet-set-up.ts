/**
 * The endpoints of the simulated fleet: one is made as the server makes it and checks in; the
 * others are copies of its rows, each with an identity, a name and a machine of its own.
 */
import { Client } from 'pg'
import { systemClock } from '../src/base/clock.ts'
import { type Digest, digestOf } from '../src/base/digest.ts'
import type { DistributionId, EndpointId, RunId } from '../src/base/ids.ts'
import { silentLog } from '../src/base/log.ts'
import { systemRandom } from '../src/base/random.ts'
import type { EndpointFacts } from '../src/domain/endpoint/endpoint.ts'
import { type Connection, clientSettings } from '../src/store/connection.ts'
import { saveNewEndpoint } from '../src/store/endpoints.ts'
import { openDatabase } from '../src/store/open.ts'
import { FleetAgent, type FleetVersion } from './fleet-agent.ts'
import { fleetIdentity } from './fleet-crowd.ts'

/** What all of them say alike, and what they run at first. */
export const FLEET_RUN = digestOf('fleet run').slice(0, 32)
export const FLEET_FACTS = digestOf('fleet facts')
export const FLEET_VERSION: FleetVersion = {
  version: '1.0.0.1',
  manifestDigest: digestOf('what the fleet runs at first'),
}

export async function writeFleet(fleet: {
  readonly connection: Connection
  readonly url: string
  readonly distributionId: string
  readonly count: number
}): Promise<void> {
  const { connection, url, distributionId, count } = fleet
  await writeFirst(connection, distributionId as DistributionId) // The server's own answer.
  await checkInFirst(url)
  await withSql(connection, (sql) => copyFirst(sql, count))
}

export async function withSql<Value>(
  connection: Connection,
  work: (sql: Client) => Promise<Value>,
): Promise<Value> {
  const sql = new Client(clientSettings(connection))
  await sql.connect()
  try {
    return await work(sql)
  } finally {
    await sql.end()
  }
}

async function writeFirst(connection: Connection, distributionId: DistributionId): Promise<void> {
  const needs = { log: silentLog, clock: systemClock, random: systemRandom }
  await using database = openDatabase({ connection, ...needs })
  const { endpointId, secret } = fleetIdentity(0)
  const enrolment = {
    endpointId: endpointId as EndpointId, // Made as the server makes them.
    distributionId,
    credentialDigest: digestOf(secret),
    runId: FLEET_RUN as RunId, // As above.
    facts: FACTS,
    factsDigest: FLEET_FACTS as Digest, // As above.
    publicAddress: '127.0.0.1',
  }
  await database.write((tx) => saveNewEndpoint(tx, enrolment, systemClock.now()))
}

async function checkInFirst(url: string): Promise<void> {
  const about = { runId: FLEET_RUN, version: FLEET_VERSION, fraction: () => 0 }
  const { endpointId, secret } = fleetIdentity(0)
  const answer = await fetch(`${url}/agent/v1/check-in`, {
    method: 'POST',
    headers: { authorization: `Bearer ${endpointId}.${secret}` },
    body: JSON.stringify(new FleetAgent(about).request(FLEET_FACTS)),
  })
  if (!answer.ok) throw new Error(`the first check-in: ${answer.status} ${await answer.text()}`)
}

/** Whatever columns there are by then; these are each endpoint's own. */
const OWN_COLUMNS: Readonly<Record<string, string>> = {
  id: 'made.id',
  endpoint_id: 'made.id',
  credential_digest: 'made.credential_digest',
  hostname: "'fleet-' || made.n",
  machine_id: "md5('fleet machine ' || made.n)",
  facts: `first.facts || jsonb_build_object(
    'hostname', 'fleet-' || made.n, 'machineId', md5('fleet machine ' || made.n),
    'ipv4', jsonb_build_array('10.' || made.n / 65536 || '.' || made.n / 256 % 256 || '.'
      || made.n % 256),
    'macAddresses', jsonb_build_array('52:54:' || to_char(made.n / 1000000, 'FM00') || ':'
      || to_char(made.n / 10000 % 100, 'FM00') || ':' || to_char(made.n / 100 % 100, 'FM00') || ':'
      || to_char(made.n % 100, 'FM00')))`,
}

async function copyFirst(sql: Client, count: number): Promise<void> {
  const others = Array.from({ length: count - 1 }, (_, index) => fleetIdentity(index + 1))
  const ids = others.map(({ endpointId }) => endpointId)
  const digests = others.map(({ secret }) => digestOf(secret))
  for (const [table, key] of [
    ['endpoint', 'id'],
    ['liveness', 'endpoint_id'],
  ] as const) {
    const { rows } = await sql.query<{ name: string }>(
      `select column_name as name from information_schema.columns
       where table_schema = current_schema and table_name = $1 and is_generated = 'NEVER'`,
      [table],
    )
    const names = rows.map(({ name }) => name)
    const values = names.map((name) => OWN_COLUMNS[name] ?? `first."${name}"`)
    await sql.query(
      `insert into ${table} (${names.map((name) => `"${name}"`).join(', ')})
       select ${values.join(', ')}
       from ${table} first,
         unnest($1::text[], $2::text[]) with ordinality as made(id, credential_digest, n)
       where first.${key} = $3`,
      [ids, digests, fleetIdentity(0).endpointId],
    )
  }
  await sql.query('vacuum analyze')
}

const FACTS: EndpointFacts = {
  hostname: 'fleet-0',
  target: { platform: 'linux', arch: 'x64', libc: 'glibc' },
  osName: 'Debian GNU/Linux',
  osVersion: '12',
  kernel: '6.1.0-28-amd64',
  kind: 'server',
  ipv4: ['10.0.0.0'],
  ipv6: [],
  macAddresses: ['52:54:00:00:00:00'],
  users: [],
  domain: 'example.org',
  machineId: digestOf('fleet machine').slice(0, 32),
  timeZone: 'Europe/Berlin',
  endpointTags: [],
  installedAt: 1_790_000_000_000,
}
