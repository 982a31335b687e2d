/**
 * One tick of the rollout engine, as a value: what becomes of each rollout, and which endpoints get
 * a berth. The plan leaves nothing to choose; `checkPlan` looks it over, the store saves it if
 * nobody changed the rollouts meanwhile, and agents find their offers at their next check-in.
 * Level-triggered: a tick that is missed costs a delay. Planning again right after a plan was saved
 * changes nothing, but for what the first plan opened (the next wave), so it is repeated until it
 * says nothing.
 *
 * The bound on what a bad version can reach: in a wave with a budget of B, what failed and what is
 * in flight are never more than B together. So no more than B endpoints ever fail in it, even if
 * all that are at work fail at once.
 */
import type { Instant } from '../../base/clock.ts'
import type { EndpointId } from '../../base/ids.ts'
import { advanceWave } from './advance-wave.ts'
import { exposureLeft, stillForgiven } from './exposure.ts'
import {
  type Calendar,
  type Candidate,
  EMPTY_TALLY,
  type FleetPicture,
  hoursOf,
  openZones,
  type RolloutPicture,
  type WaveTally,
} from './picture.ts'
import { isMoving, isOver, type Rollout, type WaveHold } from './rollout.ts'

export type RolloutPlan = {
  /** As it was read. */
  readonly before: Rollout
  /** The very same when nothing changes. */
  readonly next: Rollout
  readonly berths: readonly EndpointId[]
  /** Berths and offers that nobody took up yet go back. */
  readonly takesBack: boolean
}

export type Plan = { readonly rollouts: readonly RolloutPlan[] }

export function planRollouts(picture: FleetPicture, now: Instant): Plan {
  const advanced = picture.rollouts.map((each) => {
    return { each, next: stateOf(each, now) }
  })
  const clusters = new Set(picture.movingClusters)
  const asked = advanced.map(({ each, next }) => {
    const candidates = isMoving(next.state) ? due({ each, next, clusters }, picture, now) : []
    return { each, next, candidates }
  })
  const granted = share(
    picture.berthsFree,
    asked.map(({ candidates }) => candidates.length),
  )
  const berthsLeft = picture.berthsFree - granted.reduce((sum, count) => sum + count, 0)
  const rollouts = asked.map(({ each, next, candidates }, index) => {
    const berths = candidates.slice(0, granted[index] ?? 0)
    const told = reported({ each, next, berths, berthsLeft }, picture.calendar, now)
    const takesBack = told.state === 'halted' && each.rollout.state !== 'halted'
    const ids = berths.map(({ endpointId }) => endpointId)
    return { before: each.rollout, next: changed(each.rollout, told, now), berths: ids, takesBack }
  })
  return { rollouts }
}

function stateOf(picture: RolloutPicture, now: Instant): Rollout {
  const { tallies } = picture
  const { state } = picture.rollout
  if (isOver(state)) return picture.rollout
  // Of one that is halted nothing is counted: whoever resumes it accepts its failures anew.
  const forgiven =
    state === 'halted' ? picture.rollout.forgiven : stillForgiven(picture.rollout, tallies)
  const rollout = { ...picture.rollout, forgiven }
  const isOpen = tallies.some(({ waiting, inFlight }) => waiting + inFlight > 0)
  if (!isOpen) return { ...rollout, state: 'finished', reason: 'all-ended', soakSince: null }
  return isMoving(rollout.state) ? advanceWave(rollout, tallies, now) : rollout
}

type Asking = {
  readonly each: RolloutPicture
  readonly next: Rollout
  /** That move, or are about to. */
  readonly clusters: Set<string>
}

/** Whom the rollout would give a berth, if the instance had as many. */
function due(
  { each, next, clusters }: Asking,
  { calendar }: FleetPicture,
  now: Instant,
): readonly Candidate[] {
  const zones = new Set(openZones(each, calendar, now))
  const inFlight = each.tallies.reduce((sum, tally) => sum + tally.inFlight, 0)
  let left = (next.policy.maxConcurrent ?? Number.POSITIVE_INFINITY) - inFlight
  const exposure = next.waves.map((_, wave) => exposureLeft(next, each.tallies, wave))
  const taken: Candidate[] = []
  for (const candidate of each.candidates) {
    const { wave, zone, cluster } = candidate
    if (left <= 0) break
    if (wave > next.currentWave || !zones.has(zone) || (exposure[wave] ?? 0) <= 0) continue
    if (cluster !== null && !mayLead(cluster, clusters)) continue
    taken.push(candidate)
    left -= 1
    exposure[wave] = (exposure[wave] ?? 0) - 1
  }
  return taken
}

/** One cluster moves at a time, and one endpoint of it leads. */
function mayLead(cluster: NonNullable<Candidate['cluster']>, clusters: Set<string>): boolean {
  if (!cluster.mayUpgrade || clusters.size > 0) return false
  clusters.add(cluster.uid)
  return true
}

/** Berths for many who ask: nobody waits behind one who asks for more than their share. */
export function share(free: number, asked: readonly number[]): readonly number[] {
  const granted = asked.map(() => 0)
  const order = asked.map((_, index) => index).sort((a, b) => (asked[a] ?? 0) - (asked[b] ?? 0))
  let left = Math.max(0, free)
  for (const [place, index] of order.entries()) {
    const grant = Math.min(asked[index] ?? 0, Math.ceil(left / (order.length - place)))
    granted[index] = grant
    left -= grant
  }
  return granted
}

type Reported = {
  readonly each: RolloutPicture
  readonly next: Rollout
  readonly berths: readonly Candidate[]
  /** The instance's, once this plan is saved. */
  readonly berthsLeft: number
}

/** The rollout with its first berth noted, and with why each wave does no more. */
function reported({ each, next, berths, berthsLeft }: Reported, calendar: Calendar, now: Instant) {
  const begins = next.state === 'scheduled' && berths.length > 0
  const begun: Rollout = begins ? { ...next, state: 'running', reason: 'in-progress' } : next
  if (!isMoving(begun.state)) return begun
  const tallies = each.tallies.map((tally, wave) => withBerths(tally, wave, berths))
  const inFlight = tallies.reduce((sum, tally) => sum + tally.inFlight, 0)
  const { maxConcurrent } = begun.policy
  const isFull = berthsLeft <= 0 || (maxConcurrent !== null && inFlight >= maxConcurrent)
  const closed = closedReason(each, calendar, now)
  const about = { next: begun, tallies, closed, isFull }
  return { ...begun, holds: begun.waves.map((_, wave) => holdOf(about, wave)) }
}

/** As it is once the plan is saved, so that planning again says the same. */
function withBerths(tally: WaveTally, wave: number, berths: readonly Candidate[]): WaveTally {
  const given = berths.filter((berth) => berth.wave === wave).length
  return {
    ...tally,
    waiting: tally.waiting - given,
    waitingConnected: tally.waitingConnected - given,
    inFlight: tally.inFlight + given,
  }
}

type Held = {
  readonly next: Rollout
  readonly tallies: readonly WaveTally[]
  readonly closed: WaveHold
  /** Neither the instance nor the rollout has a berth left. */
  readonly isFull: boolean
}

/** In order of precedence. */
function holdOf({ next, tallies, closed, isFull }: Held, wave: number): WaveHold {
  if (wave > next.currentWave) {
    return next.soakSince === null ? 'earlier-wave-unfinished' : 'soaking'
  }
  const tally = tallies[wave] ?? EMPTY_TALLY
  if (tally.waiting === 0) return 'none'
  if (closed !== 'none') return closed
  if (exposureLeft(next, tallies, wave) <= 0) return 'failure-budget-in-use'
  if (tally.waitingConnected === 0) return 'nobody-heard-of'
  return isFull ? 'parallel-limit' : 'none'
}

/** `none` where some of what waits may begin. */
function closedReason(each: RolloutPicture, calendar: Calendar, now: Instant): WaveHold {
  const reasons = each.zones.map((zone) => {
    const hours = hoursOf(each, zone, calendar, now)
    return hours.kind === 'open' ? 'none' : hours.reason
  })
  return reasons.includes('none') ? 'none' : (reasons[0] ?? 'none')
}

function changed(before: Rollout, next: Rollout, now: Instant): Rollout {
  if (isSame(before, next)) return before
  return { ...next, generation: before.generation + 1, changedAt: now }
}

function isSame(left: Rollout, right: Rollout): boolean {
  return (
    left.state === right.state &&
    left.reason === right.reason &&
    left.currentWave === right.currentWave &&
    left.soakSince === right.soakSince &&
    left.message === right.message &&
    left.forgiven.join() === right.forgiven.join() &&
    left.holds.join() === right.holds.join()
  )
}
