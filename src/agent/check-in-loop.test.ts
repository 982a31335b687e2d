import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../base/clock-manual.ts'
import { silentLog } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'
import type { CheckInRequest } from '../contract/agent/check-in.ts'
import { type AnsweredCheckIn, CheckInLoop } from './check-in-loop.ts'
import { LINK_LIMITS, ServerLink } from './server-link.ts'

const HEX32 = 'e'.repeat(32)
const FACTS = { time_zone: 'UTC' } as ReturnType<
  ConstructorParameters<typeof CheckInLoop>[0]['facts']
>
const URL = 'http://server.test'
const installation = {
  schema: 1 as const,
  ...{ server_url: URL, distribution_id: 'd'.repeat(32), token: 't' },
  ...{ proxy: [], endpoint_tags: [], trusted_keys: [] },
}
const reply = {
  ...{ server_time: 0, interval_s: 60, want_facts: false, acknowledged_attempt: null },
  instruction: { kind: 'nothing' },
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-loop-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

type Said = () => Promise<Response>
const answer =
  (body: object = reply): Said =>
  async () =>
    Response.json(body)
const refuse = (status: number, retryAfter?: string): Said => {
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
  const body = JSON.stringify({ code: 'busy', message: 'not now' })
  return async () => new Response(body, { status, headers })
}
const dead: Said = () => Promise.reject(new Error('connection refused'))

/** An enrolled agent's conversation, in virtual time. */
class Conversation {
  readonly at: number[] = []
  readonly facts: boolean[] = []
  readonly answered: AnsweredCheckIn[] = []
  says: Said
  zone = 'UTC'
  readonly loop: CheckInLoop
  readonly #running: Promise<void>

  constructor(clock: ManualClock, says: Said, number = 0) {
    this.says = says
    const path = join(folder, `${number}`, 'identity.json')
    mkdirSync(join(folder, `${number}`))
    const who = { endpoint_id: HEX32, credential: 'c'.repeat(64), server_url: URL }
    const rest = { distribution_id: 'd'.repeat(32), installed_at: 0 }
    writeFileSync(path, JSON.stringify({ schema: 1, ...who, ...rest }))
    const limits = LINK_LIMITS
    const send = () => {
      this.at.push(clock.monotonic())
      return this.says()
    }
    const way = { serverUrl: URL, proxies: [], fetch: send, limits }
    this.loop = new CheckInLoop({
      ...{
        installation,
        identityPath: path,
        runId: HEX32,
        clock,
        random: systemRandom,
        log: silentLog,
      },
      link: new ServerLink({ ...way, clock, random: systemRandom, log: silentLog }),
      facts: () => ({ ...FACTS, time_zone: this.zone }),
      request: (sendFacts) => {
        this.facts.push(sendFacts)
        return { facts: sendFacts ? {} : null } as CheckInRequest
      },
      onReply: (answered) => this.answered.push(answered),
    })
    this.#running = this.loop.run()
  }

  async stop(): Promise<void> {
    this.loop.stop()
    await this.#running
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((done) => setImmediate(done))
}

async function pass(clock: ManualClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1_000)
    await settle()
  }
}

describe('the conversation', () => {
  it('tells with each reply what it answers, and when that was sent', async () => {
    const clock = new ManualClock(5_000)
    let deliver = () => {}
    const slow = new Promise<Response>((resolve) => {
      deliver = () => resolve(Response.json(reply))
    })
    const it = new Conversation(clock, () => slow)
    await settle()
    clock.advance(9_000)
    deliver()
    await settle()
    expect(it.answered[0]?.sentAt).toEqual({ monotonic: 0, wall: 5_000 })
    expect(it.answered[0]?.request).toEqual({ facts: null })
    await it.stop()
  })

  it('sends its facts again when the zone of the machine changed', async () => {
    const clock = new ManualClock(0)
    const it = new Conversation(clock, answer())
    await pass(clock, 70)
    it.zone = 'Europe/Berlin'
    await pass(clock, 70)
    await pass(clock, 70)
    expect(it.facts.filter((isSent) => isSent)).toHaveLength(1)
    await it.stop()
  })

  it.each([429, 503])('%i: comes no earlier than told, whatever is new', async (status) => {
    const clock = new ManualClock(0)
    const it = new Conversation(clock, refuse(status, '45'))
    await settle()
    expect(it.at).toEqual([0])
    it.says = answer()
    it.loop.hasNews()
    await pass(clock, 44)
    it.loop.hasNews()
    expect(it.at).toEqual([0])
    await pass(clock, 6)
    // The one behind that comes anywhere in the interval, and may be here by now.
    expect(it.at[1]).toBeGreaterThanOrEqual(45_000)
    expect(it.at[1]).toBeLessThanOrEqual(50_000)
    await it.stop()
  })
})

/** How many came in the busiest second, from `since` on. */
function busiest(fleet: readonly Conversation[], since: number): number {
  const counts = new Map<number, number>()
  for (const at of fleet.flatMap((each) => each.at.filter((when) => when >= since))) {
    const second = Math.floor(at / 1000)
    counts.set(second, (counts.get(second) ?? 0) + 1)
  }
  return Math.max(...counts.values())
}

describe('a fleet', () => {
  const SIZE = 300

  it('is back one interval after an outage, not all at once, and does not stay together', async () => {
    const clock = new ManualClock(0)
    const fleet = Array.from({ length: SIZE }, (_, number) => {
      return new Conversation(clock, answer(), number)
    })
    await settle()
    for (const each of fleet) each.says = dead
    await pass(clock, 240)
    const back = clock.monotonic()
    for (const each of fleet) each.says = answer()
    await pass(clock, 150)
    const returned = fleet.map((each) => each.at.find((at) => at >= back) ?? Number.MAX_VALUE)
    expect(Math.max(...returned) - back).toBeLessThanOrEqual(61_000)
    // Spread evenly, 300 a minute would be 5 a second.
    expect(busiest(fleet, back)).toBeLessThan(SIZE / 10)
    await Promise.all(fleet.map((each) => each.stop()))
  })

  it('comes when it is told, spread as the server spreads it', async () => {
    const clock = new ManualClock(0)
    const fleet = Array.from({ length: SIZE }, (_, number) => {
      return new Conversation(clock, refuse(429, String(30 + (number % 60))), number)
    })
    await settle()
    for (const each of fleet) each.says = answer()
    await pass(clock, 105)
    fleet.forEach(({ at }, number) => {
      const told = (30 + (number % 60)) * 1000
      expect(at[1]).toBeGreaterThanOrEqual(told)
      expect(at[1]).toBeLessThanOrEqual(told * 1.1 + 1_000)
    })
    expect(busiest(fleet, 1)).toBeLessThan(SIZE / 10)
    await Promise.all(fleet.map((each) => each.stop()))
  })
})
