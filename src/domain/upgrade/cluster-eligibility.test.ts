import { describe, expect, it } from 'vitest'
import type { EndpointId } from '../../base/ids.ts'
import type { Platform } from '../../base/platform.ts'
import {
  DISTRIBUTION,
  digest,
  LINUX,
  NOW,
  sampleOrder,
  sampleRelease,
  version,
} from '../_samples.ts'
import type { Scope } from '../access/scope.ts'
import { DEFAULT_CONFIGURATION } from '../configuration/configuration.ts'
import { decideCreateUpgradeAction } from './create-upgrade-action.ts'
import type { UpgradeCandidate } from './eligibility.ts'

const TARGETS = new Map<Platform, ReturnType<typeof version>>([['linux', version('1.0.0.2')]])
const GRANTED = { uid: 'set-1', mayUpgrade: true }

const pod = (id: string, given: Partial<UpgradeCandidate> = {}): UpgradeCandidate => ({
  id: id as EndpointId,
  deleted: false,
  distributionId: DISTRIBUTION,
  timeZone: 'UTC',
  connection: 'connected',
  target: LINUX,
  tags: { server: [], agent: ['eu'] },
  version: version('1.0.0.1'),
  osVersion: '12',
  kernel: '6.1.0',
  skipped: [],
  openUpgrade: null,
  cluster: GRANTED,
  ...given,
})

function order(
  named: readonly UpgradeCandidate[],
  mates: readonly UpgradeCandidate[] = [],
  scope: Scope = null,
) {
  const releases = [sampleRelease()]
  const settings = DEFAULT_CONFIGURATION
  const view = { candidates: named, mates, releases, catalogue: [], settings, probationS: 300 }
  const endpointIds = named.map(({ id }) => id)
  const command = sampleOrder({ endpointIds, targetVersions: TARGETS, scope })
  const decided = decideCreateUpgradeAction(view, command, NOW)
  if (decided.ok) {
    const { upgrades, along, ineligible } = decided.value
    return { moved: upgrades.map(({ endpointId }) => endpointId), along, ineligible }
  }
  const { refusal } = decided
  const ineligible = refusal.code === 'nothing-eligible' ? refusal.ineligible : []
  return { moved: [], along: [], ineligible }
}

describe('an upgrade of endpoints in a cluster', () => {
  it('moves the whole cluster, and says who comes along', () => {
    expect(order([pod('a')], [pod('b'), pod('c')])).toEqual({
      moved: ['a', 'b', 'c'],
      along: ['b', 'c'],
      ineligible: [],
    })
  })

  it('leaves machines, and other clusters, as they are named', () => {
    const alone = pod('m', { cluster: null })
    const other = pod('x', { cluster: { uid: 'set-2', mayUpgrade: false } })
    const decided = order([alone, pod('a'), other], [pod('b')])
    expect(decided.moved).toEqual(['m', 'a', 'b'])
    expect(decided.ineligible).toMatchObject([
      { endpointId: 'x', reason: 'cluster-upgrade-not-granted' },
    ])
  })

  it('takes nobody along who is there already, or of whom nothing is known', () => {
    const there = pod('b', { version: version('1.0.0.2') })
    const unheard = pod('c', { version: null })
    expect(order([pod('a')], [there, unheard]).moved).toEqual(['a'])
  })

  it('takes nobody along when those who were named do not move', () => {
    const there = pod('a', { version: version('1.0.0.2') })
    expect(order([there], [pod('b')])).toMatchObject({ moved: [], along: [] })
  })

  it.each([
    ['a newer version', { version: version('1.0.0.3') }],
    ['no release for its processor', { target: { ...LINUX, arch: 'arm64' } as const }],
    ['a version that failed there', { skipped: [digest('release 2')] }],
    ['another upgrade in progress', { openUpgrade: 'switching' } as const],
  ])('moves nobody when one of them has %s', (_, given) => {
    const mixed = order([pod('a')], [pod('b', given)])
    expect(mixed.ineligible).toMatchObject([{ endpointId: 'a', reason: 'cluster-mixed' }])
    const both = order([pod('a'), pod('b', given)])
    expect(both.ineligible).toHaveLength(2)
    expect(both.ineligible[0]).toMatchObject({ endpointId: 'a', reason: 'cluster-mixed' })
  })

  it.each([
    ['none of them may', { uid: 'set-1', mayUpgrade: false }],
    ['nobody knows which DaemonSet', { uid: '', mayUpgrade: true }],
  ])('is not granted when %s', (_, cluster) => {
    expect(order([pod('a', { cluster })]).ineligible).toMatchObject([
      { reason: 'cluster-upgrade-not-granted' },
    ])
  })

  it('is granted when one of them may: they have one account, and say so at different times', () => {
    const later = pod('b', { cluster: { uid: 'set-1', mayUpgrade: false } })
    expect(order([later], [pod('a')]).moved).toEqual(['b', 'a'])
  })

  it('moves nobody when some lie outside the scope of whoever orders it', () => {
    const outside = pod('b', { tags: { server: [], agent: ['us'] } })
    expect(order([pod('a')], [outside], { tags: ['eu'] }).ineligible).toMatchObject([
      { endpointId: 'a', reason: 'cluster-outside-scope' },
    ])
    expect(order([pod('a')], [pod('c')], { tags: ['eu'] }).moved).toEqual(['a', 'c'])
  })
})
