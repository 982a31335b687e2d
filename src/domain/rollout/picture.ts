/** What a tick of the planner is decided on: every open rollout, and what the instance has left. */
import type { Instant } from '../../base/clock.ts'
import type { EndpointId } from '../../base/ids.ts'
import { hoursToBegin } from '../upgrade/hours-to-begin.ts'
import type { ClosedDays, Openness, Window } from '../upgrade/window.ts'
import type { Rollout } from './rollout.ts'

/** How far one wave is; every upgrade of it is counted in one of the first five. */
export type WaveTally = {
  /** Queued, without a berth. */
  readonly waiting: number
  /** They hold a berth: offered, or at work on it. */
  readonly inFlight: number
  readonly succeeded: number
  /**
   * Ended badly under an attempt: rolled back, failed, timed out. A cluster that was taken back
   * counts once.
   */
  readonly failed: number
  /** Ended otherwise: cancelled, expired, left out because the version is known bad there. */
  readonly endedOtherwise: number
  /**
   * Of those that wait: heard of lately. Counted for waves that have begun, and no further than one
   * beyond the berths that there are to give.
   */
  readonly waitingConnected: number
  /** Of those that succeeded: unhealthy now, on the version that they were given. */
  readonly troubled: number
  /** Of those that succeeded: not heard of for longer than is usual. */
  readonly silent: number
}

export const EMPTY_TALLY: WaveTally = {
  waiting: 0,
  inFlight: 0,
  succeeded: 0,
  failed: 0,
  endedOtherwise: 0,
  waitingConnected: 0,
  troubled: 0,
  silent: 0,
}

/** It waits without a berth, was heard of lately, and is due. */
export type Candidate = {
  readonly endpointId: EndpointId
  readonly wave: number
  readonly zone: string
  /** Null: it moves alone. */
  readonly cluster: { readonly uid: string; readonly mayUpgrade: boolean } | null
}

export type RolloutPicture = {
  readonly rollout: Rollout
  readonly window: Window | null
  /** One for each wave. */
  readonly tallies: readonly WaveTally[]
  /** Zones of what waits. */
  readonly zones: readonly string[]
  /** In the order of their turn; more of them may wait than are named. */
  readonly candidates: readonly Candidate[]
}

export type Calendar = {
  readonly closedDays: readonly ClosedDays[]
  /** Of rollouts that say no other. */
  readonly probationS: number
}

export type FleetPicture = {
  readonly rollouts: readonly RolloutPicture[]
  /** How many more berths the instance has. */
  readonly berthsFree: number
  /** UIDs of clusters whose endpoints hold a berth. */
  readonly movingClusters: readonly string[]
  readonly calendar: Calendar
}

/** Whether an endpoint of that zone may begin now, as far as window and calendar go. */
export function hoursOf(
  { window, rollout }: Pick<RolloutPicture, 'window' | 'rollout'>,
  zone: string,
  { closedDays, probationS }: Calendar,
  now: Instant,
): Openness {
  const minutes = rollout.policy.probationMinutes
  const needed = minutes === null ? probationS : minutes * 60
  return hoursToBegin({ window, zone, closedDays }, needed, now)
}

/** The zones in which what waits may begin now. */
export function openZones(
  picture: Pick<RolloutPicture, 'window' | 'rollout' | 'zones'>,
  calendar: Calendar,
  now: Instant,
): readonly string[] {
  return picture.zones.filter((zone) => hoursOf(picture, zone, calendar, now).kind === 'open')
}
