import { describe, expect, it } from 'vitest'
import { DISTRIBUTION, digest, NOW, sampleRelease, version } from '../_samples.ts'
import { type CreateDistribution, decideCreateDistribution } from './create-distribution.ts'

const command = (order: Partial<CreateDistribution['order']> = {}): CreateDistribution => ({
  id: DISTRIBUTION,
  order: {
    name: 'n',
    description: null,
    kind: 'standalone',
    platform: 'linux',
    version: version('1.0.0.2'),
    endpointTags: [],
    proxy: [],
    clusterName: null,
    ...order,
  },
  tokenDigest: digest('token'),
})
const old = sampleRelease({ version: version('1.0.0.1'), manifestDigest: digest('release 1') })
const newest = sampleRelease({ version: version('1.0.0.10'), manifestDigest: digest('release 10') })

describe('ordering a distribution', () => {
  it('no version means the newest, by number and not by letter', () => {
    const view = { releases: [newest, sampleRelease(), old] }
    const decided = decideCreateDistribution(view, command({ version: null }))
    expect(decided).toMatchObject({ ok: true, value: { order: { version: '1.0.0.10' } } })
  })

  it('a withdrawn release is not the newest', () => {
    const view = { releases: [{ ...newest, withdrawnAt: NOW }, sampleRelease()] }
    const decided = decideCreateDistribution(view, command({ version: null }))
    expect(decided).toMatchObject({ ok: true, value: { order: { version: '1.0.0.2' } } })
  })

  const rows = [
    ['kind-not-built-yet', [], { kind: 'helm', platform: 'windows' }],
    ['platform-not-built-yet', [], { platform: 'windows', version: null }],
    ['nothing-released', [], { version: null }],
    ['version-not-released', [old], {}],
    ['release-withdrawn', [{ ...sampleRelease(), withdrawnAt: NOW }], {}],
  ] as const
  it.each(rows)('refuses: %s', (code, releases, order) => {
    const decided = decideCreateDistribution({ releases }, command(order))
    expect(decided).toMatchObject({ ok: false, refusal: { code } })
  })
})
