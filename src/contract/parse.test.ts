import { describe, expect, it } from 'vitest'
import { parse, sentenceOf } from './parse.ts'
import { createDistribution } from './public/distributions.ts'
import { upgradeEndpoints } from './public/endpoints.ts'

describe('parse: errors name the place and what would be right', () => {
  const rows = [
    {
      name: 'a missing field',
      schema: createDistribution,
      value: { package_type: 'standalone' },
      error: { type: 'missing', loc: ['request_data', 'name'], msg: 'Field required' },
    },
    {
      name: 'a missing enumerated field',
      schema: createDistribution,
      value: { name: 'n' },
      error: { type: 'missing', loc: ['request_data', 'package_type'], msg: 'Field required' },
    },
    {
      name: 'an unknown field, so that a misspelt window never starts an upgrade at noon',
      schema: upgradeEndpoints,
      value: {
        endpoint_ids: ['a'],
        target_versions: { linux: '1.2.3.4' },
        upgrade_timeframe_windw: {},
      },
      error: {
        type: 'extra_forbidden',
        loc: ['request_data', 'upgrade_timeframe_windw'],
        msg: 'there is no field upgrade_timeframe_windw here',
      },
    },
    {
      name: 'a version that is no version',
      schema: createDistribution,
      value: { name: 'n', package_type: 'upgrade', linux_version: '8.6' },
      error: {
        type: 'invalid_format',
        loc: ['request_data', 'linux_version'],
        msg: 'four numbers joined by dots, such as 8.6.0.1234',
      },
    },
    {
      name: 'a start time without an end time',
      schema: upgradeEndpoints,
      value: {
        endpoint_ids: ['a'],
        target_versions: { linux: '1.2.3.4' },
        upgrade_timeframe_window: { upgrade_timeframe_start_time: '02:00' },
      },
      error: {
        type: 'custom',
        loc: ['request_data', 'upgrade_timeframe_window', 'upgrade_timeframe_end_time'],
        msg: 'start and end time come together: give both, or neither for the whole day',
      },
    },
  ]
  it.each(rows)('$name', ({ schema, value, error }) => {
    const outcome = parse(schema, value, ['request_data'])
    expect(outcome).toEqual({ ok: false, refusal: expect.arrayContaining([error]) })
  })

  it('a sentence tells the first error and how many more there are', () => {
    const outcome = parse(createDistribution, { nam: 1 }, ['request_data'])
    if (outcome.ok) throw new Error('it should have been refused')
    expect(sentenceOf(outcome.refusal)).toBe('request_data.name: Field required (and 2 more)')
  })

  it('at most twenty errors are told', () => {
    const unknown = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x${index}`, 1]))
    const outcome = parse(createDistribution, unknown)
    expect(outcome.ok ? 0 : outcome.refusal.length).toBe(20)
  })
})
