import { describe, expect, it } from 'vitest'
import { DISTRIBUTION, digest, NOW, sampleRelease, version } from '../_samples.ts'
import { type CreateDistribution, decideCreateDistribution } from './create-distribution.ts'
import { type Distribution, type DistributionOrder, NO_LIMITS } from './distribution.ts'

const ORDER: DistributionOrder = {
  name: 'n',
  description: null,
  kind: 'standalone',
  platform: 'linux',
  version: version('1.0.0.2'),
  endpointTags: [],
  proxy: [],
  clusterName: null,
}
const command = (order: Partial<CreateDistribution['order']> = {}): CreateDistribution => ({
  id: DISTRIBUTION,
  order: { ...ORDER, ...order },
  tokenDigest: digest('token'),
})
const criticalEnvironment = { isEnabled: true }
const EARLIER = '0000000000000000000000000000000e' as Distribution['id']
const earlier = (given: Partial<Distribution> = {}): Distribution => ({
  id: EARLIER,
  order: ORDER,
  name: 'n',
  description: null,
  limits: NO_LIMITS,
  generation: 0,
  state: 'ready',
  reason: null,
  message: null,
  createdAt: NOW,
  createdBy: 'api-key:1',
  modifiedAt: NOW,
  ...given,
})
const old = sampleRelease({ version: version('1.0.0.1'), manifestDigest: digest('release 1') })
const newest = sampleRelease({ version: version('1.0.0.10'), manifestDigest: digest('release 10') })

describe('ordering a distribution', () => {
  it('no version means the newest, by number and not by letter', () => {
    const view = { releases: [newest, sampleRelease(), old], sameName: null, criticalEnvironment }
    const decided = decideCreateDistribution(view, command({ version: null }))
    const order = { version: '1.0.0.10', asksNewest: true }
    expect(decided).toMatchObject({ ok: true, value: { kind: 'new', id: DISTRIBUTION, order } })
  })

  it('a withdrawn release is not the newest', () => {
    const releases = [{ ...newest, withdrawnAt: NOW }, sampleRelease()]
    const decided = decideCreateDistribution(
      { releases, sameName: null, criticalEnvironment },
      command({ version: null }),
    )
    expect(decided).toMatchObject({ ok: true, value: { order: { version: '1.0.0.2' } } })
  })

  it('versions for critical environments are neither chosen nor ordered while disabled', () => {
    const critical = sampleRelease({ version: version('1.0.100.1') })
    const view = { releases: [critical, sampleRelease()], sameName: null }
    const on = { ...view, criticalEnvironment }
    const off = { ...view, criticalEnvironment: { isEnabled: false } }
    const newestIn = (given: typeof on) =>
      decideCreateDistribution(given, command({ version: null }))
    expect(newestIn(on)).toMatchObject({ value: { order: { version: '1.0.100.1' } } })
    expect(newestIn(off)).toMatchObject({ value: { order: { version: '1.0.0.2' } } })
    const named = decideCreateDistribution(off, command({ version: critical.version }))
    expect(named).toMatchObject({
      refusal: { code: 'critical-environment-disabled', platform: null },
    })
    const unknown = decideCreateDistribution(off, command({ version: version('9.0.0.1') }))
    expect(unknown).toMatchObject({ refusal: { released: ['1.0.0.2'] } })
  })

  const other = earlier({ order: { ...ORDER, proxy: ['p:1'] } })
  const rows = [
    ['distribution-name-taken', other, [], { version: null }],
    ['nothing-released', null, [], { version: null }],
    ['version-not-released', null, [old], {}],
    ['release-withdrawn', null, [{ ...sampleRelease(), withdrawnAt: NOW }], {}],
    [
      'release-withdrawn',
      earlier({ state: 'failed' }),
      [{ ...sampleRelease(), withdrawnAt: NOW }],
      {},
    ],
  ] as const
  it.each(rows)('refuses: %s', (code, sameName, releases, order) => {
    const decided = decideCreateDistribution(
      { releases, sameName, criticalEnvironment },
      command(order),
    )
    expect(decided).toMatchObject({ ok: false, refusal: { code } })
  })
})

describe('ordering under a name that is there', () => {
  const releases = [old, sampleRelease(), newest]
  const decide = (sameName: Distribution, order: Partial<CreateDistribution['order']>) =>
    decideCreateDistribution({ releases, sameName, criticalEnvironment }, command(order))
  const asked = (order: Partial<DistributionOrder>) => earlier({ order: { ...ORDER, ...order } })
  const latest = asked({ asksNewest: true })
  const placement = {
    flavour: null,
    namespace: null,
    nodeSelector: { a: '1', b: '2' },
    runOnMasterNode: null,
    runOnAllNodes: null,
  }

  it.each([
    ['the very same', earlier(), {}],
    ['while it is being built', earlier({ state: 'building' }), {}],
    ['also when it was called otherwise and described anew', earlier({ description: 'new' }), {}],
    ['the newest then, the newest now', latest, { version: null }],
    ['the newest then, by its number now', latest, {}],
    ['a number then that is the newest now', asked({ version: newest.version }), { version: null }],
    ['tags in another order', asked({ endpointTags: ['a', 'b'] }), { endpointTags: ['b', 'a'] }],
    [
      'labels in another order',
      asked({ placement }),
      { placement: { ...placement, nodeSelector: { b: '2', a: '1' } } },
    ],
    [
      'nothing said of a cluster',
      earlier(),
      { placement: { ...placement, nodeSelector: null }, limits: NO_LIMITS },
    ],
    [
      'its release was withdrawn since',
      asked({ version: version('9.9.9.9') }),
      { version: version('9.9.9.9') },
    ],
  ] as const)('is the same order: %s', (_name, sameName, order) => {
    expect(decide(sameName, order)).toEqual({ ok: true, value: { kind: 'existing', id: EARLIER } })
  })

  it.each([
    ['another version', { version: version('1.0.0.1') }],
    ['the newest, which it is not', { version: null }],
    ['a description', { description: 'd' }],
    ['tags', { endpointTags: ['a'] }],
    ['a proxy', { proxy: ['p:1'] }],
    ['a cluster', { clusterName: 'c' }],
    ['a limit', { limits: { endpointsMax: 5, until: null } }],
    ['a flavour', { placement: { ...placement, flavour: 'gcos' } }],
  ])('is another order: %s', (_name, order) => {
    const refusal = { code: 'distribution-name-taken', name: 'n', distributionId: EARLIER }
    expect(decide(earlier(), order)).toEqual({ ok: false, refusal })
  })

  it('one that failed is built again, of what is the newest now', () => {
    const failed = { ...latest, state: 'failed', reason: 'release-withdrawn' } as const
    expect(decide(failed, { version: null })).toMatchObject({
      ok: true,
      value: { kind: 'again', id: EARLIER, order: { version: '1.0.0.10', asksNewest: true } },
    })
  })
})
