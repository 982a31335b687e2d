/** What is known of clusters: their endpoints, and how far an action has moved them. */
import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { AttemptId, EndpointId, UpgradeActionId } from '../base/ids.ts'
import type { ClusterAttempt, ClusterView } from '../domain/upgrade/cluster-upgrade.ts'
import type { UpgradeState } from '../domain/upgrade/upgrade.ts'
import { holdName } from './leases.ts'
import type { Reader, Writer } from './open.ts'

export type ClusterAsk = {
  readonly endpointId: EndpointId
  /** UID of its DaemonSet; empty: the agent does not know it. */
  readonly cluster: string
  readonly actionId: UpgradeActionId
}

/** Nobody else is told to lead a cluster until this transaction ends. */
export async function holdClusters(writer: Writer): Promise<void> {
  await holdName(writer, 'clusters')
}

/** What is needed to decide on upgrades in clusters; two queries for each cluster and action. */
export async function loadClusterViews(
  reader: Reader,
  asks: readonly ClusterAsk[],
): Promise<ReadonlyMap<EndpointId, ClusterView>> {
  if (asks.length === 0) return new Map()
  const moving = await loadMovingClusters(reader)
  const views = new Map<EndpointId, ClusterView>()
  const groups = Map.groupBy(asks, ({ cluster, actionId }) => `${actionId} ${cluster}`)
  for (const members of groups.values()) {
    const [{ cluster, actionId } = { cluster: '', actionId: null }] = members
    const attempts =
      actionId === null ? [] : await loadClusterAttempts(reader, { cluster, actionId })
    const endpointsCount = await countClusterEndpoints(reader, cluster)
    const isOtherMoving = moving.some((each) => each !== cluster)
    for (const { endpointId } of members) {
      const others = attempts.filter((each) => each.endpointId !== endpointId)
      views.set(endpointId, { others, isOtherMoving, endpointsCount })
    }
  }
  return views
}

/** Clusters of which an endpoint holds a berth: fewer than there are berths. */
export async function loadMovingClusters(reader: Reader): Promise<readonly string[]> {
  const rows = await reader
    .selectFrom('upgrade')
    .innerJoin('endpoint', 'endpoint.id', 'upgrade.endpoint_id')
    .select('endpoint.cluster')
    .distinct()
    .where('upgrade.finished_at', 'is', null)
    .where('upgrade.deadline_at', 'is not', null)
    .where('endpoint.cluster', 'is not', null)
    .execute()
  return rows.flatMap((row) => (row.cluster === null ? [] : [row.cluster]))
}

/** Leaders, and those that were: few, however large the cluster is. */
const ATTEMPTS_MAX = 100

async function loadClusterAttempts(
  reader: Reader,
  of: { readonly cluster: string; readonly actionId: UpgradeActionId },
): Promise<readonly (ClusterAttempt & { readonly endpointId: EndpointId })[]> {
  if (of.cluster === '') return []
  const rows = await reader
    .selectFrom('upgrade')
    .innerJoin('endpoint', 'endpoint.id', 'upgrade.endpoint_id')
    .innerJoin('liveness', 'liveness.endpoint_id', 'upgrade.endpoint_id')
    .select(['upgrade.endpoint_id', 'attempt_id', 'state', 'reason', 'message', 'changed_at'])
    .select('liveness.last_seen')
    .where('endpoint.cluster', '=', of.cluster)
    .where('upgrade.action_id', '=', of.actionId)
    .where('upgrade.attempt_id', 'is not', null)
    .orderBy('upgrade.changed_at', 'desc')
    .limit(ATTEMPTS_MAX)
    .execute()
  return rows.map((row) => ({
    endpointId: row.endpoint_id as EndpointId, // What is branded was checked before it was stored.
    attemptId: row.attempt_id as AttemptId | null,
    state: row.state as UpgradeState,
    reason: row.reason,
    message: row.message,
    changedAt: row.changed_at,
    lastSeen: row.last_seen,
  }))
}

async function countClusterEndpoints(reader: Reader, cluster: string): Promise<number> {
  if (cluster === '') return 1
  const row = await reader
    .selectFrom('endpoint')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('cluster', '=', cluster)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/**
 * Endpoints of the clusters that those are in, heard of since then, without the named ones. A node
 * that is gone for good has an endpoint that nobody hears of: it moves with nobody.
 */
export async function loadMates(
  reader: Reader,
  named: readonly EndpointId[],
  since: Instant,
): Promise<readonly EndpointId[]> {
  const ids = sql`any(${[...named]}::text[])`
  const clusters = await reader
    .selectFrom('endpoint')
    .select('cluster')
    .distinct()
    .where(sql<boolean>`id = ${ids}`)
    .where('cluster', 'is not', null)
    .execute()
  if (clusters.length === 0) return []
  const rows = await reader
    .selectFrom('endpoint')
    .innerJoin('liveness', 'liveness.endpoint_id', 'endpoint.id')
    .select('endpoint.id')
    .where(
      'endpoint.cluster',
      'in',
      clusters.map((row) => row.cluster),
    )
    .where(sql<boolean>`not endpoint.id = ${ids}`)
    .where('endpoint.deleted_at', 'is', null)
    .where('liveness.last_seen', '>=', since)
    .execute()
  return rows.map((row) => row.id as EndpointId)
}
