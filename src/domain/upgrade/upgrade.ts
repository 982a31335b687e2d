import type { Instant } from '../../base/clock.ts'
import type { Digest } from '../../base/digest.ts'
import type { AttemptId, EndpointId, UpgradeActionId } from '../../base/ids.ts'
import type { AgentVersion } from '../../base/version.ts'
import type { Window } from './window.ts'

/**
 * One endpoint's journey within an upgrade action. Moves, listed once: `queued -> offered ->
 * downloading -> staged -> switching -> on-probation -> succeeded | rolled-back | failed`; `offered
 * -> queued` when the window closed or the offer lapsed before the agent began, or when an agent
 * lost its journal; `downloading | staged -> queued` when it was told to wait (pause, halt, the end
 * of a strict window) and has stopped, or tries again later; `downloading -> queued` when it has
 * vanished; `on-probation -> queued` when another version is to follow this one; `queued | offered
 * -> cancelled | expired`; `staged | switching | on-probation -> timed-out`; `downloading | staged
 * -> cancelled`, once the endpoint has stopped what somebody cancelled. A late report moves
 * `timed-out` on to what really happened, and `cancelled | expired` to `succeeded | rolled-back`.
 */
export const UPGRADE_STATES = [
  'queued',
  'offered',
  'downloading',
  'staged',
  'switching',
  'on-probation',
  'succeeded',
  'rolled-back',
  'failed',
  'expired',
  'cancelled',
  'timed-out',
] as const
export type UpgradeState = (typeof UPGRADE_STATES)[number]

export const WAITING_STATES = ['queued', 'offered'] as const satisfies readonly UpgradeState[]
const WAITING: ReadonlySet<UpgradeState> = new Set(WAITING_STATES)
const RUNNING: ReadonlySet<UpgradeState> = new Set([
  'downloading',
  'staged',
  'switching',
  'on-probation',
])

/** It may have switched: what becomes of it, only its endpoint can tell. */
export const AT_STAKE_STATES = [
  'staged',
  'switching',
  'on-probation',
] as const satisfies readonly UpgradeState[]

/** Nothing has been done on the endpoint yet. */
export function isWaiting(state: UpgradeState): boolean {
  return WAITING.has(state)
}

/** The endpoint is at work on it. */
export function isRunning(state: UpgradeState): boolean {
  return RUNNING.has(state)
}

/** The endpoint is at work on it, and can still leave it: it has not begun to switch. */
export function isBeforeSwitch(state: UpgradeState): boolean {
  return state === 'downloading' || state === 'staged'
}

/** It runs the version that it is to prove, or is about to. */
export function isPastSwitch(state: UpgradeState): boolean {
  return state === 'switching' || state === 'on-probation'
}

/** It was cancelled, and its endpoint has not said yet that it stopped. */
export function isCancelling(upgrade: Pick<Upgrade, 'state' | 'cancelRequestedAt'>): boolean {
  return upgrade.cancelRequestedAt !== null && isBeforeSwitch(upgrade.state)
}

/** It will not change any more, but for a late report of what the server could not know. */
export function isFinished(state: UpgradeState): boolean {
  return !isWaiting(state) && !isRunning(state)
}

/** A version on the way to the last one. */
export type UpgradeStep = {
  readonly version: AgentVersion
  readonly manifestDigest: Digest
}

export type Upgrade = {
  readonly actionId: UpgradeActionId
  readonly endpointId: EndpointId
  /** Which wave of its rollout it is in; the first is 0. */
  readonly wave: number
  /** In which its hours are read; empty: it is not known. */
  readonly zone: string
  readonly state: UpgradeState
  readonly fromVersion: AgentVersion
  /** Of the step that it is at. */
  readonly targetVersion: AgentVersion
  readonly manifestDigest: Digest
  /** What is to follow this step; most often nothing. */
  readonly steps: readonly UpgradeStep[]
  /** Not offered before, because a try failed; null: at once. */
  readonly notBefore: Instant | null
  /** The current or last try; null before the first offer. */
  readonly attemptId: AttemptId | null
  /** How many tries were offered. */
  readonly attempts: number
  /** A reason code of docs/reasons.md: why it waits, or how it ended. */
  readonly reason: string | null
  /** One sentence from the endpoint, for the person on call. */
  readonly message: string | null
  readonly percent: number
  readonly bytesDone: number
  readonly bytesTotal: number
  /** Try it even where this version failed before. */
  readonly retrySkipped: boolean
  readonly window: Window | null
  /** Waiting ends then, with `expired`. */
  readonly expiresAt: Instant
  /**
   * Running ends then, with `timed-out`; an offer lapses then. Null while it holds no berth.
   */
  readonly deadlineAt: Instant | null
  /** Since when somebody wants it stopped; null: nobody does. What waits is ended at once. */
  readonly cancelRequestedAt: Instant | null
  readonly changedAt: Instant
}

/** The version that it is all about, behind every step. */
export function finalVersion(upgrade: Pick<Upgrade, 'steps' | 'targetVersion'>): AgentVersion {
  return upgrade.steps.at(-1)?.version ?? upgrade.targetVersion
}

/** Why a waiting upgrade waits. */
export const WAITING_REASONS = [
  'awaiting-check-in',
  'outside-window',
  'closed-day',
  'zone-unknown',
  'offered',
  'release-withdrawn',
  'rollout-paused',
  'rollout-halted',
  'earlier-wave-unfinished',
  'failure-budget-in-use',
  'awaiting-retry',
  'awaiting-berth',
  'next-step',
  'not-heard-of',
  'stopped-to-wait',
  'previous-attempt-ending',
  'journal-lost',
  'parallel-limit',
  'offer-lapsed',
  'awaiting-cluster',
  'moved-with-cluster',
  'other-cluster-first',
  'cluster-upgrade-not-granted',
] as const
export type WaitingReason = (typeof WAITING_REASONS)[number]

/**
 * How an upgrade ended, where the server says so; agents bring reasons of their own
 * (docs/reasons.md).
 */
export const ENDED_REASONS = [
  'upgraded',
  'already-at-version',
  'superseded',
  'action-expired',
  'no-progress',
  'version-failed-here',
  'cancelled-by-operator',
  'endpoint-deleted',
] as const
export type EndedReason = (typeof ENDED_REASONS)[number]
