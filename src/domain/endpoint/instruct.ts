/**
 * What an endpoint is told to do, from how its open upgrade stands once its report is recorded. It
 * is told the same at every check-in until it says that it did it, so an answer that is lost costs
 * a delay.
 */
import type { Instant } from '../../base/clock.ts'
import type { AttemptId } from '../../base/ids.ts'
import { type Opening, spreadOpening } from '../rollout/spread.ts'
import { holdsBerth } from '../upgrade/berth.ts'
import { readyWithinS } from '../upgrade/cluster-upgrade.ts'
import type { AttemptProgress } from '../upgrade/record-outcome.ts'
import {
  isBeforeSwitch,
  isCancelling,
  isFinished,
  isRunning,
  isWaiting,
  type Upgrade,
} from '../upgrade/upgrade.ts'
import { whyStopped } from '../upgrade/why-held.ts'
import { openness } from '../upgrade/window.ts'
import type { CheckInLimits, CheckInView } from './check-in-view.ts'

export type CheckInInstruction =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'upgrade'
      readonly upgrade: Upgrade
      readonly attemptId: AttemptId
      readonly startWithinS: number
      readonly probationS: number
      /** It has said that it is staged, and nothing speaks against its switch. */
      readonly maySwitch: boolean
      /** Null: there is no hurry yet. */
      readonly switchWithinS: number | null
      readonly downloadRateMax: number | null
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

type Moment = {
  readonly checkIn: { readonly attempt: AttemptProgress | null }
  readonly limits: CheckInLimits
  readonly now: Instant
}

type Told = {
  readonly instruction: CheckInInstruction
  /** Until it should come again. */
  readonly waitMs: number
}

/**
 * How often an endpoint tells of its progress: a person who watches sees it move, and ten thousand
 * that are upgraded at once cost a thousand check-ins a second.
 */
const PROGRESS_MS = 10_000
/** A permission that was long on its way is asked for again. */
const SWITCH_WITHIN_S = 300

export function instruct(open: Upgrade | null, view: CheckInView, moment: Moment): Told {
  const { checkIn, limits } = moment
  const idle = { instruction: { kind: 'nothing' }, waitMs: limits.intervalS * 1000 } as const
  // What the agent works on without the server's wish any more is to stop first, unless it is past
  // the switch; another offer can wait for the next check-in.
  const { attempt } = checkIn
  if (attempt !== null && !isFinished(attempt.state) && !isWanted(open, attempt.attemptId)) {
    return { instruction: { kind: 'cancel', attemptId: attempt.attemptId }, waitMs: idle.waitMs }
  }
  if (open === null) return idle
  const { attemptId } = open
  if (attemptId !== null && isToStop(open, view, moment)) {
    return { instruction: { kind: 'cancel', attemptId }, waitMs: PROGRESS_MS }
  }
  if (attemptId !== null && (open.state === 'offered' || isBeforeSwitch(open.state))) {
    const waitMs = open.state === 'offered' ? idle.waitMs : PROGRESS_MS
    return { instruction: offer({ ...open, attemptId }, view, moment), waitMs }
  }
  if (isRunning(open.state)) return { ...idle, waitMs: PROGRESS_MS }
  return { ...idle, waitMs: spreadOpening(open.endpointId, openingOf(open, moment)) }
}

function isWanted(open: Upgrade | null, attemptId: AttemptId): boolean {
  if (open === null || open.attemptId !== attemptId) return false
  return !isWaiting(open.state) || holdsBerth(open)
}

function isToStop(open: Upgrade, view: CheckInView, { limits, now }: Moment): boolean {
  if (isCancelling(open)) return true
  // A cluster's image is being moved: its own agent decides when it is too late.
  if (!isBeforeSwitch(open.state) || view.cluster !== null) return false
  const { rollout, isReleaseOffered } = view
  const probationS = probationOf(rollout, limits)
  const at = { closedDays: limits.closedDays, probationS, now }
  return whyStopped(open, { rollout, isReleaseOffered }, at) !== null
}

function offer(
  open: Upgrade & { readonly attemptId: AttemptId },
  { cluster, rollout }: CheckInView,
  { checkIn, limits, now }: Moment,
): CheckInInstruction {
  const { attemptId } = open
  const { closedDays } = limits
  const hours = openness({ window: open.window, zone: open.zone, closedDays }, now)
  const closing = (hours.kind === 'open' ? hours.closesAt : null) ?? Number.POSITIVE_INFINITY
  const until = Math.min(closing, open.expiresAt, open.deadlineAt ?? Number.POSITIVE_INFINITY)
  const told = { upgrade: open, attemptId, startWithinS: secondsUntil(until, now) }
  if (cluster !== null) {
    const { endpointsCount } = cluster
    return { kind: 'upgrade-cluster', ...told, readyWithinS: readyWithinS(endpointsCount) }
  }
  const probationS = probationOf(rollout, limits)
  const isStaged = open.state === 'staged' && checkIn.attempt?.state === 'staged'
  const isStrict = open.window?.strictEnd === true && closing !== Number.POSITIVE_INFINITY
  const strictS = isStrict ? secondsUntil(closing - probationS * 1000, now) : null
  const stagedS = isStaged ? Math.min(SWITCH_WITHIN_S, strictS ?? SWITCH_WITHIN_S) : strictS
  const downloadRateMax = rollout?.policy.downloadRate ?? null
  const how = { probationS, maySwitch: isStaged, switchWithinS: stagedS, downloadRateMax }
  return { kind: 'upgrade', ...told, ...how }
}

/** How long a new version may take to prove itself. */
export function probationOf(
  rollout: CheckInView['rollout'],
  limits: Pick<CheckInLimits, 'probationS'>,
): number {
  const minutes = rollout?.policy.probationMinutes ?? null
  return minutes === null ? limits.probationS : minutes * 60
}

function secondsUntil(until: Instant, now: Instant): number {
  return Math.max(0, Math.floor((until - now) / 1000))
}

function openingOf({ window, zone }: Upgrade, { limits, now }: Moment): Opening {
  const intervalMs = limits.intervalS * 1000
  const hours = { window, zone, closedDays: limits.closedDays }
  const present = openness(hours, now)
  const opensAt = present.kind === 'open' ? null : present.opensAt
  // Looked at only where the next call would be after the opening.
  const after = opensAt !== null && opensAt - now < intervalMs ? openness(hours, opensAt) : null
  return { now, opensAt, intervalMs, closesAt: after?.kind === 'open' ? after.closesAt : null }
}
