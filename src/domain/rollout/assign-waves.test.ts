import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EndpointId } from '../../base/ids.ts'
import { assignWaves, type WaveMember } from './assign-waves.ts'
import { NO_POLICY, type RolloutPolicy } from './policy.ts'
import type { Wave } from './rollout.ts'

const member = (index: number, given: Partial<WaveMember> = {}): WaveMember => ({
  endpointId: String(index).padStart(4, '0') as EndpointId,
  target: 'linux x64',
  distributionId: 'web',
  tags: [],
  isConnected: true,
  cluster: null,
  ...given,
})

const members = (count: number, given: (index: number) => Partial<WaveMember> = () => ({})) =>
  Array.from({ length: count }, (_, index) => member(index, given(index)))

function assign(all: readonly WaveMember[], policy: Partial<RolloutPolicy>, salt = '1') {
  const assigned = assignWaves(all, { ...NO_POLICY, ...policy }, salt)
  if (!assigned.ok) throw new Error(assigned.refusal.code)
  const { waves, waveOf } = assigned.value
  const of = (wave: number) => all.filter(({ endpointId }) => waveOf.get(endpointId) === wave)
  return { waves, waveOf, of, sizes: waves.map(({ name, size }) => `${name} ${size}`) }
}

const canaryOf = (count: number) => ({ canary: { kind: 'count', count } as const })
const percent = (value: number) => ({ kind: 'percent', percent: value }) as const
const tagged = (tag: string) => ({ kind: 'tag', tag }) as const

describe('waves of an action', () => {
  it.each<[string, number, Partial<RolloutPolicy>, readonly string[]]>([
    ['no policy: all at once', 9, {}, ['all 9']],
    ['a canary, and the rest', 9, canaryOf(2), ['canary 2', 'rest 7']],
    ['a canary of all is all there is', 2, canaryOf(5), ['canary 2']],
    ['a canary by percent is one at least', 30, { canary: percent(1) }, ['canary 1', 'rest 29']],
    [
      'percent waves are cumulative, the canary included',
      100,
      { ...canaryOf(5), waves: [percent(10), percent(50), percent(100)] },
      ['canary 5', '10% 5', '50% 40', '100% 50'],
    ],
    ['a wave that would be empty is none', 9, { waves: [percent(10)] }, ['rest 9']],
    [
      'a wave below what is in waves already is none',
      10,
      { waves: [percent(50), percent(20), percent(100)] },
      ['50% 5', '100% 5'],
    ],
    ['what no rule takes comes last', 10, { waves: [percent(35)] }, ['35% 3', 'rest 7']],
  ])('%s', (_name, count, policy, sizes) => {
    expect(assign(members(count), policy).sizes).toEqual(sizes)
  })

  it('by tag: those that have it and are in no wave yet', () => {
    const all = members(10, (index) => ({ tags: index < 4 ? ['eu'] : ['us'] }))
    const { sizes, of } = assign(all, { ...canaryOf(2), waves: [tagged('eu'), tagged('eu')] })
    // The canary met one of each tag.
    expect(sizes).toEqual(['canary 2', 'eu 3', 'rest 5'])
    expect(of(1).every(({ tags }) => tags.includes('eu'))).toBe(true)
  })

  it('each with the budget of its size', () => {
    const failureBudget = { count: 3, percent: 10 }
    const { waves } = assign(members(100), { ...canaryOf(5), waves: [percent(25)], failureBudget })
    expect(waves.map(({ budget }) => budget)).toEqual([1, 2, 3])
  })
})

describe('the canary', () => {
  it('meets every platform, distribution and tag, before it meets one twice', () => {
    const all = [
      ...members(90),
      member(90, { target: 'windows x64' }),
      member(91, { distributionId: 'db', tags: ['eu'] }),
      member(92, { tags: ['lab'] }),
    ]
    const canary = assign(all, canaryOf(4)).of(0)
    expect(canary.map(({ target }) => target)).toContain('windows x64')
    expect(canary.map(({ distributionId }) => distributionId)).toContain('db')
    expect(canary.flatMap(({ tags }) => tags).toSorted()).toEqual(['eu', 'lab'])
  })

  it('covers with few what one endpoint shows together', () => {
    const all = [
      ...members(20, () => ({ tags: ['a'] })),
      ...[20, 21].map((index) => member(index, { tags: ['b'] })),
      member(22, { tags: ['a', 'b'] }),
    ]
    expect(
      assign(all, canaryOf(1))
        .of(0)
        .map(({ tags }) => tags),
    ).toEqual([['a', 'b']])
  })

  it('has of each kind its share, once all are covered', () => {
    const all = members(100, (index) => ({ target: index < 80 ? 'linux x64' : 'macos arm64' }))
    const canary = assign(all, canaryOf(10)).of(0)
    expect(canary.filter(({ target }) => target === 'macos arm64')).toHaveLength(2)
  })

  it('is of those that are connected, while there are any', () => {
    const all = members(20, (index) => ({ isConnected: index >= 17 }))
    expect(
      assign(all, canaryOf(3))
        .of(0)
        .every(({ isConnected }) => isConnected),
    ).toBe(true)
    expect(assign(all, canaryOf(5)).of(0)).toHaveLength(5)
  })

  it('is not the first ids, nor the same ones for each action', () => {
    const all = members(200)
    const ids = (salt: string) =>
      assign(all, canaryOf(5), salt)
        .of(0)
        .map((each) => each.endpointId)
    expect(ids('1')).not.toEqual(all.slice(0, 5).map(({ endpointId }) => endpointId))
    expect(ids('1')).toEqual(ids('1'))
    expect(ids('1')).not.toEqual(ids('2'))
  })

  it('takes a cluster whole or not at all', () => {
    const all = [...members(6, () => ({ cluster: 'eu-1' })), member(6)]
    expect(assign(all, canaryOf(5)).of(0)).toEqual([all[6]])
    expect(assign(all, canaryOf(7)).sizes).toEqual(['canary 7'])
    const policy = { ...NO_POLICY, ...canaryOf(3) }
    expect(assignWaves(all.slice(0, 6), policy, '1')).toEqual({
      ok: false,
      refusal: { code: 'canary-below-cluster', canary: 3, smallest: 6 },
    })
  })
})

const arbitraryMember = fc.record({
  target: fc.constantFrom('linux x64', 'linux arm64', 'windows x64'),
  distributionId: fc.constantFrom('web', 'db'),
  tags: fc.subarray(['eu', 'us', 'lab']),
  isConnected: fc.boolean(),
  cluster: fc.constantFrom(null, null, null, 'c1', 'c2'),
})
const arbitraryRule = fc.oneof(
  fc.integer({ min: 1, max: 100 }).map(percent),
  fc.constantFrom('eu', 'us').map(tagged),
)

/** No wave by percent brings more into waves than it may. */
function expectCumulative(waves: readonly Wave[], total: number): void {
  let before = 0
  for (const { name, size } of waves) {
    before += size
    const most = name.endsWith('%') ? (Number.parseInt(name, 10) * total) / 100 : total
    expect(before).toBeLessThanOrEqual(most)
  }
}

it('whatever the fleet and the policy: each in one wave, no wave too large, clusters whole', () => {
  const given = {
    all: fc.array(arbitraryMember, { minLength: 1, maxLength: 60 }),
    canary: fc.option(fc.integer({ min: 1, max: 20 })),
    rules: fc.array(arbitraryRule, { maxLength: 4 }),
    salt: fc.string(),
  }
  const property = fc.property(fc.record(given), ({ all, canary, rules, salt }) => {
    const named = all.map((each, index) => member(index, each))
    const policy = { ...(canary === null ? {} : canaryOf(canary)), waves: rules }
    const assigned = assignWaves(named, { ...NO_POLICY, ...policy }, salt)
    if (!assigned.ok) {
      expect(named.every(({ cluster }) => cluster !== null)).toBe(true)
      return
    }
    const { waves, waveOf } = assigned.value
    expect(waveOf.size).toBe(named.length)
    for (const [index, { size }] of waves.entries()) {
      expect(size).toBeGreaterThan(0)
      expect([...waveOf.values()].filter((each) => each === index)).toHaveLength(size)
    }
    for (const group of Map.groupBy(named, ({ cluster }) => cluster)) {
      if (group[0] === null) continue
      expect(new Set(group[1].map(({ endpointId }) => waveOf.get(endpointId))).size).toBe(1)
    }
    if (canary !== null) expect(waves[0]?.size).toBeLessThanOrEqual(Math.min(canary, all.length))
    expectCumulative(waves, all.length)
    const again = assignWaves(named.toReversed(), { ...NO_POLICY, ...policy }, salt)
    expect(again.ok && again.value.waves).toEqual(waves)
  })
  fc.assert(property, { numRuns: 300 })
})
