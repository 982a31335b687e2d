/**
 * A calm fleet of endpoints without machines: each knocks at the real doors as an agent does whom
 * nothing befalls, on the time of a clock that is moved from one moment to the next. For questions
 * about many endpoints and many hours, of which disks and crashes are no part.
 */
import type { ManualClock } from '../../base/clock-manual.ts'
import { digestOf } from '../../base/digest.ts'
import type { DistributionId, EndpointId } from '../../base/ids.ts'
import type { CheckInReply, UpgradeInstruction } from '../../contract/agent/check-in.ts'
import {
  enrolTestAgent,
  type TestAgent,
  type TestServer,
  testFacts,
} from '../../server/testing/fleet.ts'
import { advanceRollouts } from '../../server/work/advance-rollouts.ts'
import type { Chance } from '../chance.ts'

const SECOND_MS = 1_000
/** Moments are so far apart: who is due between two of them comes at the later. */
const GRAIN_MS = 10 * SECOND_MS
/** Of those that only call: many at once cost as much as one. */
const CALM_GRAINS = 6
/** The engine looks by itself this often; a real one every second, of which most change nothing. */
const ENGINE_EVERY_MS = 120 * SECOND_MS
/** How long it rests at least, though it is woken. */
const ENGINE_REST_MS = 15 * SECOND_MS
/** Who has done what was ordered calls less often, and is taken for connected all the same. */
const DONE_INTERVALS = 1.4
/** Of what it is told, and so never far from it that everybody has called. */
const JITTER = 0.1
const DOWNLOAD_S: readonly [number, number] = [5, 40]
const PROBATION_S: readonly [number, number] = [20, 50]
/** From the report that it is staged to the one that it runs. */
const SWITCH_MS = 3_000

type Work = { readonly told: UpgradeInstruction; phase: string; until: number }

export type LightPlace = { readonly zone: string; readonly tags: readonly string[] }

class LightEndpoint {
  readonly id: EndpointId
  readonly place: LightPlace
  dueAt: number
  /** When it took up its last offer. */
  begunAt: number | null = null
  readonly #agent: TestAgent
  readonly #clock: ManualClock
  readonly #chance: Chance
  #work: Work | null = null

  constructor(
    agent: TestAgent,
    { place, clock, chance }: { place: LightPlace; clock: ManualClock; chance: Chance },
  ) {
    this.id = agent.endpointId
    this.place = place
    this.#agent = agent
    this.#clock = clock
    this.#chance = chance
    this.dueAt = clock.now()
    const facts = { ...testFacts(agent.endpointId), time_zone: place.zone }
    const told = { ...facts, endpoint_tags: place.tags }
    agent.report = { ...agent.report, facts: told, facts_digest: digestOf(JSON.stringify(told)) }
  }

  /** It has taken up an offer, and the server knows how that ended. */
  get isDone(): boolean {
    return this.begunAt !== null && this.#work === null
  }

  get isAtWork(): boolean {
    return this.#work !== null
  }

  async checkIn(): Promise<void> {
    this.#goOn()
    const reply = await this.#agent.checkIn()
    this.#agent.report = { ...this.#agent.report, facts: null }
    if (reply.acknowledged_attempt !== null) this.#forget()
    else this.#hear(reply)
    const { interval_s } = reply
    const jitter = 1 - JITTER + 2 * JITTER * this.#chance.fraction()
    const intervals = this.isDone ? DONE_INTERVALS : 1
    const next = this.#clock.now() + Math.round(interval_s * intervals * jitter) * SECOND_MS
    this.dueAt = this.#work === null ? next : Math.min(next, this.#work.until)
  }

  /** What has come to pass since it last called. */
  #goOn(): void {
    const work = this.#work
    if (work === null || this.#clock.now() < work.until) return
    if (work.phase === 'downloading') this.#become(work, 'staged', Number.POSITIVE_INFINITY)
    else if (work.phase === 'switching')
      this.#become(work, 'on-probation', this.#drawn(PROBATION_S))
    else if (work.phase === 'on-probation') this.#succeed(work)
  }

  #hear({ instruction }: CheckInReply): void {
    if (instruction.kind !== 'upgrade') return
    const work = this.#work
    if (work === null) {
      this.begunAt = this.#clock.now()
      this.#become(
        { told: instruction, phase: '', until: 0 },
        'downloading',
        this.#drawn(DOWNLOAD_S),
      )
    } else if (work.phase === 'staged' && instruction.may_switch === true) {
      this.#become(work, 'switching', SWITCH_MS)
    }
  }

  #become(work: Work, phase: string, lastsMs: number): void {
    this.#work = { ...work, phase, until: this.#clock.now() + lastsMs }
    const progress = { percent: 100, bytes_done: 10, bytes_total: 10, reason: null, message: null }
    const attempt = { attempt_id: work.told.attempt_id, phase, ...progress }
    this.#agent.report = { ...this.#agent.report, attempt }
  }

  #succeed(work: Work): void {
    this.#become(work, 'succeeded', Number.POSITIVE_INFINITY)
    const { version, manifest_digest } = work.told
    this.#agent.report = { ...this.#agent.report, agent_version: version, manifest_digest }
  }

  #forget(): void {
    this.#work = null
    this.#agent.report = { ...this.#agent.report, attempt: null }
  }

  #drawn([least, most]: readonly [number, number]): number {
    return this.#chance.whole(least, most) * SECOND_MS
  }
}

/** Till when nothing can begin at whoever is left; null: something can. */
type Rest = (left: ReadonlySet<LightEndpoint>) => number | null

export class LightFleet {
  readonly endpoints: readonly LightEndpoint[]
  readonly #server: TestServer
  /** Who calls at which moment, counted in grains. */
  #due = new Map<number, LightEndpoint[]>()
  #isWoken = false

  private constructor(server: TestServer, endpoints: readonly LightEndpoint[]) {
    this.#server = server
    this.endpoints = endpoints
    for (const endpoint of endpoints) this.#plan(endpoint)
  }

  static async enrol(
    server: TestServer,
    of: { readonly distributionId: DistributionId; readonly places: readonly LightPlace[] },
    chance: Chance,
  ): Promise<LightFleet> {
    const { clock } = server
    const endpoints: LightEndpoint[] = []
    let fleet: LightFleet | null = null
    const woken = {
      ...server,
      wakeRollouts: () => {
        if (fleet !== null) fleet.#isWoken = true
      },
    }
    for (const [index, place] of of.places.entries()) {
      const agent = await enrolTestAgent(woken, of.distributionId, `light-${index}`)
      endpoints.push(new LightEndpoint(agent, { place, clock, chance }))
    }
    for (const endpoint of endpoints) await endpoint.checkIn()
    fleet = new LightFleet(server, endpoints)
    return fleet
  }

  /** Something was ordered of all of them: nobody has begun. */
  expect(): void {
    const { checkInLimits, clock } = this.#server
    const intervalMs = checkInLimits.intervalS * SECOND_MS
    const waiting = [...this.#due.values()].flat()
    this.#due = new Map()
    for (const endpoint of waiting) {
      endpoint.begunAt = null
      if (endpoint.dueAt - clock.now() > intervalMs) endpoint.dueAt -= intervalMs
      this.#plan(endpoint)
    }
  }

  /** Moves on until everybody has done what was ordered, at the latest until that time. */
  async run(until: number, restsUntil: Rest): Promise<void> {
    const { clock } = this.#server
    const left = new Set(this.endpoints)
    let engineAt = clock.now()
    let engineRestsUntil = engineAt
    for (let moment = Math.floor(clock.now() / GRAIN_MS); left.size > 0; moment += 1) {
      const at = moment * GRAIN_MS
      if (at >= until) return
      const due = this.#due.get(moment) ?? []
      const isEngineDue = at >= engineAt || (this.#isWoken && at >= engineRestsUntil)
      if (due.length === 0 && !isEngineDue) continue
      clock.advance(Math.max(0, at - clock.now()))
      await this.#checkIn(moment, left)
      if (!isEngineDue) continue
      this.#isWoken = false
      await advanceRollouts(this.#server)
      engineAt = at + ENGINE_EVERY_MS
      engineRestsUntil = at + ENGINE_REST_MS
      const isIdle = left.size > 0 && ![...left].some(({ isAtWork }) => isAtWork)
      const restMs = isIdle ? (restsUntil(left) ?? at) - at : 0
      if (restMs <= 0) continue
      const grains = Math.floor(restMs / GRAIN_MS / CALM_GRAINS) * CALM_GRAINS
      this.#rest(grains)
      moment += grains
      // Nobody is taken for silent who was only not asked.
      engineAt += grains * GRAIN_MS + this.#everybodyCallsWithinMs()
      engineRestsUntil = engineAt
    }
  }

  async #checkIn(moment: number, left: Set<LightEndpoint>): Promise<void> {
    const due = this.#due.get(moment) ?? []
    this.#due.delete(moment)
    await Promise.all(due.map((endpoint) => endpoint.checkIn()))
    for (const endpoint of due) {
      if (endpoint.isDone) left.delete(endpoint)
      this.#plan(endpoint)
    }
  }

  #plan(endpoint: LightEndpoint): void {
    const soonest = Math.floor(this.#server.clock.now() / GRAIN_MS) + 1
    const grains = endpoint.isAtWork ? 1 : CALM_GRAINS
    const dueGrain = Math.ceil(endpoint.dueAt / (GRAIN_MS * grains)) * grains
    const moment = Math.max(soonest, dueGrain)
    const others = this.#due.get(moment)
    if (others === undefined) this.#due.set(moment, [endpoint])
    else others.push(endpoint)
  }

  /** Time in which everybody would call as before and be told nothing is left out. */
  #rest(grains: number): void {
    const later = [...this.#due].map(([moment, due]) => [moment + grains, due] as const)
    this.#due = new Map(later)
    for (const endpoint of this.endpoints) endpoint.dueAt += grains * GRAIN_MS
    this.#server.clock.advance(grains * GRAIN_MS)
  }

  #everybodyCallsWithinMs(): number {
    const longestS = this.#server.checkInLimits.intervalS * DONE_INTERVALS * (1 + JITTER)
    return longestS * SECOND_MS + CALM_GRAINS * GRAIN_MS
  }
}
