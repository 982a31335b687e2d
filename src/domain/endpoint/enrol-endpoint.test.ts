import { describe, expect, it } from 'vitest'
import type { DistributionId, EndpointId } from '../../base/ids.ts'
import { DISTRIBUTION, digest, ENDPOINT, NOW, RUN, sampleFacts } from '../_samples.ts'
import { decideEnrolEndpoint, type EnrolEndpoint } from './enrol-endpoint.ts'

const NEW = '00000000000000000000000000000002' as EndpointId
const OTHER = '0000000000000000000000000000000e' as DistributionId
const NO_LIMITS = { endpointsMax: null, until: null }
const OPEN = { kind: 'open', limits: NO_LIMITS, endpointsCount: 0 } as const

const command = (given: Partial<EnrolEndpoint> = {}): EnrolEndpoint => ({
  newEndpointId: NEW,
  distributionId: DISTRIBUTION,
  runId: RUN,
  facts: sampleFacts(),
  factsDigest: digest('facts'),
  credentialDigest: digest('credential'),
  isCopy: false,
  ...given,
})
const known = {
  id: ENDPOINT,
  distributionId: DISTRIBUTION,
  hostname: 'db-1',
  macAddresses: ['52:54:00:00:00:01'],
}

describe('enrolment', () => {
  it('a machine nobody knows gets a new endpoint', () => {
    const view = { distribution: OPEN, sameMachine: [] }
    expect(decideEnrolEndpoint(view, command(), NOW)).toEqual({
      ok: true,
      value: { endpointId: NEW, isReturning: false },
    })
  })

  it.each([
    ['the same machine gets its endpoint back', known, {}, ENDPOINT],
    ['also after it was renamed', { ...known, hostname: 'old' }, {}, ENDPOINT],
    ['also with a new network card', { ...known, macAddresses: [] }, {}, ENDPOINT],
    [
      'a clone with the same machine id, another name and another card does not',
      { ...known, hostname: 'golden', macAddresses: ['52:54:00:00:00:09'] },
      {},
      NEW,
    ],
    ['nor an agent that knows it is a copy', known, { isCopy: true }, NEW],
    ['nor a machine without a machine id', known, { facts: sampleFacts({ machineId: '' }) }, NEW],
  ])('%s', (_name, machine, given, endpointId) => {
    const view = { distribution: OPEN, sameMachine: [machine] }
    const decided = decideEnrolEndpoint(view, command(given), NOW)
    expect(decided).toMatchObject({ ok: true, value: { endpointId } })
  })

  it.each([
    ['enrolment-token-unknown', null],
    ['enrolment-token-revoked', { kind: 'token-revoked' }],
    ['distribution-withdrawn', { kind: 'withdrawn' }],
  ] as const)('refuses even a machine it knows: %s', (code, distribution) => {
    const decided = decideEnrolEndpoint({ distribution, sameMachine: [known] }, command(), NOW)
    expect(decided).toEqual({ ok: false, refusal: { code } })
  })
})

describe('the limits of a distribution', () => {
  const full = { ...OPEN, limits: { endpointsMax: 2, until: null }, endpointsCount: 2 }
  const over = { ...OPEN, limits: { endpointsMax: null, until: NOW } }
  const elsewhere = { ...known, distributionId: OTHER }
  it.each([
    ['the last place is taken', { ...full, endpointsCount: 1 }, [], true],
    ['there is no place left', full, [], 'enrolment-limit-reached'],
    ['nobody may enrol', { ...full, limits: { ...NO_LIMITS, endpointsMax: 0 } }, [], null],
    ['a machine of its own comes back to its place', full, [known], true],
    ['one of another distribution needs a place', full, [elsewhere], 'enrolment-limit-reached'],
    [
      'the last moment has not come',
      { ...over, limits: { ...NO_LIMITS, until: NOW + 1 } },
      [],
      true,
    ],
    ['the time is over', over, [], 'enrolment-expired'],
    ['a machine of its own may come back after it', over, [known], true],
    ['one of another may not', over, [elsewhere], 'enrolment-expired'],
    [
      'time comes first',
      { ...full, limits: { endpointsMax: 2, until: NOW } },
      [],
      'enrolment-expired',
    ],
  ] as const)('%s', (_name, distribution, sameMachine, outcome) => {
    const decided = decideEnrolEndpoint({ distribution, sameMachine }, command(), NOW)
    const code = outcome ?? 'enrolment-limit-reached'
    expect(decided).toMatchObject(
      outcome === true ? { ok: true } : { ok: false, refusal: { code } },
    )
  })
})
