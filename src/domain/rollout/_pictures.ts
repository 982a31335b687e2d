/** Pictures of rollouts for the tests of this folder: every field said once. */
import type { EndpointId, UpgradeActionId } from '../../base/ids.ts'
import {
  type Candidate,
  EMPTY_TALLY,
  type FleetPicture,
  type RolloutPicture,
  type WaveTally,
} from './picture.ts'
import { NO_POLICY, type RolloutPolicy } from './policy.ts'
import { newRollout, type Rollout, type Wave } from './rollout.ts'

/** A Monday, 03:00 UTC. */
export const NOW = Date.parse('2026-11-23T03:00:00Z')
export const MINUTE_MS = 60_000

export const wave = (given: Partial<Wave> = {}): Wave => {
  return { name: 'all', size: 10, budget: null, ...given }
}

export const tally = (given: Partial<WaveTally> = {}): WaveTally => ({ ...EMPTY_TALLY, ...given })

export const candidates = (count: number, given: Partial<Candidate> = {}): readonly Candidate[] =>
  Array.from({ length: count }, (_, index) => ({
    endpointId: `${given.wave ?? 0}-${String(index).padStart(4, '0')}` as EndpointId,
    wave: 0,
    zone: 'UTC',
    cluster: null,
    ...given,
  }))

export function rollout(
  given: Omit<Partial<Rollout>, 'policy'> & { readonly policy?: Partial<RolloutPolicy> } = {},
): Rollout {
  const { policy, ...others } = given
  const waves = others.waves ?? [wave()]
  return {
    actionId: 7 as UpgradeActionId,
    ...newRollout({ ...NO_POLICY, ...policy }, waves, NOW),
    state: 'running',
    reason: 'in-progress',
    ...others,
  }
}

/** As many wait, and can be reached, as are candidates; where nothing else is said. */
export function picture(
  given: Partial<RolloutPicture> & { readonly rollout: Rollout },
): RolloutPicture {
  const own = given.candidates ?? []
  const tallies = given.rollout.waves.map((_, index) => {
    const waiting = own.filter((each) => each.wave === index).length
    return tally({ waiting, waitingConnected: waiting })
  })
  return { window: null, tallies, zones: ['UTC'], candidates: own, ...given }
}

export function fleet(
  rollouts: readonly RolloutPicture[],
  given: Partial<FleetPicture> = {},
): FleetPicture {
  const calendar = { closedDays: [], probationS: 300 }
  return { rollouts, berthsFree: 500, movingClusters: [], calendar, ...given }
}
