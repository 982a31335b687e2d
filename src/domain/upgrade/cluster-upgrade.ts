/**
 * An upgrade of an endpoint in a cluster, at one of its check-ins. One endpoint of the cluster
 * leads: it is told to move the image, and says how that goes; the others wait for their pods to
 * be replaced. The parties: this endpoint; the others of its cluster that the same action moves,
 * some of which may lead or have led; other clusters, of which one moves at a time.
 *
 * Guaranteed: as far as the server knows, one leads. That nobody moves an image twice is guaranteed
 * by the cluster itself (docs/adr/0024-cluster-upgrades.md), so a second leader does no harm: one
 * is named when the first has fallen silent, under the same attempt.
 */
import type { Instant } from '../../base/clock.ts'
import type { AttemptId } from '../../base/ids.ts'
import type { AttemptProgress } from './record-outcome.ts'
import { isFinished, isRunning, isWaiting, type Upgrade, type WaitingReason } from './upgrade.ts'

/** What a check-in of an endpoint in a cluster is decided on, beside its own upgrade. */
export type ClusterView = {
  /** Upgrades of the same action and cluster that were offered or tried; not the endpoint's own. */
  readonly others: readonly ClusterAttempt[]
  /** An endpoint of another cluster holds a berth. */
  readonly isOtherMoving: boolean
  /** How many endpoints the cluster has. */
  readonly endpointsCount: number
}

export type ClusterAttempt = Pick<
  Upgrade,
  'attemptId' | 'state' | 'reason' | 'message' | 'changedAt'
> & { readonly lastSeen: Instant }

/**
 * A leader that is not heard of for so long is not waited for. Its own pod is replaced by what it
 * does, which takes a minute; a machine of a cluster that was lost is lost for longer.
 */
export const LEADER_SILENCE_MS = 5 * 60_000
/** A check-in may come late without its agent being gone. */
const SILENT_INTERVALS = 3

/**
 * A cluster that was heard of while its image moved and then says nothing for so long is given up:
 * other clusters wait for it.
 */
export const CLUSTER_SILENCE_MS = 2 * 3_600_000

const READY_BASE_S = 15 * 60
/** A pod for each endpoint, one after the other: the image pulled, the old agent stopped. */
const READY_EACH_S = 2 * 60
const READY_S_MAX = 24 * 3_600

export function readyWithinS(endpointsCount: number): number {
  return Math.min(READY_S_MAX, READY_BASE_S + READY_EACH_S * endpointsCount)
}

/** The attempt under which this cluster was moved before, by whomever; null: by nobody yet. */
export function attemptOfCluster(cluster: ClusterView): AttemptId | null {
  return cluster.others.find((each) => each.attemptId !== null)?.attemptId ?? null
}

/**
 * An agent that took over in the cluster speaks of an attempt that the server gave to another: it
 * is this endpoint's from now on. Null: it is not the cluster's attempt.
 */
export function joinedAttempt(
  open: Upgrade,
  cluster: ClusterView,
  progress: AttemptProgress | null,
): Upgrade | null {
  if (progress === null || !isWaiting(open.state)) return null
  const isClusters = cluster.others.some((each) => each.attemptId === progress.attemptId)
  return isClusters ? { ...open, attemptId: progress.attemptId, attempts: open.attempts + 1 } : null
}

/** What becomes of a waiting upgrade by what others of the cluster have come to; null: it waits. */
export function endWithCluster(
  open: Upgrade,
  cluster: ClusterView,
  moment: { readonly runsTarget: boolean; readonly mayLead: boolean; readonly now: Instant },
): Upgrade | null {
  const { runsTarget, mayLead, now } = moment
  const changedAt = now
  const outcome = outcomeOf(cluster)
  if (outcome.kind === 'succeeded') {
    return runsTarget ? { ...open, state: 'succeeded', reason: 'upgraded', changedAt } : null
  }
  if (outcome.kind === 'taken-back') {
    const { state, reason, message } = outcome.attempt
    return { ...open, state, reason, message, changedAt }
  }
  // While the image moves it may still be taken back: that its pod was replaced already is no end.
  const isUndecided = outcome.kind === 'moving' || open.attemptId !== null
  if (!runsTarget || (isUndecided && mayLead)) return null
  return { ...open, state: 'succeeded', reason: 'already-at-version', changedAt }
}

/** Why a waiting upgrade of the cluster is not offered to this endpoint now; null: it is. */
export function whyClusterHeld(
  open: Upgrade,
  cluster: ClusterView,
  moment: { readonly mayLead: boolean; readonly intervalS: number; readonly now: Instant },
): WaitingReason | null {
  const { mayLead, intervalS, now } = moment
  if (outcomeOf(cluster).kind === 'succeeded') return 'moved-with-cluster'
  // One whose offer lapsed had its chance: it may have lost its way to the API of the cluster.
  const leaders = cluster.others.filter(({ state }) => state === 'offered' || isRunning(state))
  const silenceMs = Math.max(LEADER_SILENCE_MS, SILENT_INTERVALS * intervalS * 1000)
  const isLed = leaders.some((each) => now - each.lastSeen < silenceMs)
  if (open.state !== 'offered' && isLed) {
    return hasBegun(cluster) ? 'moved-with-cluster' : 'awaiting-cluster'
  }
  if (!mayLead) return 'cluster-upgrade-not-granted'
  return open.state !== 'offered' && cluster.isOtherMoving ? 'other-cluster-first' : null
}

/** The image has been moved: the window is not asked any more, and the berth is the cluster's. */
export function hasBegun(cluster: ClusterView): boolean {
  return cluster.others.some((each) => isRunning(each.state) || each.state === 'timed-out')
}

/** Running, and given up when its cluster is. */
export function ofCluster(upgrade: Upgrade, now: Instant): Upgrade {
  return isRunning(upgrade.state) ? { ...upgrade, deadlineAt: now + CLUSTER_SILENCE_MS } : upgrade
}

type ClusterOutcome =
  | { readonly kind: 'none' | 'moving' | 'succeeded' }
  | { readonly kind: 'taken-back'; readonly attempt: ClusterAttempt }

/**
 * What the cluster has come to, as its leaders said. One that was given up, cancelled or expired
 * said nothing of the cluster: another asks it.
 */
function outcomeOf({ others }: ClusterView): ClusterOutcome {
  const said = others.filter((each) => ['succeeded', 'rolled-back', 'failed'].includes(each.state))
  const [last] = said.toSorted((left, right) => right.changedAt - left.changedAt)
  if (last?.state === 'succeeded') return { kind: 'succeeded' }
  if (last !== undefined) return { kind: 'taken-back', attempt: last }
  const isMoving = others.some((each) => !isFinished(each.state) || each.state === 'timed-out')
  return { kind: isMoving ? 'moving' : 'none' }
}
