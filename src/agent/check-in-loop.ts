/**
 * The agent's conversation with its server. The parties: this endpoint, known by its credential;
 * the server, which says when to come again and what to do. Everything is a level: a lost request
 * or answer costs a delay.
 *
 * Guaranteed: at most one request at a time and one a second, back-off with full jitter on any
 * trouble, never back before the server asked for, no loop that spins. A credential that is refused
 * leads to a new enrolment, a token that is refused to a long wait. Deliberately absent: decisions.
 * What an instruction does is the updater's; when it may come is the server's.
 */
import type { Clock } from '../base/clock.ts'
import { causeChain } from '../base/fault.ts'
import type { Log } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import { type CheckInReply, type CheckInRequest, checkInReply } from '../contract/agent/check-in.ts'
import type { Facts } from '../contract/agent/facts.ts'
import type { Installation } from '../contract/agent/installation.ts'
import { Alarm } from './alarm.ts'
import { type Answered, enrol, readReply } from './enrol.ts'
import { type Identity, loadIdentity, saveIdentity } from './identity.ts'
import { type Moment, momentOf } from './moment.ts'
import {
  type Pause,
  pauseAfterFailure,
  pauseAfterForbidden,
  pauseAfterSuccess,
  retryAfterMs,
} from './pace.ts'
import type { ServerLink } from './server-link.ts'

export type CheckInNeeds = {
  readonly link: ServerLink
  readonly installation: Installation
  readonly identityPath: string
  readonly runId: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  facts(): Facts
  /** What to report now; `sendFacts` when the server does not know them. */
  request(sendFacts: boolean): CheckInRequest
  onReply(answered: AnsweredCheckIn): void
}

export type AnsweredCheckIn = {
  readonly request: CheckInRequest
  readonly reply: CheckInReply
  /** Before the first try to send it: whatever the reply allows counts from there. */
  readonly sentAt: Moment
}

export type Conversation = {
  readonly endpointId: string | null
  /** Milliseconds UTC of the last check-in that was answered. */
  readonly lastCheckIn: number | null
  readonly lastError: string | null
}

export class CheckInLoop {
  readonly #needs: CheckInNeeds
  readonly #alarm: Alarm
  #identity: Identity | null
  #isCopy = false
  #failures = 0
  #lastCheckIn: number | null = null
  /** As the server told it last. */
  #intervalS: number | null = null
  #lastError: string | null = null
  /** The facts the server is known to have; null: not known, and it asks by their digest. */
  #knownFacts: string | null = null
  #wantFacts = false
  #dueAt = 0
  #notBefore = 0
  #news = false
  #stopping = false

  constructor(needs: CheckInNeeds) {
    this.#needs = needs
    this.#alarm = new Alarm(needs.clock)
    const identity = loadIdentity(needs.identityPath)
    // A package of another server was installed: what the old one knew us by means nothing there.
    const isOurs = identity?.server_url === needs.installation.server_url
    this.#identity = isOurs ? identity : null
  }

  conversation(): Conversation {
    return {
      endpointId: this.#identity?.endpoint_id ?? null,
      lastCheckIn: this.#lastCheckIn,
      lastError: this.#lastError,
    }
  }

  authorization(): string {
    const identity = this.#identity
    return identity === null ? '' : `Bearer ${identity.endpoint_id}.${identity.credential}`
  }

  /** There is news: check in early, if a little patience allows it. */
  hasNews(): void {
    this.#news = true
    this.#alarm.ring()
  }

  stop(): void {
    this.#stopping = true
    this.#alarm.ring()
  }

  async run(): Promise<void> {
    const { clock } = this.#needs
    while (!this.#stopping) {
      const now = clock.monotonic()
      const due = Math.max(this.#notBefore, this.#news ? now : this.#dueAt)
      if (now < due) {
        await this.#alarm.wait(due - now)
        continue
      }
      this.#news = false
      const pause = await this.#converse()
      const after = clock.monotonic()
      this.#dueAt = after + pause.dueMs
      this.#notBefore = after + pause.notBeforeMs
    }
  }

  async #converse(): Promise<Pause> {
    try {
      return this.#identity === null ? await this.#enrol() : await this.#checkIn()
    } catch (error) {
      // Best effort: whatever it was, the endpoint comes again; status and log say why.
      this.#noteError(causeChain(error).join(': '))
      return this.#pauseAfterFailure(null)
    }
  }

  async #enrol(): Promise<Pause> {
    const { link, installation, runId, log, random, identityPath } = this.#needs
    const who = { runId, facts: this.#needs.facts(), isCopy: this.#isCopy }
    const enrolled = await enrol(link, installation, who)
    if (!enrolled.ok) return this.#refused(enrolled.refusal)
    saveIdentity(identityPath, enrolled.value)
    this.#knownFacts = JSON.stringify(who.facts)
    this.#identity = enrolled.value
    this.#isCopy = false
    this.#failures = 0
    this.#lastError = null
    log.info({ endpoint_id: enrolled.value.endpoint_id }, 'enrolled')
    return pauseAfterSuccess(random, 1, 'at-once')
  }

  async #checkIn(): Promise<Pause> {
    const { link, random } = this.#needs
    const facts = JSON.stringify(this.#needs.facts())
    const haveChanged = this.#knownFacts !== null && facts !== this.#knownFacts
    const request = this.#needs.request(this.#wantFacts || haveChanged)
    const sentAt = momentOf(this.#needs.clock)
    const response = await link.send({
      method: 'POST',
      path: '/agent/v1/check-in',
      headers: { authorization: this.authorization(), 'content-type': 'application/json' },
      body: JSON.stringify(request),
    })
    const read = await readReply(link, response, checkInReply)
    if (!read.ok) return this.#refused(read.refusal)
    const reply = read.value
    if (request.facts !== null || !reply.want_facts) this.#knownFacts = facts
    this.#wantFacts = reply.want_facts
    this.#lastCheckIn = this.#needs.clock.now()
    this.#intervalS = reply.interval_s
    const isBack = this.#failures > 0
    this.#failures = 0
    this.#lastError = null
    if (reply.instruction.kind === 'enrol-as-copy') {
      this.#identity = null
      this.#isCopy = true
    }
    this.#needs.onReply({ request, reply, sentAt })
    if (reply.want_facts || this.#identity === null) {
      return pauseAfterSuccess(random, reply.interval_s, 'at-once')
    }
    return pauseAfterSuccess(random, reply.interval_s, isBack ? 'anywhere' : 'as-due')
  }

  #refused(refusal: Answered): Pause {
    const { random } = this.#needs
    this.#noteError(`the server answered ${refusal.status} ${refusal.code}: ${refusal.message}`)
    const { status, isServers } = refusal
    if (status === 401 && isServers && this.#identity !== null) {
      this.#identity = null
      return this.#pauseAfterFailure(null)
    }
    if (status === 403 && isServers && this.#identity === null) return pauseAfterForbidden(random)
    return this.#pauseAfterFailure(retryAfterMs(refusal.retryAfter))
  }

  #pauseAfterFailure(retryAfterMs: number | null): Pause {
    const trouble = { failures: this.#failures, retryAfterMs, intervalS: this.#intervalS }
    return pauseAfterFailure(this.#needs.random, trouble)
  }

  #noteError(what: string): void {
    this.#failures += 1
    this.#lastError = what.slice(0, 1000)
    this.#needs.log.warn(
      { what: this.#lastError, failures: this.#failures },
      'no luck with the server',
    )
  }
}
