import { describe, expect, it } from 'vitest'
import type { EndpointId } from '../../base/ids.ts'
import type { Platform } from '../../base/platform.ts'
import {
  DISTRIBUTION,
  digest,
  ENDPOINT,
  LINUX,
  NOW,
  sampleOrder,
  sampleRelease,
  version,
} from '../_samples.ts'
import { DEFAULT_CONFIGURATION } from '../configuration/configuration.ts'
import { NO_POLICY } from '../rollout/policy.ts'
import {
  type CreateUpgradeAction,
  type CreateUpgradeActionView,
  decideCreateUpgradeAction,
} from './create-upgrade-action.ts'
import type { IneligibleReason, UpgradeCandidate } from './eligibility.ts'
import { WEEKDAYS, type Window } from './window.ts'

const settings = DEFAULT_CONFIGURATION
const TARGETS = new Map<Platform, ReturnType<typeof version>>([['linux', version('1.0.0.2')]])

const candidate = (given: Partial<UpgradeCandidate> = {}): UpgradeCandidate => ({
  id: ENDPOINT,
  deleted: false,
  distributionId: DISTRIBUTION,
  timeZone: 'Europe/Berlin',
  connection: 'connected',
  target: LINUX,
  tags: { server: [], agent: [] },
  version: version('1.0.0.1'),
  osVersion: '12',
  kernel: '6.1.0',
  skipped: [],
  openUpgrade: null,
  cluster: null,
  ...given,
})

const command = (given: Partial<CreateUpgradeAction> = {}): CreateUpgradeAction =>
  sampleOrder({ targetVersions: TARGETS, ...given })

/** As the store would show it, where nothing else is said. */
const viewOf = (given: Partial<CreateUpgradeActionView> = {}): CreateUpgradeActionView => ({
  candidates: [candidate()],
  releases: [sampleRelease()],
  mates: [],
  catalogue: [],
  settings,
  probationS: 300,
  ...given,
})

describe('an upgrade action', () => {
  it('queues the eligible endpoints and says why the others are left out', () => {
    const unknown = 'no-such-endpoint' as EndpointId
    const view = viewOf()
    const endpointIds = [ENDPOINT, unknown]
    const decided = decideCreateUpgradeAction(view, command({ endpointIds }), NOW)
    expect(decided).toMatchObject({
      ok: true,
      value: {
        action: { expiresAt: NOW + 30 * 86_400_000 },
        upgrades: [
          {
            endpointId: ENDPOINT,
            state: 'queued',
            fromVersion: '1.0.0.1',
            targetVersion: '1.0.0.2',
            manifestDigest: digest('release 2'),
            reason: 'awaiting-berth',
          },
        ],
        platforms: new Map([['linux', 1]]),
        ineligible: [{ endpointId: unknown, reason: 'unknown-endpoint', platform: null }],
      },
    })
  })

  it('waits for as long as the settings say', () => {
    const actionExpiry = { hours: { agent_upgrade: 24 } }
    const brief = { ...settings, actionExpiry }
    const view = viewOf({ settings: brief })
    expect(decideCreateUpgradeAction(view, command(), NOW)).toMatchObject({
      value: { upgrades: [{ expiresAt: NOW + 86_400_000 }] },
    })
  })

  it('to a version for critical environments needs them enabled', () => {
    const critical = version('1.0.100.2')
    const targetVersions = new Map([['linux' as const, critical]])
    const releases = [sampleRelease({ version: critical })]
    const view = viewOf({ releases })
    expect(decideCreateUpgradeAction(view, command({ targetVersions }), NOW).ok).toBe(true)
    const disabled = { ...settings, criticalEnvironment: { isEnabled: false } }
    const decided = decideCreateUpgradeAction(
      { ...view, settings: disabled },
      command({ targetVersions }),
      NOW,
    )
    expect(decided).toMatchObject({
      refusal: { code: 'critical-environment-disabled', version: critical, platform: 'linux' },
    })
  })

  it('says from the start that it waits for its window', () => {
    const view = viewOf()
    const utc = { zone: 'UTC', strictEnd: false }
    const window = { days: [2] as const, startMinute: 0, endMinute: 0, ...utc }
    const decided = decideCreateUpgradeAction(view, command({ window }), NOW)
    expect(decided).toMatchObject({ value: { upgrades: [{ reason: 'outside-window', window }] } })
  })

  it.each<[string, Partial<Window>, number | null, number | null]>([
    ['as long as the probation', { startMinute: 120, endMinute: 125 }, null, 5],
    ['longer by a minute', { startMinute: 120, endMinute: 126 }, null, null],
    ['that does not close strictly', { endMinute: 125, strictEnd: false }, null, null],
    ['and a long probation of the order', { endMinute: 360 }, 240, 240],
    ['and a short probation of the order', { endMinute: 124 }, 3, null],
    ['across midnight', { startMinute: 1439, endMinute: 3 }, null, 4],
    ['of one whole day', { startMinute: 0, endMinute: 0 }, 1440, 1440],
    ['of two whole days, from Sunday', { ...{ days: [1, 7] }, endMinute: 120 }, 1440, null],
    ['of three days, two together', { ...{ days: [1, 3, 4] }, endMinute: 120 }, 2880, 2880],
    ['that never closes', { ...{ days: WEEKDAYS }, endMinute: 120 }, 10_080, null],
  ])('with a strict window %s', (_, given, probationMinutes, refusedOf) => {
    const daily = { days: [2] as const, startMinute: 120, endMinute: 125, zone: 'UTC' }
    const window: Window = { ...daily, strictEnd: true, ...given }
    const policy = { ...NO_POLICY, probationMinutes }
    const decided = decideCreateUpgradeAction(viewOf(), command({ window, policy }), NOW)
    const code = decided.ok ? null : decided.refusal.code
    expect(code).toBe(refusedOf === null ? null : 'strict-window-too-short')
    if (refusedOf !== null) expect(decided).toMatchObject({ refusal: { windowMinutes: refusedOf } })
  })

  it('is refused for its version before its window, and for its window before its endpoints', () => {
    const strict = { zone: 'UTC', strictEnd: true }
    const window: Window = { days: [2], startMinute: 0, endMinute: 1, ...strict }
    const codeOf = (view: CreateUpgradeActionView) => {
      const decided = decideCreateUpgradeAction(view, command({ window }), NOW)
      return decided.ok ? null : decided.refusal.code
    }
    expect(codeOf(viewOf({ releases: [] }))).toBe('version-not-released')
    expect(codeOf(viewOf({ candidates: [] }))).toBe('strict-window-too-short')
  })

  it('refuses a version that was never released for its platform, before anything else', () => {
    const view = viewOf({ candidates: [], releases: [] })
    expect(decideCreateUpgradeAction(view, command(), NOW)).toEqual({
      ok: false,
      refusal: { code: 'version-not-released', platform: 'linux', version: '1.0.0.2' },
    })
  })
})

describe('eligibility: the first reason that applies is the answer', () => {
  const musl = { ...LINUX, libc: 'musl' } as const
  const windows = { platform: 'windows', arch: 'x64', libc: 'none' } as const
  const withdrawn = sampleRelease({ withdrawnAt: NOW })
  const all: Partial<UpgradeCandidate> = {
    deleted: true,
    version: null,
    target: windows,
    skipped: [digest('release 2')],
    openUpgrade: 'staged',
  }
  const failed = { skipped: [digest('release 2')], openUpgrade: 'staged' } as const
  const floors = { osVersion: '10', kernel: '5.4', agentVersion: version('1.0.0.1') }
  const floored = sampleRelease({ floors })
  const rows: readonly [IneligibleReason, Partial<UpgradeCandidate>, typeof withdrawn][] = [
    ['endpoint-deleted', all, withdrawn],
    ['never-checked-in', { ...all, deleted: false }, withdrawn],
    ['no-target-for-platform', { target: windows, openUpgrade: 'staged' }, withdrawn],
    ['no-release-for-target', { target: musl, openUpgrade: 'staged' }, withdrawn],
    ['release-withdrawn', { version: version('1.0.0.2'), openUpgrade: 'staged' }, withdrawn],
    ['already-at-version', { version: version('1.0.0.2') }, sampleRelease()],
    ['newer-version-installed', { version: version('1.0.0.10') }, sampleRelease()],
    ['agent-below-floor', { ...failed, version: version('1.0.0.0') }, floored],
    ['os-below-floor', { ...failed, osVersion: '8' }, floored],
    ['kernel-below-floor', { ...failed, kernel: '4.18.0-553' }, floored],
    ['floor-not-comparable', { ...failed, osVersion: 'rolling' }, floored],
    [
      'version-failed-here',
      { skipped: [digest('release 2')], openUpgrade: 'staged' },
      sampleRelease(),
    ],
    ['upgrade-in-progress', { openUpgrade: 'on-probation' }, sampleRelease()],
  ]
  it.each(rows)('%s', (reason, given, release) => {
    const view = viewOf({ candidates: [candidate(given)], releases: [release] })
    const decided = decideCreateUpgradeAction(view, command(), NOW)
    expect(decided).toMatchObject({
      ok: false,
      refusal: { code: 'nothing-eligible', ineligible: [{ endpointId: ENDPOINT, reason }] },
    })
  })

  it('what lies outside the scope is told like what does not exist, and before all else', () => {
    const scope = { tags: ['web'] }
    const deleted = candidate({ deleted: true, tags: { server: ['db'], agent: ['Web'] } })
    const view = viewOf({ candidates: [deleted] })
    expect(decideCreateUpgradeAction(view, command({ scope }), NOW)).toMatchObject({
      refusal: { ineligible: [{ reason: 'unknown-endpoint', platform: null }] },
    })
    for (const tags of [
      { server: ['web'], agent: [] },
      { server: [], agent: ['db', 'web'] },
    ]) {
      const inside = viewOf({ candidates: [candidate({ tags })] })
      expect(decideCreateUpgradeAction(inside, command({ scope }), NOW).ok).toBe(true)
    }
  })

  it('a waiting upgrade is no obstacle: the newer action takes it over', () => {
    const view = viewOf({ candidates: [candidate({ openUpgrade: 'offered' })] })
    expect(decideCreateUpgradeAction(view, command(), NOW).ok).toBe(true)
  })

  it.each([
    ['downloading', true],
    // They may run the other version by now, and what comes of it would be nobody's.
    ['staged', false],
    ['switching', false],
    ['on-probation', false],
  ] as const)('one that is %s is taken over if asked for: %s', (openUpgrade, isTaken) => {
    const view = viewOf({ candidates: [candidate({ openUpgrade })] })
    expect(decideCreateUpgradeAction(view, command({ supersede: true }), NOW).ok).toBe(isTaken)
    expect(decideCreateUpgradeAction(view, command(), NOW).ok).toBe(false)
  })

  it.each([
    ['endpoint', null, 'Europe/Berlin'],
    ['UTC', 'endpoint', 'Europe/Berlin'],
    ['Asia/Tokyo', null, 'Asia/Tokyo'],
    ['endpoint', 'Asia/Tokyo', 'Asia/Tokyo'],
  ])('default zone %s, zone of the window %s: its hours are in %s', (timeZone, zone, counts) => {
    const rollout = { ...settings.rollout, timeZone }
    const view = viewOf({ settings: { ...settings, rollout } })
    const days = { days: [1] as const, startMinute: 0, endMinute: 0, strictEnd: false }
    const window = zone === null ? null : { ...days, zone }
    expect(decideCreateUpgradeAction(view, command({ window }), NOW)).toMatchObject({
      value: { upgrades: [{ zone: counts }] },
    })
  })

  it('leaves out what has a tag that is excluded, what is lost, and goes back only if told', () => {
    const verdictOf = (
      given: Partial<UpgradeCandidate>,
      more: Partial<CreateUpgradeAction> = {},
    ) => {
      const view = viewOf({ candidates: [candidate(given)] })
      const decided = decideCreateUpgradeAction(view, command(more), NOW)
      if (decided.ok) return 'moved'
      return decided.refusal.code === 'nothing-eligible'
        ? decided.refusal.ineligible[0]?.reason
        : ''
    }
    const tags = { server: ['lab'], agent: ['eu'] }
    expect(verdictOf({ tags }, { excludedTags: ['eu'] })).toBe('excluded-by-tag')
    expect(verdictOf({ tags }, { excludedTags: ['us'] })).toBe('moved')
    expect(verdictOf({ connection: 'lost' })).toBe('disconnected-too-long')
    expect(verdictOf({ connection: 'disconnected' })).toBe('moved')
    const newer = { version: version('1.0.0.9') }
    expect(verdictOf(newer, { allowDowngrade: true })).toBe('moved')
  })

  it('a version that failed here is tried again when told', () => {
    const skipped = [digest('release 2')]
    const view = viewOf({ candidates: [candidate({ skipped })] })
    expect(decideCreateUpgradeAction(view, command({ retrySkipped: true }), NOW).ok).toBe(true)
  })
})
