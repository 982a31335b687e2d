import type { Instant } from '../../base/clock.ts'
import type { AttemptId } from '../../base/ids.ts'
import { failureKind } from './attempt-failures.ts'
import { holdsBerth } from './berth.ts'
import { cancelled } from './cancel-upgrade.ts'
import { phaseDeadline } from './phase-deadline.ts'
import {
  isBeforeSwitch,
  isCancelling,
  isFinished,
  isPastSwitch,
  isWaiting,
  type Upgrade,
  type UpgradeState,
} from './upgrade.ts'

/** What an agent says of an attempt, in house words. */
export type AttemptProgress = {
  readonly attemptId: AttemptId
  readonly state: Extract<
    UpgradeState,
    'downloading' | 'staged' | 'switching' | 'on-probation' | 'succeeded' | 'rolled-back' | 'failed'
  >
  readonly percent: number
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly reason: string | null
  readonly message: string | null
}

/** What a rollout says of attempts. */
export type AttemptRules = { readonly maxAttempts: number; readonly probationS: number }

/** What the report makes of the upgrade; the same upgrade when it says nothing new. */
export function decideRecordOutcome(
  upgrade: Upgrade,
  progress: AttemptProgress,
  rules: AttemptRules,
  now: Instant,
): Upgrade {
  if (upgrade.attemptId !== progress.attemptId) return upgrade
  if (isFinished(upgrade.state) && !isLateTruth(upgrade.state, progress.state)) return upgrade
  if (progress.state === 'failed') return afterFailure(upgrade, progress, rules, now)
  if (isOldNews(upgrade.state, progress.state)) return upgrade
  // It gave its berth back, or never had it: it is told to stop, and is not counted.
  const isTooLate = isWaiting(upgrade.state) && !holdsBerth(upgrade)
  if (isTooLate && isBeforeSwitch(progress.state)) return upgrade
  if (progress.state === 'succeeded' && upgrade.steps.length > 0) {
    // One that was given up is over, though its first step is known now.
    if (isFinished(upgrade.state)) return upgrade
    return upgrade.cancelRequestedAt === null ? nextStep(upgrade, now) : cancelled(upgrade, now)
  }
  return told(upgrade, progress, rules, now)
}

function told(
  upgrade: Upgrade,
  progress: AttemptProgress,
  { probationS }: AttemptRules,
  now: Instant,
): Upgrade {
  const { state, percent, bytesDone, bytesTotal } = progress
  // Why somebody cancelled it is said until it has stopped, or did not.
  const isStopping = isCancelling(upgrade) && isBeforeSwitch(state)
  const message = isStopping ? upgrade.message : progress.message
  const reason = state === 'succeeded' ? 'upgraded' : progress.reason
  const isNews =
    upgrade.state !== state ||
    upgrade.percent !== percent ||
    upgrade.bytesDone !== bytesDone ||
    upgrade.reason !== reason ||
    upgrade.message !== message
  if (!isNews) return upgrade
  const deadlineAt = phaseDeadline(state, probationS, now) ?? upgrade.deadlineAt
  const become = { state, percent, bytesDone, bytesTotal, reason, message }
  return { ...upgrade, ...become, deadlineAt, changedAt: now }
}

function afterFailure(
  upgrade: Upgrade,
  progress: AttemptProgress,
  rules: AttemptRules,
  now: Instant,
): Upgrade {
  const { reason, message } = progress
  const kind = failureKind(reason)
  const isStopped = kind === 'stopped'
  // A late word of what is over: a timed-out one is known now, the others stay as they are.
  if (isFinished(upgrade.state)) return told(upgrade, progress, rules, now)
  if (upgrade.cancelRequestedAt !== null && isStopped) return cancelled(upgrade, now)
  if (isStopped) return again(upgrade, { reason: 'stopped-to-wait', message: null, now })
  if (kind === 'final' || upgrade.attempts >= rules.maxAttempts || isCancelling(upgrade)) {
    return told(upgrade, progress, rules, now)
  }
  const waits = again(upgrade, { reason: 'awaiting-retry', message, now })
  return { ...waits, notBefore: now + backOffMs(upgrade.attempts) }
}

const BACK_OFF_FIRST_MS = 5 * 60_000
export const BACK_OFF_MAX_MS = 6 * 3_600_000

/** Before the next try, behind so many. */
export function backOffMs(attempts: number): number {
  return Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** Math.max(0, attempts - 1))
}

type Again = {
  readonly reason: 'stopped-to-wait' | 'awaiting-retry' | 'next-step'
  readonly message: string | null
  readonly now: Instant
}

/** It waits for its turn again, and its next try is another attempt. */
function again(upgrade: Upgrade, { reason, message, now }: Again): Upgrade {
  return {
    ...upgrade,
    state: 'queued',
    reason,
    message,
    attemptId: null,
    // What was stopped did not fail: it has as many tries as before.
    attempts: reason === 'stopped-to-wait' ? upgrade.attempts - 1 : upgrade.attempts,
    deadlineAt: null,
    percent: 0,
    bytesDone: 0,
    changedAt: now,
  }
}

/** The version on the way is there; the one behind it is next. */
export function nextStep(upgrade: Upgrade, now: Instant): Upgrade {
  const [step, ...steps] = upgrade.steps
  if (step === undefined) return upgrade
  const waits = again(upgrade, { reason: 'next-step', message: null, now })
  const { version: targetVersion, manifestDigest } = step
  return { ...waits, targetVersion, manifestDigest, steps, attempts: 0, notBefore: null }
}

/**
 * A report that was overtaken on its way. Taken for the truth, it would make what may have switched
 * free to be taken over, and its failure nobody's. An agent that was killed as it asked its
 * launcher to switch says `staged` once more.
 */
function isOldNews(known: UpgradeState, told: UpgradeState): boolean {
  if (told === 'downloading') return known === 'staged' || isPastSwitch(known)
  return known === 'on-probation' && (told === 'staged' || told === 'switching')
}

/**
 * What the server ended without the endpoint's word may be told otherwise by it: an agent that is
 * past the switch is not stopped any more, neither by a newer action nor by the end of its own.
 */
function isLateTruth(ended: UpgradeState, told: UpgradeState): boolean {
  if (ended === 'timed-out') return isFinished(told)
  const isEndedByServer = ended === 'cancelled' || ended === 'expired'
  return isEndedByServer && (told === 'succeeded' || told === 'rolled-back')
}
