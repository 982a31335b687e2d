import { describe, expect, it } from 'vitest'
import { parse } from '../../../contract/parse.ts'
import { rolloutPolicy, toldRolloutPolicy } from '../../../contract/public/rollout.ts'
import { NO_POLICY, type RolloutPolicy } from '../../../domain/rollout/policy.ts'
import { renderRolloutPolicy, toRolloutPolicy } from './rollout-policy.ts'

/** Nothing in it is as `NO_POLICY` has it. */
const CAREFUL: RolloutPolicy = {
  canary: { kind: 'count', count: 3 },
  waves: [
    { kind: 'tag', tag: 'lab' },
    { kind: 'percent', percent: 10 },
  ],
  maxConcurrent: 50,
  soakMinutes: 60,
  failureBudget: { count: 5, percent: 2.5 },
  probationMinutes: 20,
  maxAttempts: 3,
  downloadRate: 1_000_000,
}

function policyOf(wire: unknown, defaults: RolloutPolicy): RolloutPolicy {
  const parsed = parse(rolloutPolicy, wire)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusal))
  return toRolloutPolicy(parsed.value, defaults)
}

describe('a rollout policy', () => {
  it('of nothing at all is the default', () => {
    expect(toRolloutPolicy(null, CAREFUL)).toEqual(CAREFUL)
    expect(policyOf({}, CAREFUL)).toEqual(CAREFUL)
  })

  const fields = Object.keys(renderRolloutPolicy(CAREFUL))
  it.each(fields)('with null for %s has the default there', (field) => {
    expect(policyOf({ [field]: null }, CAREFUL)).toEqual(CAREFUL)
  })

  it.each([
    ['canary', 'none', 'canary'],
    ['waves', [], 'waves'],
    ['max_concurrent', 'none', 'maxConcurrent'],
    ['soak_minutes', 0, 'soakMinutes'],
    ['failure_budget', 'none', 'failureBudget'],
    ['failure_budget', {}, 'failureBudget'],
    ['probation_minutes', 'none', 'probationMinutes'],
    ['max_attempts', 1, 'maxAttempts'],
    ['download_rate', 'none', 'downloadRate'],
  ] as const)('takes %s: %j for none of it, and leaves the rest', (field, wire, name) => {
    expect(policyOf({ [field]: wire }, CAREFUL)).toEqual({ ...CAREFUL, [name]: NO_POLICY[name] })
  })

  it.each([
    ['all of it', CAREFUL],
    ['none of it', NO_POLICY],
    ['a canary by percent', { ...CAREFUL, canary: { kind: 'percent', percent: 1 } } as const],
  ])('that was told can be sent back: %s', (_name, policy) => {
    const told = renderRolloutPolicy(policy)
    expect(toldRolloutPolicy.parse(told)).toEqual(told)
    expect(policyOf(told, policy)).toEqual(policy)
  })

  it('takes percents with and without their name, and a budget as a whole', () => {
    const wire = { waves: [1, { percent: 10 }, { tag: 'lab' }, 50], failure_budget: { count: 1 } }
    expect(policyOf(wire, CAREFUL)).toMatchObject({
      waves: [
        { kind: 'percent', percent: 1 },
        { kind: 'percent', percent: 10 },
        { kind: 'tag', tag: 'lab' },
        { kind: 'percent', percent: 50 },
      ],
      failureBudget: { count: 1, percent: null },
    })
  })

  it.each([
    [{ canary: 3 }, ['canary'], '"none", or exactly one of count and percent'],
    [{ canary: {} }, ['canary'], 'exactly one of count and percent'],
    [{ canary: { count: 1, percent: 1 } }, ['canary'], 'exactly one of count and percent'],
    [{ canary: { count: 0 } }, ['canary', 'count'], '1 to 100000'],
    [{ waves: [5, 5] }, ['waves', 1], '5 must be more than the 5 before it'],
    [{ waves: [50, { tag: 'lab' }, 10] }, ['waves', 2], '10 must be more than the 50'],
    [{ waves: [{ tag: 'lab' }, { tag: 'lab' }] }, ['waves', 1], 'the tag lab has a wave already'],
    [{ waves: [101] }, ['waves', 0], 'a percent from 1 to 100'],
    [{ waves: [{ percent: 0 }] }, ['waves', 0, 'percent'], '1 to 100'],
    [{ waves: ['lab'] }, ['waves', 0], 'a tag ({"tag": "lab"})'],
    [{ waves: Array.from({ length: 21 }, (_, at) => at + 1) }, ['waves'], 'at most 20 waves'],
    [{ max_concurrent: 0 }, ['max_concurrent'], '1 to 100000'],
    [{ max_concurrent: 'all' }, ['max_concurrent'], '"none", or a whole number'],
    [{ soak_minutes: 10_081 }, ['soak_minutes'], '0 to 10080'],
    [{ failure_budget: { percent: 0 } }, ['failure_budget', 'percent'], 'above 0, to 100'],
    [{ failure_budget: 5 }, ['failure_budget'], '"none", or count, percent or both'],
    [{ probation_minutes: 1441 }, ['probation_minutes'], '1 to 1440'],
    [{ max_attempts: 11 }, ['max_attempts'], '1 to 10'],
    [{ download_rate: 1023 }, ['download_rate'], '1024 to 1000000000'],
    [{ ring: 1 }, ['ring'], 'no field ring'],
  ])('%j is none', (wire, loc, words) => {
    const parsed = parse(rolloutPolicy, wire)
    if (parsed.ok) throw new Error('it was accepted')
    expect(parsed.refusal[0]?.loc).toEqual(loc)
    expect(parsed.refusal[0]?.msg).toContain(words)
  })
})
