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
/** The engine looks by itself this often; a real one every second, of which most change nothing. */
const ENGINE_EVERY_MS = 30_000
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
  #hasEnded = false

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

  /** What it just told may have given a berth back. */
  get isBusy(): boolean {
    return this.#work !== null || this.#hasEnded
  }

  async checkIn(): Promise<void> {
    this.#hasEnded = false
    this.#goOn()
    const reply = await this.#agent.checkIn()
    this.#agent.report = { ...this.#agent.report, facts: null }
    if (reply.acknowledged_attempt !== null) this.#forget()
    else this.#hear(reply)
    const { interval_s } = reply
    const jitter = 0.9 + 0.2 * this.#chance.fraction()
    const next = this.#clock.now() + Math.round(interval_s * jitter) * SECOND_MS
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
    this.#hasEnded = this.#work !== null
    this.#work = null
    this.#agent.report = { ...this.#agent.report, attempt: null }
  }

  #drawn([least, most]: readonly [number, number]): number {
    return this.#chance.whole(least, most) * SECOND_MS
  }
}

export class LightFleet {
  readonly endpoints: readonly LightEndpoint[]
  readonly #server: TestServer

  private constructor(server: TestServer, endpoints: readonly LightEndpoint[]) {
    this.#server = server
    this.endpoints = endpoints
  }

  static async enrol(
    server: TestServer,
    of: { readonly distributionId: DistributionId; readonly places: readonly LightPlace[] },
    chance: Chance,
  ): Promise<LightFleet> {
    const { clock } = server
    const endpoints: LightEndpoint[] = []
    for (const [index, place] of of.places.entries()) {
      const agent = await enrolTestAgent(server, of.distributionId, `light-${index}`)
      endpoints.push(new LightEndpoint(agent, { place, clock, chance }))
    }
    for (const endpoint of endpoints) await endpoint.checkIn()
    return new LightFleet(server, endpoints)
  }

  /** Moves on until `isEnough`, at the latest until that time. */
  async run(until: number, isEnough: () => Promise<boolean>): Promise<void> {
    const { clock } = this.#server
    let engineAt = clock.now()
    while (clock.now() < until && !(await isEnough())) {
      const next = this.endpoints.reduce((least, { dueAt }) => Math.min(least, dueAt), engineAt)
      clock.advance(Math.max(0, next - clock.now()))
      const due = this.endpoints.filter(({ dueAt }) => dueAt <= clock.now())
      await Promise.all(due.map((endpoint) => endpoint.checkIn()))
      if (clock.now() < engineAt && !due.some(({ isBusy }) => isBusy)) continue
      await advanceRollouts(this.#server)
      engineAt = clock.now() + ENGINE_EVERY_MS
    }
  }
}
