/**
 * How an upgrade action is carried out. Every action has exactly one rollout; an order without a
 * policy is a rollout of one wave. Moves, listed once: `scheduled -> running` with the first berth;
 * `scheduled | running <-> paused` by a person; `scheduled | running -> halted` by the failure
 * budget, a wave in which nothing succeeded, or the withdrawal of a release; `halted -> running` by
 * a person; each of them `-> finished` when no upgrade is open any more, or `-> cancelled` by a
 * person.
 */
import type { Instant } from '../../base/clock.ts'
import type { UpgradeActionId } from '../../base/ids.ts'
import type { RolloutPolicy } from './policy.ts'

export const ROLLOUT_STATES = [
  'scheduled',
  'running',
  'paused',
  'halted',
  'finished',
  'cancelled',
] as const
export type RolloutState = (typeof ROLLOUT_STATES)[number]

/** Why a rollout is in its state. */
export const ROLLOUT_REASONS = [
  'awaiting-first-berth',
  'in-progress',
  'soaking',
  'paused-by-operator',
  'failure-budget-spent',
  'wave-without-success',
  'wave-went-silent',
  'release-withdrawn',
  'all-ended',
  'cancelled-by-operator',
] as const
export type RolloutReason = (typeof ROLLOUT_REASONS)[number]

/** Why a wave is where it is: what a tick saw, kept for whoever looks. */
export const WAVE_HOLDS = [
  'none',
  'earlier-wave-unfinished',
  'soaking',
  'outside-window',
  'closed-day',
  'zone-unknown',
  'parallel-limit',
  'failure-budget-in-use',
  'nobody-heard-of',
] as const
export type WaveHold = (typeof WAVE_HOLDS)[number]

export type Wave = {
  /** `canary`, `10%`, a tag, or `rest`. */
  readonly name: string
  /** How many endpoints it has. */
  readonly size: number
  /** With so many failures in it the rollout halts; null: there is no budget. */
  readonly budget: number | null
}

export type Rollout = {
  readonly actionId: UpgradeActionId
  readonly state: RolloutState
  readonly reason: RolloutReason
  /** One sentence, of a person or of the tick that halted it. */
  readonly message: string | null
  readonly policy: RolloutPolicy
  /** At least one. */
  readonly waves: readonly Wave[]
  /** The last wave that may begin, counted from 0; what earlier ones left behind goes on. */
  readonly currentWave: number
  /** Since when the current wave is done and watched; null: it is not. */
  readonly soakSince: Instant | null
  /** Failures of each wave that somebody has accepted by resuming. */
  readonly forgiven: readonly number[]
  /** Grows with each change: whoever decided on an older one decides again. */
  readonly generation: number
  /** Why each wave did not do more at the last tick that looked at it. */
  readonly holds: readonly WaveHold[]
  readonly changedAt: Instant
}

/** Nothing more comes of it by itself or by a person. */
export function isOver(state: RolloutState): boolean {
  return state === 'finished' || state === 'cancelled'
}

/** Its endpoints may begin, as far as it is concerned. */
export function isMoving(state: RolloutState): boolean {
  return state === 'scheduled' || state === 'running'
}

/** As it begins. */
export function newRollout(
  policy: RolloutPolicy,
  waves: readonly Wave[],
  now: Instant,
): Omit<Rollout, 'actionId'> {
  return {
    state: 'scheduled',
    reason: 'awaiting-first-berth',
    message: null,
    policy,
    waves,
    currentWave: 0,
    soakSince: null,
    forgiven: waves.map(() => 0),
    generation: 1,
    holds: waves.map((_, index) => (index === 0 ? 'none' : 'earlier-wave-unfinished')),
    changedAt: now,
  }
}

/** When the watch over the wave that is done ends; null: nothing is watched. */
export function soakUntil({ soakSince, policy }: Rollout): Instant | null {
  return soakSince === null ? null : soakSince + policy.soakMinutes * 60_000
}
