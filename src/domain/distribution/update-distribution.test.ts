import { describe, expect, it } from 'vitest'
import { DISTRIBUTION, NOW, version } from '../_samples.ts'
import { decideDeleteDistribution } from './delete-distribution.ts'
import { type Distribution, NO_LIMITS } from './distribution.ts'
import { decideUpdateDistribution, type UpdateDistribution } from './update-distribution.ts'

const OTHER = '0000000000000000000000000000000e' as Distribution['id']
const BEFORE: Distribution = {
  id: DISTRIBUTION,
  order: {
    name: 'n',
    description: 'd',
    kind: 'standalone',
    platform: 'linux',
    version: version('1.0.0.2'),
    endpointTags: [],
    proxy: [],
    clusterName: null,
  },
  name: 'n',
  description: 'd',
  limits: { endpointsMax: 5, until: null },
  generation: 1,
  state: 'ready',
  reason: null,
  message: null,
  createdAt: 1,
  createdBy: 'api-key:1',
  modifiedAt: 1,
}
const KEEP = { endpointsMax: undefined, until: undefined }
const command = (given: Partial<UpdateDistribution>): UpdateDistribution => ({
  id: DISTRIBUTION,
  name: undefined,
  description: undefined,
  limits: KEEP,
  revokesToken: false,
  ...given,
})

describe('changing a distribution', () => {
  it.each([
    ['its name', { name: 'm' }, { name: 'm' }],
    ['its description', { description: null }, { description: null }],
    ['one limit', { limits: { ...KEEP, until: NOW } }, { limits: { endpointsMax: 5, until: NOW } }],
    ['no limit any more', { limits: { ...KEEP, endpointsMax: null } }, { limits: NO_LIMITS }],
    ['its token', { revokesToken: true }, { generation: 2, state: 'requested' }],
  ] as const)('%s', (_name, given, changed) => {
    const view = { distribution: BEFORE, nameHolder: null }
    const decided = decideUpdateDistribution(view, command(given), NOW)
    const after = { ...BEFORE, modifiedAt: NOW, ...changed }
    expect(decided).toEqual({ ok: true, value: { before: BEFORE, after } })
    expect(BEFORE.order.name).toBe('n')
  })

  it('a token that is revoked after a failure has it built anew', () => {
    const failed = { ...BEFORE, state: 'failed', reason: 'build-fault', message: 'm' } as const
    const view = { distribution: failed, nameHolder: null }
    expect(decideUpdateDistribution(view, command({ revokesToken: true }), NOW)).toMatchObject({
      value: { after: { state: 'requested', reason: null, message: null } },
    })
  })

  it('to what it is already changes nothing', () => {
    const given = { name: 'n', description: 'd', limits: { endpointsMax: 5, until: null } }
    const view = { distribution: BEFORE, nameHolder: DISTRIBUTION }
    const decided = decideUpdateDistribution(view, command(given), NOW)
    expect(decided.ok && decided.value.after).toBe(BEFORE)
  })

  const withdrawn = { ...BEFORE, state: 'withdrawn' } as const
  it.each([
    ['distribution-unknown', { distribution: null, nameHolder: OTHER }],
    ['distribution-unknown', { distribution: withdrawn, nameHolder: OTHER }],
    ['distribution-name-taken', { distribution: BEFORE, nameHolder: OTHER }],
  ])('refuses: %s', (code, view) => {
    const decided = decideUpdateDistribution(view, command({ name: 'm' }), NOW)
    expect(decided).toMatchObject({ ok: false, refusal: { code } })
  })
})

describe('deleting a distribution', () => {
  it.each(['requested', 'building', 'ready', 'failed'] as const)('that is %s', (state) => {
    const before = { ...BEFORE, state }
    const after = { ...before, state: 'withdrawn', modifiedAt: NOW }
    const decided = decideDeleteDistribution(before, { id: DISTRIBUTION }, NOW)
    expect(decided).toEqual({ ok: true, value: { before, after } })
  })

  it.each([[null], [{ ...BEFORE, state: 'withdrawn' } as const]])('that is not there', (before) => {
    const decided = decideDeleteDistribution(before, { id: DISTRIBUTION }, NOW)
    const refusal = { code: 'distribution-unknown', distributionId: DISTRIBUTION }
    expect(decided).toEqual({ ok: false, refusal })
  })
})
