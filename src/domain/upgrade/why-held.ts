/**
 * Why a waiting upgrade waits, and why one that has begun is to stop and wait again. The same rules
 * that the planner goes by, asked of one upgrade: at its check-in, and by whoever asks what is with
 * it.
 */
import type { Instant } from '../../base/clock.ts'
import { isMoving, type Rollout, type WaveHold } from '../rollout/rollout.ts'
import { holdsBerth } from './berth.ts'
import { hoursToBegin } from './hours-to-begin.ts'
import type { Upgrade, WaitingReason } from './upgrade.ts'
import type { ClosedDays } from './window.ts'

export type Surroundings = {
  /** Null where an upgrade has none, which is an older server's. */
  readonly rollout: Rollout | null
  readonly isReleaseOffered: boolean
}

export type Held = {
  readonly reason: WaitingReason
  /** It lacks a berth, and nothing else. */
  readonly isForBerth: boolean
}

export type At = {
  readonly closedDays: readonly ClosedDays[]
  /** How long the version may take to prove itself. */
  readonly probationS: number
  readonly now: Instant
}

/** In order of precedence; null: it holds a berth, and may be offered. */
export function whyHeld(upgrade: Upgrade, around: Surroundings, at: At): Held | null {
  const { window, zone } = upgrade
  const { closedDays, probationS, now } = at
  const stopped = whyStill(around)
  if (stopped !== null) return { reason: stopped, isForBerth: false }
  const hours = hoursToBegin({ window, zone, closedDays }, probationS, now)
  if (hours.kind === 'closed') return { reason: hours.reason, isForBerth: false }
  if (holdsBerth(upgrade)) return null
  return { reason: whyNoBerth(upgrade, around.rollout, now), isForBerth: true }
}

function whyStill({ rollout, isReleaseOffered }: Surroundings): WaitingReason | null {
  if (!isReleaseOffered) return 'release-withdrawn'
  if (rollout === null || isMoving(rollout.state)) return null
  return rollout.state === 'halted' ? 'rollout-halted' : 'rollout-paused'
}

function whyNoBerth(upgrade: Upgrade, rollout: Rollout | null, now: Instant): WaitingReason {
  if (rollout !== null && upgrade.wave > rollout.currentWave) return 'earlier-wave-unfinished'
  if (upgrade.notBefore !== null && now < upgrade.notBefore) {
    return upgrade.reason === 'offer-lapsed' ? upgrade.reason : 'awaiting-retry'
  }
  return REASON_OF_HOLD[rollout?.holds[upgrade.wave] ?? 'none']
}

const REASON_OF_HOLD: Readonly<Record<WaveHold, WaitingReason>> = {
  none: 'awaiting-berth',
  'earlier-wave-unfinished': 'earlier-wave-unfinished',
  soaking: 'earlier-wave-unfinished',
  // Others of the wave are closed in; this one was found open.
  'outside-window': 'awaiting-berth',
  'closed-day': 'awaiting-berth',
  'zone-unknown': 'awaiting-berth',
  'parallel-limit': 'parallel-limit',
  'failure-budget-in-use': 'failure-budget-in-use',
  'nobody-heard-of': 'awaiting-berth',
}

/**
 * Why what downloads or is staged is to stop and wait; null: it may go on. A strict window is left
 * in time for a probation to end in it.
 */
export function whyStopped(upgrade: Upgrade, around: Surroundings, at: At): WaitingReason | null {
  const stopped = whyStill(around)
  const { window, zone } = upgrade
  if (stopped !== null || window === null || !window.strictEnd) return stopped
  const { closedDays, probationS, now } = at
  const hours = hoursToBegin({ window, zone, closedDays }, probationS, now)
  return hours.kind === 'closed' ? hours.reason : null
}
