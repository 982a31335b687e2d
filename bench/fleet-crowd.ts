/**
 * Many simulated agents in one process. Each keeps the pace of a real one (src/agent/pace.ts): one
 * request at a time, jittered intervals, back-off with full jitter, Retry-After, and news after a
 * second at the earliest. What they met is counted since the last mark.
 */

import {
  type Pause,
  pauseAfterFailure,
  pauseAfterSuccess,
  retryAfterMs,
} from '../src/agent/pace.ts'
import { digestOf } from '../src/base/digest.ts'
import type { Random } from '../src/base/random.ts'
import type { CheckInReply } from '../src/contract/agent/check-in.ts'
import { FleetAgent, type FleetVersion, type FleetWork } from './fleet-agent.ts'
import { type FleetAnswer, FleetSockets } from './fleet-sockets.ts'
import { noLatencies, noteLatency } from './latencies.ts'
import { Wheel } from './wheel.ts'

export type CrowdOptions = {
  readonly port: number
  /** Its agents are those from here on, so many. */
  readonly from: number
  readonly count: number
  readonly connections: number
  readonly version: FleetVersion
  readonly runId: string
  readonly factsDigest: string
  /** Their first check-ins are spread over so long. */
  readonly spreadMs: number
  /** How long a second of an agent's takes: less than one in a test. */
  readonly scale: number
}

export type CrowdLook = {
  readonly sinceMs: number
  readonly latencies: Float64Array
  /** Check-ins answered with 200, and with 503, by the second since the mark. */
  readonly answered: readonly number[]
  readonly shed: readonly number[]
  readonly refused: number
  readonly unreachable: number
  /** Of each agent, after the mark, in milliseconds UTC: first answered, first offered. */
  readonly answeredAt: Float64Array
  readonly offeredAt: Float64Array
  readonly phases: Readonly<Record<string, number>>
  readonly versions: Readonly<Record<string, number>>
  /** Switches in all, and agents that switched twice for one attempt. */
  readonly switches: number
  readonly switchedTwice: number
  /** How late this process itself was to send, at worst. */
  readonly lateMs: number
}

/** As the set-up writes it, too: nothing of it has to be handed over. */
export function fleetIdentity(index: number): {
  readonly endpointId: string
  readonly secret: string
} {
  return {
    endpointId: digestOf(`fleet endpoint ${index}`).slice(0, 32),
    secret: digestOf(`fleet secret ${index}`),
  }
}

type Member = {
  readonly place: number
  readonly agent: FleetAgent
  readonly authorization: string
  failures: number
  /** As the server told it last. */
  intervalS: number | null
  dueAt: number
  notBefore: number
  hasNews: boolean
  isBusy: boolean
  /** What was planned under an earlier turn is void. */
  turn: number
}

export class Crowd {
  readonly #options: CrowdOptions
  readonly #random: Random
  readonly #sockets: FleetSockets
  readonly #wheel = new Wheel()
  readonly #members: readonly Member[]
  #seen: Seen

  constructor(options: CrowdOptions, random: Random) {
    this.#options = options
    this.#random = random
    this.#sockets = new FleetSockets(options)
    this.#members = Array.from({ length: options.count }, (_, place) => this.#member(place))
    this.#seen = new Seen(options.count)
    for (const member of this.#members) {
      this.#plan(member, performance.now() + options.spreadMs * random.fraction())
    }
  }

  mark(): void {
    this.#seen = new Seen(this.#options.count)
    this.#wheel.lateMs = 0
  }

  look(): CrowdLook {
    const { seen, agents } = { seen: this.#seen, agents: this.#members.map(({ agent }) => agent) }
    const { latencies, answered, shed, refused, unreachable, answeredAt, offeredAt } = seen
    return {
      sinceMs: performance.timeOrigin + seen.since,
      ...{ latencies, answered, shed, refused, unreachable, answeredAt, offeredAt },
      phases: countsOf(agents.map(({ phase }) => phase ?? 'idle')),
      versions: countsOf(agents.map(({ version }) => version)),
      switches: agents.reduce((sum, { switchedFor }) => sum + switchedFor.length, 0),
      switchedTwice: agents.filter(hasSwitchedTwice).length,
      lateMs: this.#wheel.lateMs,
    }
  }

  stop(): void {
    this.#wheel.stop()
    this.#sockets.close()
  }

  #member(place: number): Member {
    const { from, version, runId } = this.#options
    const { endpointId, secret } = fleetIdentity(from + place)
    const fraction = () => this.#random.fraction()
    return {
      place,
      agent: new FleetAgent({ runId, version, fraction }),
      authorization: `Bearer ${endpointId}.${secret}`,
      ...{
        failures: 0,
        intervalS: null,
        dueAt: 0,
        notBefore: 0,
        hasNews: false,
        isBusy: false,
        turn: 0,
      },
    }
  }

  #plan(member: Member, at: number): void {
    member.turn += 1
    const { turn } = member
    member.dueAt = at
    this.#wheel.add(at, () => {
      if (member.turn === turn) void this.#checkIn(member)
    })
  }

  async #checkIn(member: Member): Promise<void> {
    member.isBusy = true
    member.hasNews = false
    const said = member.agent.request(this.#options.factsDigest)
    const bytes = checkInBytes(member.authorization, JSON.stringify(said))
    const pause = await this.#ask(bytes, member, (reply) => {
      this.#perform(member, member.agent.take(reply, said) ?? member.agent.prove(said))
    })
    member.isBusy = false
    const { scale } = this.#options
    const now = performance.now()
    member.notBefore = now + pause.notBeforeMs * scale
    this.#plan(member, member.hasNews ? member.notBefore : now + pause.dueMs * scale)
  }

  async #ask(bytes: string, member: Member, take: (reply: CheckInReply) => void): Promise<Pause> {
    const sentAt = performance.now()
    try {
      const answer = await this.#sockets.send(bytes)
      if (answer.status !== 200) return this.#refused(member, answer)
      this.#seen.answer(member.place, sentAt)
      const isBack = member.failures > 0
      member.failures = 0
      // Our own server's: parsing it with the schema would be most of the work here.
      const reply = JSON.parse(answer.body) as CheckInReply
      if (reply.want_facts) throw new Error('the server does not know the facts of the fleet')
      if (reply.instruction.kind === 'upgrade') this.#seen.offer(member.place)
      take(reply)
      member.intervalS = reply.interval_s
      return pauseAfterSuccess(this.#random, reply.interval_s, isBack ? 'anywhere' : 'as-due')
    } catch {
      // Best effort: counted, and the agent comes again.
      this.#seen.unreachable += 1
      return this.#failed(member, null)
    }
  }

  #refused(member: Member, { status, retryAfter }: FleetAnswer): Pause {
    if (status === 503) this.#seen.noteShed()
    else this.#seen.refused += 1
    return this.#failed(member, retryAfter)
  }

  #failed(member: Member, retryAfter: string | null): Pause {
    member.failures += 1
    const { failures, intervalS } = member
    const trouble = { failures, intervalS, retryAfterMs: retryAfterMs(retryAfter) }
    return pauseAfterFailure(this.#random, trouble)
  }

  #perform(member: Member, work: FleetWork | null): void {
    if (work === null) return
    const { scale } = this.#options
    const now = performance.now()
    switch (work.kind) {
      case 'news':
        member.hasNews = true
        if (!member.isBusy) this.#plan(member, Math.max(now, member.notBefore))
        return
      case 'start-anew':
        // The old process was not in the middle of a request when it was ended, or nobody cares.
        if (member.isBusy) member.hasNews = true
        else this.#plan(member, now)
        return
      case 'wait':
        this.#wheel.add(now + work.ms * scale, () => this.#perform(member, work.next()))
        return
      case 'fetch-manifest':
        void this.#fetchManifest(member, 1)
    }
  }

  async #fetchManifest(member: Member, tries: number): Promise<void> {
    const digest = member.agent.wantedManifest
    if (digest === null) return
    const isHere = await this.#isManifestHere(member, digest)
    if (isHere) return this.#perform(member, member.agent.download())
    const trouble = { failures: tries, intervalS: null, retryAfterMs: null }
    const { dueMs } = pauseAfterFailure(this.#random, trouble)
    const again = () => void this.#fetchManifest(member, tries + 1)
    this.#wheel.add(performance.now() + dueMs * this.#options.scale, again)
  }

  async #isManifestHere(member: Member, digest: string): Promise<boolean> {
    const head = `GET /agent/v1/manifests/${digest} HTTP/1.1\r\nhost: 127.0.0.1\r\n`
    try {
      const { authorization } = member
      const bytes = `${head}authorization: ${authorization}\r\n\r\n`
      return (await this.#sockets.send(bytes)).status === 200
    } catch {
      // Best effort: it is asked for again.
      return false
    }
  }
}

/** Since one mark. */
class Seen {
  readonly since = performance.now()
  readonly latencies = noLatencies()
  readonly answered: number[] = []
  readonly shed: number[] = []
  readonly answeredAt: Float64Array
  readonly offeredAt: Float64Array
  refused = 0
  unreachable = 0

  constructor(count: number) {
    this.answeredAt = new Float64Array(count)
    this.offeredAt = new Float64Array(count)
  }

  answer(place: number, sentAt: number): void {
    const now = performance.now()
    noteLatency(this.latencies, now - sentAt)
    bump(this.answered, (now - this.since) / 1000)
    if (this.answeredAt[place] === 0) this.answeredAt[place] = performance.timeOrigin + now
  }

  offer(place: number): void {
    if (this.offeredAt[place] !== 0) return
    this.offeredAt[place] = performance.timeOrigin + performance.now()
  }

  noteShed(): void {
    bump(this.shed, (performance.now() - this.since) / 1000)
  }
}

function bump(counts: number[], second: number): void {
  const index = Math.floor(second)
  while (counts.length <= index) counts.push(0)
  counts[index] = (counts[index] ?? 0) + 1
}

function hasSwitchedTwice({ switchedFor }: FleetAgent): boolean {
  return new Set(switchedFor).size < switchedFor.length
}

function countsOf(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** A check-in as it crosses the wire. */
export function checkInBytes(authorization: string, body: string): string {
  return (
    `POST /agent/v1/check-in HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
    `authorization: ${authorization}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  )
}
