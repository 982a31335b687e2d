import { describe, expect, it } from 'vitest'
import type { EndpointId } from '../../base/ids.ts'
import { DISTRIBUTION, digest, ENDPOINT, RUN, sampleFacts } from '../_samples.ts'
import { decideEnrolEndpoint, type EnrolEndpoint } from './enrol-endpoint.ts'

const NEW = '00000000000000000000000000000002' as EndpointId
const OPEN = { acceptsEnrolments: true }

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
const known = { id: ENDPOINT, hostname: 'db-1', macAddresses: ['52:54:00:00:00:01'] }

describe('enrolment', () => {
  it('a machine nobody knows gets a new endpoint', () => {
    const view = { distribution: OPEN, sameMachine: [] }
    expect(decideEnrolEndpoint(view, command())).toEqual({
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
    const decided = decideEnrolEndpoint(view, command(given))
    expect(decided).toMatchObject({ ok: true, value: { endpointId } })
  })

  it('refuses an unknown token before a withdrawn distribution', () => {
    const unknown = decideEnrolEndpoint({ distribution: null, sameMachine: [known] }, command())
    expect(unknown).toEqual({ ok: false, refusal: { code: 'enrolment-token-unknown' } })
    const view = { distribution: { acceptsEnrolments: false }, sameMachine: [known] }
    const withdrawn = decideEnrolEndpoint(view, command())
    expect(withdrawn).toEqual({ ok: false, refusal: { code: 'distribution-withdrawn' } })
  })
})
