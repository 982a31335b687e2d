/**
 * Endpoints. Whoever changes an endpoint or its open upgrade first locks the endpoint's row
 * (`lockEndpoints`, in id order), so that a check-in, an enrolment and a new upgrade action never
 * decide on top of each other, on one server or on several.
 */
import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import { CLOCK_ERROR_MS_MAX, type Instant } from '../base/clock.ts'
import { type Digest, digestOf } from '../base/digest.ts'
import type { DistributionId, EndpointId, RunId } from '../base/ids.ts'
import type { AgentVersion } from '../base/version.ts'
import type {
  Endpoint,
  EndpointFacts,
  EndpointState,
  Health,
  SkippedVersion,
} from '../domain/endpoint/endpoint.ts'
import type { KnownMachine } from '../domain/endpoint/enrol-endpoint.ts'
import { fingerprintOf } from '../domain/endpoint/fingerprint.ts'
import { holdName } from './leases.ts'
import type { Reader, Writer } from './open.ts'
import { storedDigest } from './releases.ts'
import type { EndpointTable } from './tables.ts'

export type StoredEndpoint = Endpoint & {
  readonly credentialDigest: Digest
  readonly alias: string
  readonly serverTags: readonly string[]
  readonly publicAddress: string | null
  readonly firstSeen: Instant
  readonly deletedAt: Instant | null
}

/** Those of the endpoints that exist, deleted ones included. */
export async function loadEndpoints(
  reader: Reader,
  ids: readonly EndpointId[],
): Promise<ReadonlyMap<EndpointId, StoredEndpoint>> {
  if (ids.length === 0) return new Map()
  const rows = await reader
    .selectFrom('endpoint')
    .selectAll()
    .where(sql<boolean>`id = any(${[...ids]}::text[])`)
    .execute()
  return new Map(rows.map(endpointOf).map((endpoint) => [endpoint.id, endpoint]))
}

/** Like `loadEndpoints`, and nobody else changes them until this transaction ends. */
export async function lockEndpoints(
  writer: Writer,
  ids: readonly EndpointId[],
): Promise<ReadonlyMap<EndpointId, StoredEndpoint>> {
  if (ids.length === 0) return new Map()
  const rows = await writer
    .selectFrom('endpoint')
    .selectAll()
    .where(sql<boolean>`id = any(${[...ids]}::text[])`)
    .orderBy('id')
    .forUpdate()
    .execute()
  return new Map(rows.map(endpointOf).map((endpoint) => [endpoint.id, endpoint]))
}

/**
 * Endpoints with this machine id that are not deleted, last seen first. Nobody else enrols such a
 * machine until this transaction ends, with whichever distribution, so that a machine that asks
 * twice at once is one endpoint.
 */
export async function lockSameMachine(
  writer: Writer,
  machineId: string,
): Promise<readonly KnownMachine[]> {
  if (machineId === '') return []
  // Few names for all machines: they stay as rows.
  await holdName(writer, `enrolment-${digestOf(machineId).slice(0, 2)}`)
  const rows = await writer
    .selectFrom('endpoint')
    .innerJoin('liveness', 'liveness.endpoint_id', 'endpoint.id')
    .select(['endpoint.id', 'endpoint.distribution_id', 'endpoint.hostname', 'endpoint.facts'])
    .where('machine_id', '=', machineId)
    .where('deleted_at', 'is', null)
    .orderBy('liveness.last_seen', 'desc')
    .limit(SAME_MACHINE_MAX)
    .execute()
  return rows.map((row) => ({
    id: row.id as EndpointId,
    distributionId: row.distribution_id as DistributionId,
    hostname: row.hostname,
    macAddresses: (row.facts as EndpointFacts).macAddresses,
  }))
}

// More endpoints than this with one machine id are clones of one image; looking at the newest is
// enough.
const SAME_MACHINE_MAX = 100

export type Enrolment = {
  readonly endpointId: EndpointId
  readonly distributionId: DistributionId
  readonly credentialDigest: Digest
  readonly runId: RunId
  readonly facts: EndpointFacts
  readonly factsDigest: Digest
  readonly publicAddress: string | null
}

/** What is known of an endpoint before its first check-in. */
const UNREPORTED = {
  version: null,
  manifestDigest: null,
  health: { status: 'healthy', details: [] },
  skipped: [],
} as const

export async function saveNewEndpoint(
  writer: Writer,
  enrolment: Enrolment,
  now: Instant,
): Promise<void> {
  await writer
    .insertInto('endpoint')
    .values({
      id: enrolment.endpointId,
      ...enrolmentColumns(enrolment),
      version: null,
      manifest_digest: null,
      health: JSON.stringify(UNREPORTED.health),
      fingerprint: fingerprintOf({ ...UNREPORTED, ...enrolment }),
      skipped: '[]',
      previous_run_id: null,
      alias: '',
      server_tags: '[]',
      first_seen: now,
      deleted_at: null,
    })
    .execute()
  await saveLastSeen(writer, [enrolment.endpointId], now)
}

/**
 * A known machine enrolled again: new credential and facts, same endpoint; the old credential is
 * dead.
 */
export async function saveReturningEndpoint(
  writer: Writer,
  enrolment: Enrolment,
  before: EndpointState,
  now: Instant,
): Promise<void> {
  const { runId, factsDigest } = enrolment
  await writer
    .updateTable('endpoint')
    .set({
      ...enrolmentColumns(enrolment),
      fingerprint: fingerprintOf({ ...before, runId, factsDigest }),
      previous_run_id: null,
    })
    .where('id', '=', enrolment.endpointId)
    .execute()
  await saveLastSeen(writer, [enrolment.endpointId], now)
}

function enrolmentColumns(enrolment: Enrolment) {
  return {
    distribution_id: enrolment.distributionId,
    credential_digest: enrolment.credentialDigest,
    ...factsColumns(enrolment.facts, enrolment.factsDigest),
    run_id: enrolment.runId,
    public_address: enrolment.publicAddress,
  }
}

function factsColumns(facts: EndpointFacts, factsDigest: Digest) {
  return {
    ...facts.target,
    hostname: facts.hostname,
    machine_id: facts.machineId,
    cluster: facts.cluster?.uid || null,
    facts: JSON.stringify(facts),
    facts_digest: factsDigest,
  }
}

/**
 * One statement for any number of endpoints, each there once; how the health of each was before.
 * The caller holds their rows.
 */
export async function saveEndpointStates(
  writer: Writer,
  states: readonly { readonly id: EndpointId; readonly state: EndpointState }[],
): Promise<ReadonlyMap<EndpointId, Health>> {
  const rows = states.map(({ id, state }) => ({ id, ...stateColumns(state) }))
  const [first] = rows
  if (first === undefined) return new Map()
  const { id: _, ...columns } = first
  const changes = Object.keys(columns).map((name) => {
    return sql`${sql.ref(name)} = ${sql.ref(`given.${name}`)}`
  })
  const { rows: before } = await sql<{ readonly id: string; readonly health: unknown }>`
    update endpoint set ${sql.join(changes)}
    from jsonb_populate_recordset(null::endpoint, ${JSON.stringify(rows)}::jsonb) as given,
      endpoint as before
    where endpoint.id = given.id and before.id = given.id
    returning endpoint.id, before.health`.execute(writer)
  // Written by this file only.
  return new Map(before.map((row) => [row.id as EndpointId, row.health as Health]))
}

/** JSON stays JSON here: it travels within JSON. */
function stateColumns(state: EndpointState) {
  const { facts, factsDigest, health, skipped } = state
  return {
    ...factsColumns(facts, factsDigest),
    ...{ facts, health, skipped },
    version: state.version,
    manifest_digest: state.manifestDigest,
    fingerprint: fingerprintOf(state),
    run_id: state.runId,
    previous_run_id: state.previousRunId,
  }
}

/**
 * One statement for any number of endpoints. Time goes back only from where a clock that ran ahead
 * left it: otherwise an endpoint that fell silent then would count as connected until that day.
 */
export async function saveLastSeen(
  writer: Writer,
  ids: readonly EndpointId[],
  now: Instant,
): Promise<void> {
  if (ids.length === 0) return
  await sql`
    insert into liveness (endpoint_id, last_seen)
    select id, ${now}::bigint from unnest(${[...new Set(ids)].toSorted()}::text[]) as id
    on conflict (endpoint_id) do update set last_seen = excluded.last_seen
    where liveness.last_seen < excluded.last_seen
      or liveness.last_seen > excluded.last_seen + ${CLOCK_ERROR_MS_MAX}`.execute(writer)
}

/** The row as the domain knows it; what is branded here was checked before it was stored. */
export function endpointOf(row: Selectable<EndpointTable>): StoredEndpoint {
  return {
    id: row.id as EndpointId,
    distributionId: row.distribution_id as DistributionId,
    state: {
      version: row.version as AgentVersion | null,
      manifestDigest: row.manifest_digest === null ? null : storedDigest(row.manifest_digest),
      facts: row.facts as EndpointFacts,
      factsDigest: storedDigest(row.facts_digest),
      health: row.health as Health,
      skipped: row.skipped as readonly SkippedVersion[],
      runId: row.run_id as RunId,
      previousRunId: row.previous_run_id as RunId | null,
    },
    credentialDigest: storedDigest(row.credential_digest),
    alias: row.alias,
    serverTags: row.server_tags,
    publicAddress: row.public_address,
    firstSeen: row.first_seen,
    deletedAt: row.deleted_at,
  }
}
