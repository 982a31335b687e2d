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
import { berthStandsMs, holdsBerth } from '../upgrade/berth.ts'
import { cancelled } from '../upgrade/cancel-upgrade.ts'
import {
  attemptOfCluster,
  endWithCluster,
  hasBegun,
  joinedAttempt,
  ofCluster,
  whyClusterHeld,
} from '../upgrade/cluster-upgrade.ts'
import {
  type AttemptProgress,
  type AttemptRules,
  decideRecordOutcome,
  nextStep,
} from '../upgrade/record-outcome.ts'
import {
  isCancelling,
  isFinished,
  isRunning,
  isWaiting,
  type Upgrade,
  type WaitingReason,
} from '../upgrade/upgrade.ts'
import { whyHeld } from '../upgrade/why-held.ts'
import { ENDPOINT_ZONE } from '../upgrade/window.ts'
import type { CheckInLimits, CheckInView } from './check-in-view.ts'
import type { Endpoint, EndpointFacts, EndpointState, Health, SkippedVersion } from './endpoint.ts'
import { fingerprintOf } from './fingerprint.ts'
import { type CheckInInstruction, instruct, probationOf } from './instruct.ts'

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

export type CheckInReceived = {
  /** Null when nothing changed that must be kept. */
  readonly endpoint: EndpointState | null
  /** It was deleted, and is not any more. */
  readonly isRestored: boolean
  /** Those that changed, whole. */
  readonly upgrades: readonly Upgrade[]
  /** The endpoint is to move its cluster, which is only true if no other of it does. */
  readonly takesLead: boolean
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
  const seen = inItsZone(view, moment)
  const reported = recordReport(seen, moment)
  const open = advanceOpen(seen, reported, moment)
  const upgrades = [reported, open].filter((each) => each !== null)
  const { instruction, waitMs } = instruct(open, seen, moment)
  return {
    endpoint,
    isRestored: view.isDeleted,
    upgrades: uniqueUpgrades(upgrades.filter((each) => isChanged(view, each))),
    takesLead: view.cluster !== null && isOfferedAnew(view.open, open),
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
    takesLead: false,
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

/**
 * Where the hours of an upgrade are its endpoint's own, they follow the endpoint when it is
 * carried to another zone. Any other zone is what was ordered, and stays.
 */
function inItsZone(view: CheckInView, { checkIn, limits }: Moment): CheckInView {
  const zone = checkIn.facts?.timeZone ?? null
  const { open, reported } = view
  if (zone === null || open === null || open.zone === zone) return view
  const ordered = open.window === null ? limits.timeZone : open.window.zone
  if (ordered !== ENDPOINT_ZONE) return view
  const isOpens = reported !== null && reported.actionId === open.actionId
  return {
    ...view,
    open: { ...open, zone },
    reported: isOpens ? { ...reported, zone } : reported,
  }
}

function recordReport(view: CheckInView, { checkIn, limits, now }: Moment): Upgrade | null {
  const { open, cluster } = view
  const { attempt } = checkIn
  const joined = open && cluster ? joinedAttempt(open, cluster, attempt) : null
  const reported = view.reported ?? joined
  if (reported === null || attempt === null) return reported
  const recorded = decideRecordOutcome(reported, attempt, rulesOf(view, limits), now)
  return cluster === null || recorded === reported ? recorded : ofCluster(recorded, now)
}

function rulesOf({ rollout }: CheckInView, limits: CheckInLimits): AttemptRules {
  const maxAttempts = rollout?.policy.maxAttempts ?? 1
  return { maxAttempts, probationS: probationOf(rollout, limits) }
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
    if (open.steps.length > 0) return nextStep(open, now)
    return { ...open, state: 'succeeded', reason: 'already-at-version', changedAt: now }
  }
  if (isWaiting(open.state) && isCancelledWhole(view)) return cancelled(open, now)
  if (isRunning(open.state)) {
    // A life never forgets what it works on: said by the same one, it was long on its way.
    const isNewLife = checkIn.runId !== view.endpoint.state.runId
    return isReported || !isNewLife ? open : requeueLost(open, view, moment)
  }
  if (isVersionKnownBad(open, checkIn)) {
    return { ...open, state: 'failed', reason: 'version-failed-here', changedAt: now }
  }
  return offerOrHold(open, view, moment)
}

/** What was past its switch then, and waits again for whatever reason, has nothing to wait for. */
function isCancelledWhole({ rollout, cluster }: CheckInView): boolean {
  return rollout?.state === 'cancelled' && !(cluster !== null && hasBegun(cluster))
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
 * It was running, and a new life of the agent says nothing of it: its journal was lost. It waits to
 * be offered again, under the same attempt: if the agent knows it after all, its next report is
 * still understood. Its berth stays its own meanwhile, unless nothing may be offered now: what is
 * paused holds none. What somebody cancelled has nothing to wait for.
 */
function requeueLost(open: Upgrade, view: CheckInView, moment: Moment): Upgrade {
  const { limits, now } = moment
  if (isCancelling(open)) return cancelled(open, now)
  const lost: Upgrade = {
    ...open,
    state: 'queued',
    reason: 'journal-lost',
    percent: 0,
    bytesDone: 0,
    deadlineAt: now + berthStandsMs(limits.intervalS),
    changedAt: now,
  }
  const reason = heldBy(lost, view, moment)
  return reason === null ? lost : held(lost, reason, now)
}

function isVersionKnownBad(open: Upgrade, checkIn: CheckIn): boolean {
  if (open.retrySkipped) return false
  return checkIn.skipped.some((skipped) => skipped.manifestDigest === open.manifestDigest)
}

function offerOrHold(open: Upgrade, view: CheckInView, moment: Moment): Upgrade {
  const { checkIn, limits, now } = moment
  const reason = heldBy(open, view, moment)
  if (reason !== null) {
    if (open.state === 'queued' && open.reason === reason && !holdsBerth(open)) return open
    return held(open, reason, now)
  }
  const isLapsed = open.deadlineAt !== null && now >= open.deadlineAt
  if (open.state === 'offered' && !isLapsed) return open
  // An offer that lapsed with its window is renewed under the same attempt: the agent may have
  // begun it, and its report be on the way.
  const isRenewed = open.attemptId !== null
  const ofOthers = view.cluster === null ? null : attemptOfCluster(view.cluster)
  const attemptId = open.attemptId ?? ofOthers ?? checkIn.newAttemptId
  const attempts = isRenewed ? open.attempts : open.attempts + 1
  const deadlineAt = now + berthStandsMs(limits.intervalS)
  const offered = { state: 'offered', reason: 'offered', attemptId, attempts } as const
  return { ...open, ...offered, deadlineAt, changedAt: now }
}

/** Without a berth, which others may have meanwhile. */
function held(open: Upgrade, reason: WaitingReason, now: Instant): Upgrade {
  return { ...open, state: 'queued', reason, deadlineAt: null, changedAt: now }
}

function heldBy(open: Upgrade, view: CheckInView, moment: Moment): WaitingReason | null {
  const { checkIn, limits, now } = moment
  const { cluster, rollout, isReleaseOffered } = view
  const isContinued = cluster !== null && hasBegun(cluster)
  const probationS = probationOf(rollout, limits)
  const at = { closedDays: limits.closedDays, probationS, now }
  const why = isContinued ? null : whyHeld(open, { rollout, isReleaseOffered }, at)
  // What the planner says of berths is asked last: a cluster says more of why it waits.
  if (why !== null && !why.isForBerth) return why.reason
  if (cluster !== null) {
    const { intervalS } = limits
    const about = { mayLead: mayLead(view.endpoint, checkIn), intervalS, now }
    const reason = whyClusterHeld(open, cluster, about)
    if (reason !== null) return reason
  }
  if (why !== null) return why.reason
  const { attempt } = checkIn
  const isBusy = attempt !== null && !isFinished(attempt.state)
  // What speaks of another attempt once this one was offered has been long on its way.
  const isFree = open.state === 'offered' || !isBusy || attempt.attemptId === open.attemptId
  return isFree ? null : 'previous-attempt-ending'
}

function isOfferedAnew(before: Upgrade | null, after: Upgrade | null): boolean {
  if (before === null || after === null || holdsBerth(before)) return false
  return after.state === 'offered' && holdsBerth(after)
}

/**
 * The attempt whose end is stored now, or was, or which the server does not know or has followed by
 * another: no need to repeat it.
 */
function acknowledge(attempt: AttemptProgress | null, reported: Upgrade | null): AttemptId | null {
  if (attempt === null || !isFinished(attempt.state)) return null
  const isOver = reported === null || isFinished(reported.state)
  return isOver || reported.attemptId !== attempt.attemptId ? attempt.attemptId : null
}

function isChanged(view: CheckInView, upgrade: Upgrade): boolean {
  return upgrade !== view.open && upgrade !== view.reported
}

function uniqueUpgrades(upgrades: readonly Upgrade[]): Upgrade[] {
  return [...new Map(upgrades.map((upgrade) => [upgrade.actionId, upgrade])).values()]
}
