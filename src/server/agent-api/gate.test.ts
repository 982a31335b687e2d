import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import { type EndpointId, newId, newSecret, type RunId } from '../../base/ids.ts'
import type { Random } from '../../base/random.ts'
import { systemRandom } from '../../base/random.ts'
import {
  type Configuration,
  DEFAULT_CONFIGURATION,
} from '../../domain/configuration/configuration.ts'
import { type AssembledServer, startAssembledServer } from '../testing/assembled.ts'
import { TEST_START } from '../testing/fleet.ts'
import { type AgentGate, APPOINTMENTS_MAX, createGate, type Visitor } from './gate.ts'

const at = (checkInsPerS: number): Configuration => {
  return { ...DEFAULT_CONFIGURATION, rollout: { ...DEFAULT_CONFIGURATION.rollout, checkInsPerS } }
}

const settled = async (checkInsPerS: number) => {
  const clock = new ManualClock(TEST_START)
  const configuration = { current: async () => at(checkInsPerS) }
  const gate = createGate({ clock, random: sequence(), configuration, onDeferred: () => {} })
  // The first knocks go by the default, until the settings were read.
  gate.knock(visitor('first'))
  await Promise.resolve()
  await Promise.resolve()
  return { clock, gate }
}

/** The same chances in every run. */
function sequence(): Random {
  let state = 1
  return {
    bytes: (length) => new Uint8Array(length),
    fraction() {
      state = (state * 48_271) % 2_147_483_647
      return state / 2_147_483_647
    },
  }
}

const visitor = (name: string): Visitor => ({ door: 'check-in', name, isUpgrading: false })

function secondsOf(answer: ReturnType<ReturnType<typeof createGate>['knock']>): number | null {
  if (answer === null) return null
  if (answer.kind !== 'json' || answer.status !== 503) throw new Error('it is 503, in JSON')
  return Number(answer.headers?.['retry-after'])
}

type Waiting = { readonly name: string; readonly at: number; readonly tries: number }

/** Knocks for everybody whose time it is; who was told to come later comes as agents do. */
function tickAtGate(
  due: readonly Waiting[],
  at: { readonly gate: AgentGate; readonly now: number; readonly chance: Random },
) {
  const { gate, now, chance } = at
  const later = due.filter((who) => who.at > now)
  let inside = 0
  let triesMost = 0
  for (const { name, tries } of due.filter((who) => who.at <= now)) {
    const seconds = secondsOf(gate.knock(visitor(name)))
    if (seconds === null) inside += 1
    else {
      // Never earlier than told, and up to a tenth later.
      const waitMs = seconds * 1000 * (1 + 0.1 * chance.fraction())
      later.push({ name, at: now + waitMs, tries: tries + 1 })
      triesMost = Math.max(triesMost, tries + 1)
    }
  }
  return { inside, later, triesMost }
}

describe('the gate', () => {
  it('lets a fleet of 20,000 back in at the rate, each after one refusal', async () => {
    const perS = 500
    const { clock, gate } = await settled(perS)
    const chance = sequence()
    let due: Waiting[] = Array.from({ length: 20_000 }, (_, index) => {
      return { name: `${index}`, at: 0, tries: 0 }
    })
    const admitted: number[] = []
    let triesMost = 0
    while (due.length > 0 && admitted.length < 400) {
      clock.advance(250)
      const tick = tickAtGate(due, { gate, now: clock.monotonic(), chance })
      due = tick.later
      admitted.push(tick.inside)
      triesMost = Math.max(triesMost, tick.triesMost)
    }
    expect(due).toEqual([])
    expect(triesMost).toBe(1)
    for (let tick = 0; tick + 4 <= admitted.length; tick += 1) {
      const inASecond = admitted.slice(tick, tick + 4).reduce((sum, each) => sum + each, 0)
      expect(inASecond).toBeLessThanOrEqual(3 * perS)
    }
    // The appointments take four fifths of the rate, and the last one may come a tenth later.
    expect(admitted.length / 4).toBeLessThan((20_000 / (0.8 * perS)) * 1.11)
  })

  it('tells who comes too early the same time again, and lets it in then', async () => {
    const { clock, gate } = await settled(10)
    while (gate.knock(visitor(newId<RunId>(systemRandom))) === null);
    const told = secondsOf(gate.knock(visitor('ada'))) ?? 0
    expect(told).toBeGreaterThan(0)
    expect(secondsOf(gate.knock(visitor('ada')))).toBe(told)
    for (let index = 0; index < 500; index += 1) gate.knock(visitor(`other ${index}`))
    expect(secondsOf(gate.knock(visitor('ada')))).toBe(told)
    clock.advance(told * 1000)
    expect(gate.knock(visitor('ada'))).toBeNull()
  })

  it('lets an upgrade in progress in where others wait', async () => {
    const { clock, gate } = await settled(10)
    for (let index = 0; index < 200; index += 1) gate.knock(visitor(`other ${index}`))
    clock.advance(500)
    expect(secondsOf(gate.knock(visitor('ada')))).toBeGreaterThan(20)
    expect(gate.knock({ ...visitor('bob'), isUpgrading: true })).toBeNull()
  })

  it('remembers no more than it has room for, and nobody waits longer than an hour', async () => {
    const { gate } = await settled(100_000)
    let most = 0
    for (let index = 0; index < APPOINTMENTS_MAX + 110_000; index += 1) {
      most = Math.max(most, secondsOf(gate.knock(visitor(`${index}`))) ?? 0)
    }
    expect(most).toBeGreaterThan(1_800)
    expect(most).toBeLessThanOrEqual(3_600)
  })

  it('goes on by what it knows while the settings cannot be read', async () => {
    const clock = new ManualClock(TEST_START)
    const current = () => Promise.reject(new Error('the database is away'))
    const needs = { clock, random: sequence(), onDeferred: () => {} }
    const gate = createGate({ ...needs, configuration: { current } })
    for (let index = 0; index < 5_000; index += 1) {
      expect(gate.knock(visitor(`${index}`))).toBeNull()
    }
    expect(secondsOf(gate.knock(visitor('one more')))).toBe(1)
  })
})

describe('at the doors', () => {
  const clock = new ManualClock(TEST_START)
  let server: AssembledServer
  beforeAll(async () => {
    server = await startAssembledServer({ clock })
    await checkIn()
    await server.call('configurations/agent/rollout/set', { check_ins_per_s: 10 })
    // The gate asks for its rate once a second, and waits for no answer.
    clock.advance(1_000)
    await checkIn()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await fetch(`${server.url}/agent/v1/${path}`, init)
    return { answer, body: await answer.json() }
  }
  const checkIn = (body: unknown = {}) => {
    const id = newId<EndpointId>(systemRandom)
    return post('check-in', body, { authorization: `Bearer ${id}.${newSecret(systemRandom)}` })
  }

  it('check-ins and enrolments are deferred before anything is looked at, and counted', async () => {
    // Nobody's: the first ones get as far as the shape of their body.
    const statuses: number[] = []
    for (let index = 0; index < 20; index += 1) statuses.push((await checkIn()).answer.status)
    expect(new Set(statuses)).toEqual(new Set([400, 503]))
    const { answer, body } = await checkIn()
    expect(answer.status).toBe(503)
    expect(body).toEqual({ code: 'busy', message: expect.stringContaining('come again in') })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    const enrolment = await post('enrol', { run_id: newId<RunId>(systemRandom) })
    expect(enrolment.answer.status).toBe(503)
    const metrics = await (
      await fetch(`${server.url}/metrics`, { headers: server.headers() })
    ).text()
    expect(metrics).toMatch(/drydock_agents_deferred_total\{door="check-in"\} [1-9]/)
    expect(metrics).toContain('drydock_agents_deferred_total{door="enrol"} 1')
  })

  it('who says not who it is is told so, however many wait', async () => {
    expect((await post('check-in', {})).answer.status).toBe(401)
    expect((await post('enrol', {})).answer.status).toBe(400)
  })
})
