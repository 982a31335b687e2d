import { assert, integer, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Appointment,
  BURST_S,
  decideAdmitAgent,
  fullGate,
  type Gate,
  type Knock,
  WAIT_S_MAX,
} from './admit-agent.ts'

const PER_S = 100
const NOW = 1_000_000
const SOMEBODY: Knock = {
  appointment: null,
  isUpgrading: false,
  cost: 1,
  isBookFull: false,
  chance: 0.5,
}
const due: Appointment = { at: NOW - 1, keptUntil: NOW + 1_000 }
const missed: Appointment = { at: NOW - 9_000, keptUntil: NOW - 1 }
const later: Appointment = { at: NOW + 30_001, keptUntil: NOW + 40_000 }
/** Others have appointments for the next minute. */
const crowded = { at: NOW, takenUntil: NOW + 60_000 }
const quiet = { at: NOW, takenUntil: NOW }

describe('of two hundred tokens', () => {
  it.each([
    ['nobody waits: all but half', { ...quiet, tokens: 101 }, {}, null],
    ['nobody waits: no more than that', { ...quiet, tokens: 100 }, {}, 1],
    ['others wait: what nobody fetches', { ...crowded, tokens: 151 }, {}, null],
    ['others wait: behind them', { ...crowded, tokens: 150 }, {}, 61],
    ['an appointment kept: any', { ...crowded, tokens: 1 }, { appointment: due }, null],
    ['an appointment kept, and none left', { ...crowded, tokens: 0 }, { appointment: due }, 61],
    ['before its time: the same time', { ...crowded, tokens: 9 }, { appointment: later }, 31],
    ['late: before all others', { ...crowded, tokens: 101 }, { appointment: missed }, null],
    ['late, and too many: anew', { ...crowded, tokens: 100 }, { appointment: missed }, 61],
    ['in an upgrade: before all others', { ...crowded, tokens: 101 }, { isUpgrading: true }, null],
    ['in an upgrade: but half stays', { ...crowded, tokens: 100 }, { isUpgrading: true }, 61],
    ['what costs more', { ...quiet, tokens: 109 }, { cost: 10 }, 1],
    ['what costs more, and is there', { ...quiet, tokens: 110 }, { cost: 10 }, null],
    ['never more than a tenth of a second', { ...quiet, tokens: 110 }, { cost: 5_000 }, null],
  ])('%s', (_name, gate: Gate, knock: Partial<Knock>, retryAfterS) => {
    const decided = decideAdmitAgent(gate, { ...SOMEBODY, ...knock }, PER_S, NOW)
    expect(decided.retryAfterS).toBe(retryAfterS)
    const taken = gate.tokens - decided.gate.tokens
    expect(taken).toBe(retryAfterS === null ? Math.min(knock.cost ?? 1, 10) : 0)
  })
})

it.each([
  ['there is no room for one more', { ...crowded, tokens: 0 }, { isBookFull: true }],
  [
    'they would wait for more than an hour',
    { at: NOW, takenUntil: NOW + 3_600_000, tokens: 0 },
    {},
  ],
])('nobody waits longer than an hour, also if %s', (_name, gate, knock) => {
  for (const chance of [0, 0.5, 0.999]) {
    const decided = decideAdmitAgent(gate, { ...SOMEBODY, ...knock, chance }, PER_S, NOW)
    expect(decided).toMatchObject({ appointment: null, gate: { takenUntil: gate.takenUntil } })
    expect(decided.retryAfterS).toBeGreaterThanOrEqual(WAIT_S_MAX / 2)
    expect(decided.retryAfterS).toBeLessThanOrEqual(WAIT_S_MAX)
  }
})

/** A crowd at the gate, second by second; returns what became of everybody. */
function crowdAtGate(crowd: {
  readonly perS: number
  readonly first: number
  readonly strangersPerS: number
  readonly upgradingPerS: number
  readonly enrolling: number
}) {
  const { perS } = crowd
  let gate = fullGate(perS, 0)
  const spent: { readonly at: number; readonly cost: number }[] = []
  /** Second to those who come back in it, each at its own moment of it. */
  const returning = new Map<number, { readonly at: number; readonly knock: Knock }[]>()
  let refusedTwice = 0
  let waiting = 0
  const knock = (at: number, who: Knock) => {
    const decided = decideAdmitAgent(gate, who, perS, at)
    gate = decided.gate
    if (decided.retryAfterS === null) {
      if (who.appointment !== null) waiting -= 1
      spent.push({ at, cost: Math.min(who.cost, perS / 10) })
      return
    }
    if (who.appointment !== null) refusedTwice += 1
    if (decided.appointment === null) return
    waiting += 1
    const back = at + decided.retryAfterS * 1000
    const second = Math.floor(back / 1000)
    const others = returning.get(second) ?? []
    others.push({ at: back, knock: { ...who, appointment: decided.appointment } })
    returning.set(second, others)
  }
  const newcomer = { ...SOMEBODY, chance: 0 }
  for (let index = 0; index < crowd.first; index += 1) knock(0, newcomer)
  for (let index = 0; index < crowd.enrolling; index += 1) knock(0, { ...newcomer, cost: 20 })
  for (let second = 0; second === 0 || (waiting > 0 && second < 4_000); second += 1) {
    const arrivals = [...(returning.get(second) ?? [])]
    returning.delete(second)
    const strangers = crowd.strangersPerS
    const unknown = second < 20 ? strangers + crowd.upgradingPerS : 0
    for (let index = 0; index < unknown; index += 1) {
      const at = second * 1000 + ((index * 997) % 1000)
      arrivals.push({ at, knock: { ...newcomer, isUpgrading: index >= strangers } })
    }
    arrivals.sort((one, other) => one.at - other.at)
    for (const arrival of arrivals) knock(arrival.at, arrival.knock)
  }
  return { spent, refusedTwice, waiting }
}

const crowds = record({
  perS: integer({ min: 10, max: 400 }),
  first: integer({ min: 0, max: 3_000 }),
  strangersPerS: integer({ min: 0, max: 300 }),
  upgradingPerS: integer({ min: 0, max: 300 }),
  enrolling: integer({ min: 0, max: 100 }),
})

it('in no time more is spent than the rate and the burst', () => {
  assert(
    property(crowds, (crowd) => {
      const { spent } = crowdAtGate(crowd)
      // The worst stretch of time that ends at each admission, in one pass (as of a leaky bucket).
      let level = 0
      let worst = 0
      let before = 0
      for (const { at, cost } of spent) {
        level = Math.max(0, level - ((at - before) / 1000) * crowd.perS) + cost
        worst = Math.max(worst, level)
        before = at
      }
      expect(worst).toBeLessThanOrEqual(BURST_S * crowd.perS + 1e-6)
    }),
    { numRuns: 100 },
  )
})

it('whoever comes at its time is let in, and so in the end everybody', () => {
  assert(
    property(crowds, (crowd) => {
      const { refusedTwice, waiting } = crowdAtGate(crowd)
      expect(refusedTwice).toBe(0)
      expect(waiting).toBe(0)
    }),
    { numRuns: 100 },
  )
})
