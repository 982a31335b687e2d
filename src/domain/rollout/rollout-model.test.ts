/**
 * Any sequence of ticks, check-ins, lost and late messages, failures, pauses, resumes and skips, on
 * a small fleet: no more is at stake than may fail, no more is under way than may be, no wave
 * begins before its turn, a plan settles, and in the end everything has ended.
 */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { isFinished } from '../upgrade/upgrade.ts'
import { Model, type ModelAgent, work } from './_model.ts'
import { failuresIn } from './exposure.ts'
import { NO_POLICY, type RolloutPolicy } from './policy.ts'
import { isMoving } from './rollout.ts'

const AGENTS = 30
const MINUTE_MS = 60_000

type Step =
  | { readonly kind: 'tick' | 'overdue' | 'pause' | 'resume' | 'skip' }
  | { readonly kind: 'pass'; readonly minutes: number }
  | { readonly kind: 'check-in'; readonly agent: number; readonly isHeard: boolean }
  | { readonly kind: 'work'; readonly agent: number; readonly isLucky: boolean }
  | { readonly kind: 'repeat'; readonly agent: number; readonly back: number }
  /** Everybody that is not away works, and is heard. */
  | { readonly kind: 'round'; readonly away: readonly number[] }

const agent = fc.nat(AGENTS - 1)
const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('tick', 'overdue') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('pause', 'resume', 'skip') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pass'),
      minutes: fc.constantFrom(1, 1, 5, 31, 400),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('check-in'), agent, isHeard: fc.boolean() }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('work'), agent, isLucky: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('repeat'), agent, back: fc.nat(3) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('round'), away: fc.array(agent, { maxLength: 8 }) }),
  },
)

const budget = fc.option(fc.integer({ min: 1, max: 4 }))
const arbitraryPolicy: fc.Arbitrary<RolloutPolicy> = fc.record({
  canary: fc.option(
    fc.record({ kind: fc.constant('count'), count: fc.integer({ min: 1, max: 6 }) }),
  ),
  waves: fc.constantFrom(
    [],
    [{ kind: 'percent', percent: 40 }],
    [
      { kind: 'percent', percent: 30 },
      { kind: 'percent', percent: 70 },
    ],
  ),
  maxConcurrent: fc.option(fc.integer({ min: 1, max: 8 })),
  soakMinutes: fc.constantFrom(0, 10),
  failureBudget: fc.record({ count: budget, percent: fc.constant(null) }),
  probationMinutes: fc.constant(null),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  downloadRate: fc.constant(NO_POLICY.downloadRate),
})

const arbitraryFates = fc.array(
  fc.constantFrom<ModelAgent['fate']>('fine', 'fine', 'fine', 'bad', 'unwell'),
  { minLength: AGENTS, maxLength: AGENTS },
)

function take(model: Model, step: Step): void {
  switch (step.kind) {
    case 'tick':
      // What a plan opens is planned at once, and soon there is nothing more to say.
      expect(model.tick()).toBeLessThanOrEqual(5)
      break
    case 'overdue':
      model.endOverdue()
      break
    case 'pause':
    case 'resume':
    case 'skip':
      model[step.kind]()
      break
    case 'pass':
      model.now += step.minutes * MINUTE_MS
      break
    case 'round':
      round(model, new Set(step.away))
      break
    default:
      takeAgents(model, step)
  }
}

function takeAgents(model: Model, step: Extract<Step, { agent: number }>): void {
  const one = model.agents[step.agent]
  if (one === undefined) return
  if (step.kind === 'work') work(one, step.isLucky)
  else if (step.kind === 'repeat') model.repeat(one, step.back)
  else model.checkIn(one, step.isHeard)
}

function round(model: Model, away: ReadonlySet<number>): void {
  for (const [index, one] of model.agents.entries()) {
    if (away.has(index)) continue
    model.checkIn(one, true)
    work(one, true)
  }
}

/** What holds after every step, whatever it was. */
function expectBounds(model: Model): void {
  const { rollout } = model
  const most = Math.min(model.berths, rollout.policy.maxConcurrent ?? model.berths)
  expect(model.inFlight()).toBeLessThanOrEqual(most)
  const tallies = model.tallies()
  for (const [wave, about] of rollout.waves.entries()) {
    const { inFlight = 0, troubled = 0 } = tallies[wave] ?? {}
    if (about.budget !== null) {
      // Who turns unwell long after it succeeded is nobody's to hold back.
      const atStake = failuresIn(rollout, tallies, wave) + inFlight - troubled
      expect(atStake).toBeLessThanOrEqual(about.budget)
    }
    if (wave <= rollout.currentWave) continue
    const begun = model.ofWave(wave).filter(({ state }) => state !== 'queued')
    expect(begun).toEqual([])
  }
  // Who runs something unproven is known to the server, and counted.
  for (const { id, attempt } of model.agents) {
    if (attempt?.state !== 'switching' && attempt?.state !== 'on-probation') continue
    const upgrade = model.upgrades.get(id)
    const isCounted = upgrade?.deadlineAt !== null || upgrade.state === 'timed-out'
    expect([id, isCounted]).toEqual([id, true])
  }
}

/** Everybody is there, and somebody accepts what failed. */
function calm(model: Model): void {
  for (let minutes = 0; minutes < 3_000; minutes += 1) {
    if (model.rollout.state === 'finished') return
    if (!isMoving(model.rollout.state)) model.resume()
    if (model.rollout.reason === 'wave-went-silent') model.skip()
    model.endOverdue()
    model.tick()
    round(model, new Set())
    model.now += MINUTE_MS
  }
}

it('keeps every bound at every step, and everything ends', () => {
  const given = {
    fates: arbitraryFates,
    policy: arbitraryPolicy,
    berths: fc.integer({ min: 1, max: 12 }),
    steps: fc.array(arbitraryStep, { minLength: 20, maxLength: 120 }),
  }
  const property = fc.property(fc.record(given), ({ fates, policy, berths, steps }) => {
    const model = new Model(fates, policy, berths)
    for (const step of steps) {
      take(model, step)
      expectBounds(model)
    }
    calm(model)
    expect(model.rollout.state).toBe('finished')
    expect([...model.upgrades.values()].every(({ state }) => isFinished(state))).toBe(true)
    expect(model.inFlight()).toBe(0)
  })
  fc.assert(property, { numRuns: 100 })
})
