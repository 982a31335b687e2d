/**
 * The invariants of a plan, looked at apart from how it was made. What is broken is a bug of ours:
 * the plan is thrown away, nothing is saved, and the next tick asks again.
 */
import type { Instant } from '../../base/clock.ts'
import type { EndpointId } from '../../base/ids.ts'
import { type Candidate, type FleetPicture, hoursOf, type RolloutPicture } from './picture.ts'
import type { Plan, RolloutPlan } from './plan-rollouts.ts'
import { isMoving } from './rollout.ts'

/** One sentence for each invariant that the plan breaks; none: it may be saved. */
export function checkPlan(picture: FleetPicture, plan: Plan, now: Instant): readonly string[] {
  const all = plan.rollouts.flatMap((each) => each.berths)
  const broken: string[] = []
  if (all.length > Math.max(0, picture.berthsFree)) {
    broken.push(`${all.length} berths are given and ${picture.berthsFree} are free`)
  }
  if (new Set(all).size < all.length) broken.push('an endpoint is given two berths')
  const leads = plan.rollouts.flatMap((each, index) => leadsOf(picture.rollouts[index], each))
  if (leads.length > 0 && leads.length + picture.movingClusters.length > 1) {
    broken.push('more than one cluster would move')
  }
  for (const [index, each] of plan.rollouts.entries()) {
    const seen = picture.rollouts[index]
    if (seen === undefined) continue
    broken.push(...checkRollout(picture, seen, each, now))
  }
  return broken
}

function leadsOf(seen: RolloutPicture | undefined, plan: RolloutPlan): readonly string[] {
  return given(seen, plan).flatMap(({ cluster }) => (cluster === null ? [] : [cluster.uid]))
}

function given(seen: RolloutPicture | undefined, plan: RolloutPlan): readonly Candidate[] {
  const berths = new Set<EndpointId>(plan.berths)
  return seen?.candidates.filter(({ endpointId }) => berths.has(endpointId)) ?? []
}

function checkRollout(
  picture: FleetPicture,
  seen: RolloutPicture,
  plan: RolloutPlan,
  now: Instant,
): readonly string[] {
  const { next, before } = plan
  const about = `rollout ${next.actionId}`
  const broken: string[] = []
  const candidates = given(seen, plan)
  if (candidates.length < plan.berths.length) broken.push(`${about}: a berth for nobody who waits`)
  if (plan.berths.length > 0 && !isMoving(next.state)) {
    broken.push(`${about}: a berth while it is ${next.state}`)
  }
  if (next !== before && next.generation !== before.generation + 1) {
    broken.push(`${about}: its generation does not grow by one`)
  }
  for (const { wave, zone, endpointId } of candidates) {
    if (wave > next.currentWave) broken.push(`${about}: ${endpointId} is of a later wave`)
    if (hoursOf(seen, zone, picture.calendar, now).kind === 'closed') {
      broken.push(`${about}: ${endpointId} is outside its hours`)
    }
  }
  return [...broken, ...checkCounts(seen, plan, candidates)]
}

function checkCounts(
  seen: RolloutPicture,
  { next, berths }: RolloutPlan,
  candidates: readonly Candidate[],
): readonly string[] {
  const about = `rollout ${next.actionId}`
  const broken: string[] = []
  const inFlight = seen.tallies.reduce((sum, tally) => sum + tally.inFlight, 0)
  const { maxConcurrent } = next.policy
  if (berths.length > 0 && maxConcurrent !== null && inFlight + berths.length > maxConcurrent) {
    broken.push(`${about}: more than ${maxConcurrent} at once`)
  }
  for (const [index, { budget }] of next.waves.entries()) {
    const fresh = candidates.filter(({ wave }) => wave === index).length
    const tally = seen.tallies[index]
    if (budget === null || fresh === 0 || tally === undefined) continue
    const failed = tally.failed + tally.troubled - (next.forgiven[index] ?? 0)
    if (Math.max(0, failed) + tally.inFlight + fresh > budget) {
      broken.push(`${about}: more of wave ${index} at stake than its budget of ${budget}`)
    }
  }
  return broken
}
