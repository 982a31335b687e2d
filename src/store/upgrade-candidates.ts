/** Endpoints as eligibility looks at them, and what a new upgrade action is decided on. */
import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { DistributionId, EndpointId } from '../base/ids.ts'
import type { Target } from '../base/platform.ts'
import type { AgentVersion } from '../base/version.ts'
import { connectionLimits } from '../domain/configuration/agent-status.ts'
import {
  type ConnectionLimits,
  connectionStatus,
  type EndpointCluster,
  type SkippedVersion,
} from '../domain/endpoint/endpoint.ts'
import { MATES_SEEN_WITHIN_MS } from '../domain/upgrade/cluster-eligibility.ts'
import type { CreateUpgradeActionView } from '../domain/upgrade/create-upgrade-action.ts'
import type { UpgradeCandidate } from '../domain/upgrade/eligibility.ts'
import type { UpgradeState } from '../domain/upgrade/upgrade.ts'
import { loadMates } from './clusters.ts'
import { loadConfiguration } from './configuration.ts'
import { holdEndpoints } from './endpoint-changes.ts'
import type { Reader, Writer } from './open.ts'
import { loadReleases } from './releases.ts'

/** What a new action is decided on; the endpoints' rows are held until this transaction ends. */
export async function lockCreateUpgradeActionView(
  writer: Writer,
  wanted: {
    readonly endpointIds: readonly EndpointId[]
    readonly versions: readonly AgentVersion[]
  },
  now: Instant,
): Promise<Omit<CreateUpgradeActionView, 'probationS'>> {
  const { endpointIds, versions } = wanted
  const matesIds = await loadMates(writer, endpointIds, now - MATES_SEEN_WITHIN_MS)
  // All in one statement, which locks them in one order.
  const settings = await loadConfiguration(writer)
  const limits = connectionLimits(settings.agentStatus)
  const ids = [...endpointIds, ...matesIds]
  await holdEndpoints(writer, ids)
  const locked = await loadCandidates(writer, ids, { limits, now })
  const named = new Set(endpointIds)
  const candidates = locked.filter((each) => named.has(each.id))
  const mates = locked.filter((each) => !named.has(each.id))
  const releases = await loadReleases(writer, { versions })
  const hasFloor = releases.some(({ floors }) => floors.agentVersion !== null)
  const catalogue = hasFloor ? await loadReleases(writer, {}) : []
  return { candidates, mates, releases, catalogue, settings }
}

/** Narrow: of thousands of endpoints, their facts alone would take longer than all the rest. */
export async function loadCandidates(
  reader: Reader,
  ids: readonly EndpointId[],
  seen: { readonly limits: ConnectionLimits; readonly now: Instant },
): Promise<readonly UpgradeCandidate[]> {
  const rows = await reader
    .selectFrom('endpoint')
    .select([
      'distribution_id',
      'id',
      'deleted_at',
      'platform',
      'arch',
      'libc',
      'version',
      'skipped',
      'server_tags',
    ])
    .select(sql<readonly string[]>`facts -> 'endpointTags'`.as('agent_tags'))
    .select(sql<string>`facts ->> 'osVersion'`.as('os_version'))
    .select(sql<string>`facts ->> 'kernel'`.as('kernel'))
    .select(sql<string>`facts ->> 'timeZone'`.as('time_zone'))
    .select(sql<EndpointCluster | null>`facts -> 'cluster'`.as('cluster_facts'))
    .where(sql<boolean>`id = any(${[...ids]}::text[])`)
    .orderBy('id')
    .execute()
  const opens = await loadOpenStates(reader, ids)
  const lastSeen = await loadLastSeen(reader, ids)
  return rows.map((row) => ({
    id: row.id as EndpointId, // What is branded here was checked before it was stored.
    deleted: row.deleted_at !== null,
    distributionId: row.distribution_id as DistributionId,
    timeZone: row.time_zone,
    connection: connectionStatus(lastSeen.get(row.id) ?? 0, seen.now, seen.limits),
    target: { platform: row.platform, arch: row.arch, libc: row.libc } as Target,
    tags: { server: row.server_tags, agent: row.agent_tags },
    version: row.version as AgentVersion | null,
    osVersion: row.os_version,
    kernel: row.kernel,
    skipped: (row.skipped as readonly SkippedVersion[]).map((each) => each.manifestDigest),
    openUpgrade: opens.get(row.id) ?? null,
    cluster: row.cluster_facts,
  }))
}

/** What runs where, of those that exist. */
export async function loadInstalled(
  reader: Reader,
  endpointIds: readonly EndpointId[],
): Promise<
  ReadonlyMap<
    EndpointId,
    { readonly platform: Target['platform']; readonly version: AgentVersion | null }
  >
> {
  const rows = await reader
    .selectFrom('endpoint')
    .select(['id', 'platform', 'version'])
    .where(sql<boolean>`id = any(${[...endpointIds]}::text[])`)
    .execute()
  return new Map(
    rows.map(({ id, platform, version }) => [
      id as EndpointId, // What is branded here was checked before it was stored.
      { platform: platform as Target['platform'], version: version as AgentVersion | null },
    ]),
  )
}

export async function loadLastSeen(
  reader: Reader,
  endpointIds: readonly EndpointId[],
): Promise<ReadonlyMap<string, Instant>> {
  const rows = await reader
    .selectFrom('liveness')
    .select(['endpoint_id', 'last_seen'])
    .where(sql<boolean>`endpoint_id = any(${[...endpointIds]}::text[])`)
    .execute()
  return new Map(rows.map((row) => [row.endpoint_id, row.last_seen]))
}

async function loadOpenStates(
  reader: Reader,
  endpointIds: readonly EndpointId[],
): Promise<ReadonlyMap<string, UpgradeState>> {
  const rows = await reader
    .selectFrom('upgrade')
    .select(['endpoint_id', 'state'])
    .where(sql<boolean>`endpoint_id = any(${[...endpointIds]}::text[])`)
    .where('finished_at', 'is', null)
    .execute()
  return new Map(rows.map((row) => [row.endpoint_id, row.state as UpgradeState]))
}
