/**
 * When a rollout will be where, if all goes well: the planner itself, run ahead on an imagined
 * fleet of which every upgrade takes as long as upgrades took here before, and succeeds. So the
 * order of things, the waves, windows, budgets and limits are those that will hold; how long things
 * take is an assumption. Who was not heard of lately is left out: nobody knows when it is back.
 *
 * What it does not know: other actions that come in between, endpoints that come and go, and how
 * long what is under way elsewhere will keep its berths (one upgrade's time is assumed).
 */
import type { Instant } from '../../base/clock.ts'
import type { EndpointId } from '../../base/ids.ts'
import type { Window } from '../upgrade/window.ts'
import {
  type Calendar,
  type Candidate,
  EMPTY_TALLY,
  type FleetPicture,
  hoursOf,
  type WaveTally,
} from './picture.ts'
import { planRollouts } from './plan-rollouts.ts'
import { isOver, type Rollout, soakUntil, type WaveHold } from './rollout.ts'

export type EstimateMember = Candidate & {
  readonly isHeardOf: boolean
  /** Versions that it goes through, the last included. */
  readonly versions: number
}

export type EstimateAsked = {
  readonly rollout: Rollout
  readonly window: Window | null
  readonly calendar: Calendar
  readonly members: readonly EstimateMember[]
  readonly berths: { readonly most: number; readonly taken: number }
  readonly movingClusters: readonly string[]
  readonly pace: {
    /** From the offer to the end of the probation. */
    readonly upgradeMs: number
    /** Between two check-ins: within so long of its berth an endpoint begins. */
    readonly intervalMs: number
  }
}

export type Estimate = {
  /** When the first of each wave gets its berth; null: as things are, never. */
  readonly waves: readonly (Instant | null)[]
  /** When each gets its berth; who is missing does not, as things are. */
  readonly begins: ReadonlyMap<EndpointId, Instant>
  /** When the last of those that were heard of is done; null: some would never begin. */
  readonly endsAt: Instant | null
  /** Why each wave does no more in the end. */
  readonly holds: readonly WaveHold[]
}

/** Candidates of one round: as many as matter, few enough to be looked at thousands of times. */
const CANDIDATES_MAX = 500
/** Of a plan that opens the next wave and plans it at once. */
const ROUNDS_MAX = 50
/** Moments at which something happens: one for each endpoint, and many to spare. */
const MOMENTS_MAX = 20_000

export function estimateRollout(asked: EstimateAsked, start: Instant): Estimate {
  const fleet = imaginedFleet(asked)
  const until = start + asked.pace.upgradeMs
  let rollout = asked.rollout
  let now = start
  for (let moment = 0; moment < MOMENTS_MAX; moment += 1) {
    fleet.end(now)
    rollout = planAt({ asked, fleet, rollout, until }, now)
    if (isOver(rollout.state)) break
    const next = nextMoment({ asked, fleet, rollout, until }, now)
    if (next === null) break
    now = next
  }
  return {
    waves: rollout.waves.map((_, wave) => fleet.waveBegins.get(wave) ?? null),
    begins: fleet.begins,
    endsAt: fleet.waiting.size + fleet.moving().length === 0 ? fleet.lastEnd() : null,
    holds: rollout.holds,
  }
}

type State = {
  readonly asked: EstimateAsked
  readonly fleet: Fleet
  readonly rollout: Rollout
  /** Others give their berths back then. */
  readonly until: Instant
}

function planAt({ asked, fleet, rollout, until }: State, now: Instant): Rollout {
  let present = rollout
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const picture = pictureAt({ asked, fleet, rollout: present, until }, now)
    const [plan] = planRollouts(picture, now).rollouts
    if (plan === undefined || (plan.next === present && plan.berths.length === 0)) break
    fleet.begin(plan.berths, now)
    present = plan.next
  }
  return present
}

function pictureAt({ asked, fleet, rollout, until }: State, now: Instant): FleetPicture {
  const { window, calendar, berths } = asked
  const taken = fleet.moving().length + (now < until ? berths.taken : 0)
  const berthsFree = Math.max(0, berths.most - taken)
  const zones = fleet.zones()
  const open = new Set(
    zones.filter((zone) => hoursOf({ window, rollout }, zone, calendar, now).kind === 'open'),
  )
  const candidates: EstimateMember[] = []
  for (const member of fleet.waiting) {
    if (candidates.length >= Math.min(CANDIDATES_MAX, berthsFree)) break
    const isDue = member.wave <= rollout.currentWave && open.has(member.zone)
    if (isDue && !fleet.following.has(member)) candidates.push(member)
  }
  const each = { rollout, window, zones, tallies: fleet.tallies(), candidates }
  const movingClusters = [...fleet.clusters(), ...(now < until ? asked.movingClusters : [])]
  return { rollouts: [each], berthsFree, movingClusters, calendar }
}

/** When something happens next by itself; null: nothing does. */
function nextMoment({ asked, fleet, rollout, until }: State, now: Instant): Instant | null {
  const { window, calendar } = asked
  const openings = fleet.zones().map((zone) => {
    const hours = hoursOf({ window, rollout }, zone, calendar, now)
    return hours.kind === 'closed' ? hours.opensAt : null
  })
  const ends = fleet.moving().reduce((least, { endsAt }) => Math.min(least, endsAt), Infinity)
  const moments = [soakUntil(rollout), until, ...openings].filter((at) => at !== null && at > now)
  const next = moments.reduce<number>((least, at) => Math.min(least, at ?? Infinity), ends)
  return Number.isFinite(next) ? next : null
}

type Moving = { readonly members: readonly EstimateMember[]; readonly endsAt: Instant }

type Fleet = {
  /** In the order of their turn. */
  readonly waiting: Set<EstimateMember>
  /** Of clusters whose image moves: they end with whoever leads. */
  readonly following: Set<EstimateMember>
  readonly begins: Map<EndpointId, Instant>
  readonly waveBegins: Map<number, Instant>
  moving(): readonly Moving[]
  lastEnd(): Instant | null
  begin(ids: readonly EndpointId[], now: Instant): void
  end(now: Instant): void
  tallies(): readonly WaveTally[]
  clusters(): readonly string[]
  /** Of those that wait. */
  zones(): readonly string[]
}

function imaginedFleet({ rollout, members, pace }: EstimateAsked): Fleet {
  const heardOf = members.filter(({ isHeardOf }) => isHeardOf).sort(byTurn)
  const byId = new Map(heardOf.map((member) => [member.endpointId, member]))
  const mates = Map.groupBy(heardOf, ({ cluster }) => cluster?.uid ?? null)
  const counts = countsOf(rollout, members)
  const waiting = new Set(heardOf)
  const inZone = new Map<string, number>()
  for (const { zone } of heardOf) inZone.set(zone, (inZone.get(zone) ?? 0) + 1)
  const following = new Set<EstimateMember>()
  const begins = new Map<EndpointId, Instant>()
  const waveBegins = new Map<number, Instant>()
  let moving: Moving[] = []
  let lastEnd: Instant | null = null
  const leaves = (member: EstimateMember) => {
    if (!waiting.delete(member)) return false
    inZone.set(member.zone, (inZone.get(member.zone) ?? 0) - 1)
    return true
  }
  const beginOne = (leader: EstimateMember, now: Instant) => {
    const uid = leader.cluster?.uid ?? null
    const together = uid === null ? [leader] : (mates.get(uid) ?? [leader])
    for (const mate of together) {
      begins.set(mate.endpointId, now)
      if (mate !== leader) following.add(mate)
    }
    if (!waveBegins.has(leader.wave)) waveBegins.set(leader.wave, now)
    leaves(leader)
    counts.move(leader, 'waiting', 'inFlight')
    // Pods of a cluster are replaced one after the other.
    const takesMs = pace.upgradeMs * leader.versions * together.length + pace.intervalMs
    moving.push({ members: together, endsAt: now + takesMs })
  }
  const endOne = (member: EstimateMember) => {
    counts.move(member, leaves(member) ? 'waiting' : 'inFlight', 'succeeded')
    following.delete(member)
  }
  return {
    ...{ waiting, following, begins, waveBegins },
    moving: () => moving,
    lastEnd: () => lastEnd,
    begin(ids, now) {
      const leaders = ids.map((id) => byId.get(id)).filter((leader) => leader !== undefined)
      for (const leader of leaders) beginOne(leader, now)
    },
    end(now) {
      const ended = moving.filter(({ endsAt }) => endsAt <= now)
      for (const { members: together, endsAt } of ended) {
        lastEnd = Math.max(lastEnd ?? endsAt, endsAt)
        for (const member of together) endOne(member)
      }
      moving = moving.filter(({ endsAt }) => endsAt > now)
    },
    tallies: counts.tallies,
    zones: () => [...inZone].flatMap(([zone, count]) => (count > 0 ? [zone] : [])),
    clusters: () => moving.flatMap(({ members: [one] }) => one?.cluster?.uid ?? []),
  }
}

/** As the store hands candidates out. */
function byTurn(left: EstimateMember, right: EstimateMember): number {
  return left.wave - right.wave || (left.endpointId < right.endpointId ? -1 : 1)
}

type Place = 'waiting' | 'inFlight' | 'succeeded'

function countsOf(rollout: Rollout, members: readonly EstimateMember[]) {
  const counts = rollout.waves.map(() => ({ waiting: 0, away: 0, inFlight: 0, succeeded: 0 }))
  for (const { wave, isHeardOf } of members) {
    const count = counts[wave]
    if (count !== undefined) count[isHeardOf ? 'waiting' : 'away'] += 1
  }
  return {
    move({ wave }: EstimateMember, from: Place, to: Place) {
      const count = counts[wave]
      if (count === undefined) return
      count[from] -= 1
      count[to] += 1
    },
    tallies: (): readonly WaveTally[] =>
      counts.map(({ waiting, away, inFlight, succeeded }) => {
        const waits = { waiting: waiting + away, waitingConnected: waiting }
        return { ...EMPTY_TALLY, ...waits, inFlight, succeeded }
      }),
  }
}
