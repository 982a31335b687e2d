import type { Instant } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { AttemptId, EndpointId } from '../base/ids.ts'
import type { CheckInView } from '../domain/endpoint/check-in-view.ts'
import type { Endpoint } from '../domain/endpoint/endpoint.ts'
import type { CheckInReceived } from '../domain/endpoint/receive-check-in.ts'
import { reportOfHealth } from '../domain/report/agent-report.ts'
import type { ClusterView } from '../domain/upgrade/cluster-upgrade.ts'
import type { Upgrade } from '../domain/upgrade/upgrade.ts'
import { saveAgentReports } from './agent-reports.ts'
import { type ClusterAsk, loadClusterViews } from './clusters.ts'
import { saveEndpointRestored } from './endpoint-changes.ts'
import { loadEndpoints, lockEndpoints, saveEndpointStates, saveLastSeen } from './endpoints.ts'
import type { Reader, Writer } from './open.ts'
import { loadRollouts } from './rollouts.ts'
import {
  loadAttemptedUpgrades,
  loadOpenUpgrades,
  saveUpgrades,
  type TellsProgress,
} from './upgrades.ts'

/** What is needed to decide on a check-in, and to know who may make it. */
export type StoredCheckInView = CheckInView & {
  readonly credentialDigest: Digest
}

export type CheckInViewAsk = {
  readonly endpointId: EndpointId
  /** The attempt that the check-in speaks of; null: of none. */
  readonly attemptId: AttemptId | null
}

/** The views of any number of check-ins, in a fixed number of queries. */
export async function loadCheckInViews(
  reader: Reader,
  asks: readonly CheckInViewAsk[],
): Promise<ReadonlyMap<EndpointId, StoredCheckInView>> {
  const endpoints = await loadEndpoints(reader, [...new Set(asks.map((ask) => ask.endpointId))])
  return await viewsOf(reader, asks, endpoints)
}

/** Like `loadCheckInViews`, and nobody else changes the endpoints until this transaction ends. */
export async function lockCheckInViews(
  writer: Writer,
  asks: readonly CheckInViewAsk[],
): Promise<ReadonlyMap<EndpointId, StoredCheckInView>> {
  const endpointIds = asks.map((ask) => ask.endpointId)
  return await viewsOf(writer, asks, await lockEndpoints(writer, endpointIds))
}

async function viewsOf(
  reader: Reader,
  asks: readonly CheckInViewAsk[],
  endpoints: Awaited<ReturnType<typeof loadEndpoints>>,
): Promise<ReadonlyMap<EndpointId, StoredCheckInView>> {
  const attemptIds = asks.map((ask) => ask.attemptId).filter((id) => id !== null)
  const opens = await loadOpenUpgrades(reader, [...endpoints.keys()])
  const attempted = await loadAttemptedUpgrades(reader, attemptIds)
  const offered = await loadOfferedManifests(reader, [...opens.values()])
  const actionIds = new Set([...opens.values()].map(({ actionId }) => actionId))
  const rollouts = await loadRollouts(reader, [...actionIds])
  const clusters = await loadClusterViews(reader, clusterAsks(endpoints, opens))
  const views = new Map<EndpointId, StoredCheckInView>()
  for (const { endpointId, attemptId } of asks) {
    const endpoint = endpoints.get(endpointId)
    if (endpoint === undefined) continue
    const open = opens.get(endpointId) ?? null
    // Nobody may report on another endpoint's attempt; those of a cluster have one in common.
    const reported = attempted.find((each) => {
      return each.attemptId === attemptId && each.endpointId === endpointId
    })
    views.set(endpointId, {
      endpoint,
      open,
      reported: reported ?? null,
      rollout: open === null ? null : (rollouts.get(open.actionId) ?? null),
      cluster: clusters.get(endpointId) ?? null,
      isReleaseOffered: open !== null && offered.has(open.manifestDigest),
      credentialDigest: endpoint.credentialDigest,
      isDeleted: endpoint.deletedAt !== null,
    })
  }
  return views
}

/** Of those that are in a cluster and have an open upgrade. */
function clusterAsks(
  endpoints: ReadonlyMap<EndpointId, Endpoint>,
  opens: ReadonlyMap<EndpointId, Upgrade>,
): readonly ClusterAsk[] {
  return [...opens].flatMap(([endpointId, { actionId }]) => {
    const cluster = endpoints.get(endpointId)?.state.facts.cluster
    return cluster === undefined ? [] : [{ endpointId, cluster: cluster.uid, actionId }]
  })
}

/**
 * What others of the cluster have come to by now; for whoever holds the clusters, so that no two of
 * them lead.
 */
export async function reloadCluster(
  writer: Writer,
  { endpoint, open }: StoredCheckInView,
): Promise<ClusterView | null> {
  const opens = new Map(open === null ? [] : [[endpoint.id, open]])
  const asks = clusterAsks(new Map([[endpoint.id, endpoint]]), opens)
  return (await loadClusterViews(writer, asks)).get(endpoint.id) ?? null
}

/** Those of the upgrades' manifests that are not withdrawn. */
export async function loadOfferedManifests(
  reader: Reader,
  upgrades: readonly { readonly manifestDigest: Digest }[],
): Promise<ReadonlySet<string>> {
  if (upgrades.length === 0) return new Set()
  const digests = new Set(upgrades.map((upgrade) => upgrade.manifestDigest))
  const rows = await reader
    .selectFrom('release')
    .select('manifest_digest')
    .where('manifest_digest', 'in', [...digests])
    .where('withdrawn_at', 'is', null)
    .execute()
  return new Set(rows.map((row) => row.manifest_digest))
}

export type CheckInToSave = {
  readonly endpointId: EndpointId
  readonly received: CheckInReceived
  readonly at: Instant
}

/**
 * In a fixed number of statements, but for endpoints that come back from being deleted. The caller
 * holds the endpoints' rows; each endpoint is there once.
 */
export async function saveCheckIns(
  writer: Writer,
  checkIns: readonly CheckInToSave[],
  tellsProgress: TellsProgress,
): Promise<void> {
  if (checkIns.length === 0) return
  const now = Math.max(...checkIns.map(({ at }) => at))
  await saveStates(writer, checkIns, now)
  for (const { endpointId, received } of checkIns) {
    if (received.isRestored) await saveEndpointRestored(writer, endpointId, now)
  }
  await saveUpgrades(
    writer,
    checkIns.flatMap(({ received }) => received.upgrades),
    tellsProgress,
  )
  const endpointIds = checkIns.map(({ endpointId }) => endpointId)
  await saveLastSeen(writer, endpointIds, now)
}

async function saveStates(
  writer: Writer,
  checkIns: readonly CheckInToSave[],
  now: Instant,
): Promise<void> {
  const changed = checkIns.flatMap(({ endpointId: id, received: { endpoint: state } }) => {
    return state === null ? [] : [{ id, state }]
  })
  const before = await saveEndpointStates(writer, changed)
  const reports = changed.map(({ id, state }) => {
    const health = before.get(id)
    return health === undefined ? null : reportOfHealth(id, health, state.health)
  })
  await saveAgentReports(
    writer,
    now,
    reports.filter((report) => report !== null),
  )
}
