/**
 * A check-in: an endpoint says how it is, and is told what to do. The whole decision is made here,
 * from what the store knew and what the agent said, so that every case is a row in a table. Both
 * sides repeat themselves until they are answered, so a lost request or reply costs a delay: an
 * offer is made again while it stands, an attempt's end is reported until it is acknowledged.
 *
 * Who may be wrong: the agent's clock is never asked; its report may come twice, late, or not at
 * all; its journal may be gone (reinstalled, restored from an image); its whole state may be a copy
 * that runs elsewhere too.
 */
import type { Instant } from '../../base/clock.ts'
import type { Digest } from '../../base/digest.ts'
import type { AttemptId, RunId } from '../../base/ids.ts'
import type { AgentVersion } from '../../base/version.ts'
import { holdsBerth, OFFER_STANDS_MS } from '../upgrade/berth.ts'
import { cancelled } from '../upgrade/cancel-upgrade.ts'
import {
  attemptOfCluster,
  type ClusterView,
  endWithCluster,
  hasBegun,
  joinedAttempt,
  readyWithinS,
  sooner,
  whyClusterHeld,
} from '../upgrade/cluster-upgrade.ts'
import { type AttemptProgress, decideRecordOutcome } from '../upgrade/record-outcome.ts'
import {
  isCancelling,
  isFinished,
  isRunning,
  isWaiting,
  type Upgrade,
  type WaitingReason,
} from '../upgrade/upgrade.ts'
import { closesAt, isOpen, opensAt } from '../upgrade/window.ts'
import type { Endpoint, EndpointFacts, EndpointState, Health, SkippedVersion } from './endpoint.ts'
import { fingerprintOf } from './fingerprint.ts'

export type CheckIn = {
  readonly runId: RunId
  readonly version: AgentVersion
  readonly manifestDigest: Digest
  readonly factsDigest: Digest
  /** Null when the agent thinks that the server knows them. */
  readonly facts: EndpointFacts | null
  readonly health: Health
  readonly attempt: AttemptProgress | null
  readonly skipped: readonly SkippedVersion[]
  /** Used if an attempt begins with this check-in. */
  readonly newAttemptId: AttemptId
}

export type CheckInView = {
  readonly endpoint: Endpoint
  /** Somebody deleted it; that it checks in again brings it back. */
  readonly isDeleted: boolean
  /** The upgrade that waits or runs here; there is at most one. */
  readonly open: Upgrade | null
  /**
   * The upgrade whose attempt the check-in speaks of, whatever its state; null: the server knows no
   * such.
   */
  readonly reported: Upgrade | null
  /** Whether the open upgrade's release is still offered. */
  readonly isReleaseOffered: boolean
  /** Of an endpoint in a cluster that has an open upgrade. */
  readonly cluster: ClusterView | null
  /** Whether one more upgrade may run; asked for only where `takesBerth` says that one would. */
  readonly isBerthFree: boolean
}

export type CheckInLimits = {
  readonly intervalS: number
  readonly probationS: number
}

export type CheckInInstruction =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'upgrade'
      readonly upgrade: Upgrade
      readonly attemptId: AttemptId
      readonly startWithinS: number
      readonly probationS: number
    }
  | {
      readonly kind: 'upgrade-cluster'
      readonly upgrade: Upgrade
      readonly attemptId: AttemptId
      readonly startWithinS: number
      readonly readyWithinS: number
    }
  | { readonly kind: 'cancel'; readonly attemptId: AttemptId }
  | { readonly kind: 'enrol-as-copy' }

export type CheckInReceived = {
  /** Null when nothing changed that must be kept. */
  readonly endpoint: EndpointState | null
  /** It was deleted, and is not any more. */
  readonly isRestored: boolean
  /** Those that changed, whole. */
  readonly upgrades: readonly Upgrade[]
  /** The upgrade is offered anew, which is only true if a berth is free. */
  readonly takesBerth: boolean
  readonly instruction: CheckInInstruction
  readonly acknowledgedAttempt: AttemptId | null
  readonly wantFacts: boolean
  readonly intervalS: number
}

type Moment = {
  readonly checkIn: CheckIn
  readonly limits: CheckInLimits
  readonly now: Instant
}

export function decideReceiveCheckIn(
  view: CheckInView,
  checkIn: CheckIn,
  limits: CheckInLimits,
  now: Instant,
): CheckInReceived {
  if (isSupersededRun(view.endpoint.state, checkIn)) return turnAwayCopy(limits)
  const endpoint = nextEndpointState(view.endpoint.state, checkIn)
  const moment = { checkIn, limits, now }
  const reported = recordReport(view, checkIn, now)
  const open = advanceOpen(view, reported, moment)
  const upgrades = [reported, open].filter((each) => each !== null)
  const { instruction, waitMs } = instruct(open, view.cluster, moment)
  return {
    endpoint,
    isRestored: view.isDeleted,
    upgrades: uniqueUpgrades(upgrades.filter((each) => isChanged(view, each))),
    takesBerth: isOfferedAnew(view.open, open),
    instruction,
    acknowledgedAttempt: acknowledge(checkIn.attempt, reported),
    wantFacts: (endpoint ?? view.endpoint.state).factsDigest !== checkIn.factsDigest,
    intervalS: Math.max(1, Math.min(limits.intervalS, Math.ceil(waitMs / 1000))),
  }
}

/**
 * The answer to a check-in that says what is known, of an endpoint without an open upgrade: the
 * whole decision, where only that much was read.
 */
export function nothingNew(limits: CheckInLimits): CheckInReceived {
  return {
    endpoint: null,
    isRestored: false,
    upgrades: [],
    takesBerth: false,
    instruction: { kind: 'nothing' },
    acknowledgedAttempt: null,
    wantFacts: false,
    intervalS: limits.intervalS,
  }
}

/** The life before the current one speaks again: two agents are alive with one identity. */
function isSupersededRun(state: EndpointState, checkIn: CheckIn): boolean {
  return checkIn.runId !== state.runId && checkIn.runId === state.previousRunId
}

function turnAwayCopy(limits: CheckInLimits): CheckInReceived {
  return { ...nothingNew(limits), instruction: { kind: 'enrol-as-copy' } }
}

/** The endpoint as the check-in leaves it; null when that is how it was. */
function nextEndpointState(state: EndpointState, checkIn: CheckIn): EndpointState | null {
  const next = {
    version: checkIn.version,
    manifestDigest: checkIn.manifestDigest,
    facts: checkIn.facts ?? state.facts,
    factsDigest: checkIn.facts === null ? state.factsDigest : checkIn.factsDigest,
    health: checkIn.health,
    skipped: checkIn.skipped,
    runId: checkIn.runId,
    previousRunId: checkIn.runId === state.runId ? state.previousRunId : state.runId,
  }
  return fingerprintOf(next) === fingerprintOf(state) ? null : next
}

function recordReport(view: CheckInView, checkIn: CheckIn, now: Instant): Upgrade | null {
  const { open, cluster } = view
  const { attempt } = checkIn
  const joined = open && cluster ? joinedAttempt(open, cluster, attempt) : null
  const reported = view.reported ?? joined
  if (reported === null || attempt === null) return reported
  const recorded = decideRecordOutcome(reported, attempt, now)
  return cluster === null ? recorded : sooner(recorded, now)
}

/**
 * The open upgrade after this check-in: reported on, found done, offered, or put back in the queue.
 */
function advanceOpen(view: CheckInView, reported: Upgrade | null, moment: Moment): Upgrade | null {
  if (view.open === null) return null
  const { checkIn, now } = moment
  const isReported = reported !== null && reported.actionId === view.open.actionId
  const open = isReported ? reported : view.open
  if (isFinished(open.state)) return open
  const ended = endInCluster(open, view, moment)
  if (ended !== null) return ended
  const isThere = view.cluster === null && checkIn.manifestDigest === open.manifestDigest
  if (isWaiting(open.state) && isThere) {
    return { ...open, state: 'succeeded', reason: 'already-at-version', changedAt: now }
  }
  if (isRunning(open.state)) return isReported ? open : requeueLost(open, now)
  if (isVersionKnownBad(open, checkIn)) {
    return { ...open, state: 'failed', reason: 'version-failed-here', changedAt: now }
  }
  return offerOrHold(open, view, moment)
}

function endInCluster(open: Upgrade, { cluster, endpoint }: CheckInView, moment: Moment) {
  if (cluster === null || !isWaiting(open.state)) return null
  const { checkIn, now } = moment
  const runsTarget = checkIn.manifestDigest === open.manifestDigest
  return endWithCluster(open, cluster, { runsTarget, mayLead: mayLead(endpoint, checkIn), now })
}

/** As the agent says now, or said before. */
function mayLead(endpoint: Endpoint, checkIn: CheckIn): boolean {
  const { cluster } = checkIn.facts ?? endpoint.state.facts
  return cluster !== undefined && cluster.uid !== '' && cluster.mayUpgrade
}

/**
 * It was running, and the agent says nothing of it: its journal was lost, or this report was long
 * on its way. It waits to be offered again, under the same attempt: if the agent knows it after
 * all, its next report is still understood. Its berth stays its own meanwhile. What somebody
 * cancelled has nothing to wait for.
 */
function requeueLost(open: Upgrade, now: Instant): Upgrade {
  if (isCancelling(open)) return cancelled(open, now)
  return {
    ...open,
    state: 'queued',
    reason: 'journal-lost',
    percent: 0,
    bytesDone: 0,
    deadlineAt: now + OFFER_STANDS_MS,
    changedAt: now,
  }
}

function isVersionKnownBad(open: Upgrade, checkIn: CheckIn): boolean {
  if (open.retrySkipped) return false
  return checkIn.skipped.some((skipped) => skipped.manifestDigest === open.manifestDigest)
}

function offerOrHold(open: Upgrade, view: CheckInView, moment: Moment): Upgrade {
  const { checkIn, now } = moment
  const reason = whyHeld(open, view, moment)
  if (reason !== null) {
    if (open.state === 'queued' && open.reason === reason && !holdsBerth(open)) return open
    return { ...open, state: 'queued', reason, deadlineAt: null, changedAt: now }
  }
  const isLapsed = open.deadlineAt !== null && now >= open.deadlineAt
  if (open.state === 'offered' && !isLapsed) return open
  // An offer that lapsed with its window is renewed under the same attempt: the agent may have
  // begun it, and its report be on the way.
  const isRenewed = open.attemptId !== null
  const ofCluster = view.cluster === null ? null : attemptOfCluster(view.cluster)
  const attemptId = open.attemptId ?? ofCluster ?? checkIn.newAttemptId
  const attempts = isRenewed ? open.attempts : open.attempts + 1
  const deadlineAt = now + OFFER_STANDS_MS
  const offered = { state: 'offered', reason: 'offered', attemptId, attempts } as const
  return { ...open, ...offered, deadlineAt, changedAt: now }
}

function whyHeld(open: Upgrade, view: CheckInView, moment: Moment): WaitingReason | null {
  const { checkIn, limits, now } = moment
  const { cluster } = view
  const isContinued = cluster !== null && hasBegun(cluster)
  if (!view.isReleaseOffered && !isContinued) return 'release-withdrawn'
  if (!isOpen(open.window, now) && !isContinued) return 'outside-window'
  if (cluster !== null) {
    const { intervalS } = limits
    const about = { mayLead: mayLead(view.endpoint, checkIn), intervalS, now }
    const reason = whyClusterHeld(open, cluster, about)
    if (reason !== null) return reason
  }
  const hasBerth = open.state === 'offered' || holdsBerth(open)
  return view.isBerthFree || hasBerth || isContinued ? null : 'parallel-limit'
}

function isOfferedAnew(before: Upgrade | null, after: Upgrade | null): boolean {
  if (before === null || after === null || holdsBerth(before)) return false
  return after.state === 'offered' && holdsBerth(after)
}

/**
 * How often an endpoint tells of its progress: a person who watches sees it move, and ten thousand
 * that are upgraded at once cost a thousand check-ins a second.
 */
const PROGRESS_MS = 10_000

function instruct(
  open: Upgrade | null,
  cluster: ClusterView | null,
  moment: Moment,
): { readonly instruction: CheckInInstruction; readonly waitMs: number } {
  const { checkIn, limits, now } = moment
  const nothing = { instruction: { kind: 'nothing' }, waitMs: limits.intervalS * 1000 } as const
  // What the agent works on without the server's wish any more is to stop first, unless it is past
  // the switch; another offer can wait for the next check-in.
  const attempt = checkIn.attempt
  const isUnwanted =
    attempt !== null && !isFinished(attempt.state) && open?.attemptId !== attempt.attemptId
  if (isUnwanted) {
    return { instruction: { kind: 'cancel', attemptId: attempt.attemptId }, waitMs: nothing.waitMs }
  }
  if (open !== null && open.attemptId !== null && isCancelling(open)) {
    const { attemptId } = open
    return { instruction: { kind: 'cancel', attemptId }, waitMs: PROGRESS_MS }
  }
  if (open !== null && open.state === 'offered' && open.attemptId !== null) {
    const closing = closesAt(open.window, now) ?? Number.POSITIVE_INFINITY
    const until = Math.min(closing, open.expiresAt, open.deadlineAt ?? Number.POSITIVE_INFINITY)
    const startWithinS = Math.max(0, Math.floor((until - now) / 1000))
    const offer = { upgrade: open, attemptId: open.attemptId, startWithinS }
    const instruction: CheckInInstruction =
      cluster === null
        ? { kind: 'upgrade', ...offer, probationS: limits.probationS }
        : { kind: 'upgrade-cluster', ...offer, readyWithinS: readyWithinS(cluster.endpointsCount) }
    return { instruction, waitMs: nothing.waitMs }
  }
  if (open !== null && isRunning(open.state)) return { ...nothing, waitMs: PROGRESS_MS }
  const opening = open?.state === 'queued' ? opensAt(open.window, now) : null
  return { ...nothing, waitMs: opening === null ? nothing.waitMs : opening - now }
}

/**
 * The attempt whose end is stored now, or was, or which the server does not know: no need to repeat
 * it.
 */
function acknowledge(attempt: AttemptProgress | null, reported: Upgrade | null): AttemptId | null {
  if (attempt === null || !isFinished(attempt.state)) return null
  return reported === null || isFinished(reported.state) ? attempt.attemptId : null
}

function isChanged(view: CheckInView, upgrade: Upgrade): boolean {
  return upgrade !== view.open && upgrade !== view.reported
}

function uniqueUpgrades(upgrades: readonly Upgrade[]): Upgrade[] {
  return [...new Map(upgrades.map((upgrade) => [upgrade.actionId, upgrade])).values()]
}
