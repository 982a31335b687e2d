import { describe, expect, it } from 'vitest'
import { digest, LINUX, NOW, sampleRelease, version } from '../_samples.ts'
import { samplePolicy, sampleRules } from './_sample-policy.ts'
import { buildFor, wishFor } from './wanted-version.ts'

const DAY_MS = 86_400_000
const ARM = { ...LINUX, arch: 'arm64' } as const

/** `8.6.0.1 -3 -1`: published three days ago, withdrawn yesterday; `arm` as the last word. */
function release(text: string) {
  const [number = '', published = '0', ...rest] = text.split(' ')
  const withdrawn = rest.find((word) => word !== 'arm')
  return sampleRelease({
    version: version(number),
    manifestDigest: digest(text),
    target: rest.includes('arm') ? ARM : LINUX,
    publishedAt: NOW + Number(published) * DAY_MS,
    withdrawnAt: withdrawn === undefined ? null : NOW + Number(withdrawn) * DAY_MS,
  })
}

type Row = {
  readonly name: string
  readonly rules: Parameters<typeof sampleRules>[0]
  readonly releases: readonly string[]
  /** Version, since which day, next version, on which day. */
  readonly wish: readonly [string | null, number | null, string?, number?]
}

const ROWS: readonly Row[] = [
  { name: 'nothing is released', rules: {}, releases: [], wish: [null, null] },
  {
    name: 'latest goes by the number, not by the day',
    rules: {},
    releases: ['8.7.0.1 -5', '8.6.0.9 -1', '8.10.0.1 -9'],
    wish: ['8.10.0.1', -9],
  },
  {
    name: 'one-before is the newest but one of the versions, not of the builds',
    rules: { versions: { kind: 'one-before' } },
    releases: ['8.6.0.1 -9', '8.6.0.2 -5', '8.6.0.2 -5 arm', '8.6.0.3 -2', '8.6.0.3 -2 arm'],
    wish: ['8.6.0.2', -2],
  },
  {
    name: 'one-before of one version is none',
    rules: { versions: { kind: 'one-before' } },
    releases: ['8.6.0.1 -9', '8.6.0.1 -9 arm'],
    wish: [null, null],
  },
  {
    name: 'a line is compared number by number',
    rules: { versions: { kind: 'line', line: '8.6' } },
    releases: ['8.6.0.10 -4', '8.6.0.9 -3', '8.60.0.1 -2', '8.7.0.1 -1'],
    wish: ['8.6.0.10', -4],
  },
  {
    name: 'pinned to what is not released is none',
    rules: { versions: { kind: 'pinned', version: version('8.6.0.2'), allowDowngrade: false } },
    releases: ['8.6.0.1 -4'],
    wish: [null, null],
  },
  {
    name: 'pinned to what is',
    rules: { versions: { kind: 'pinned', version: version('8.6.0.1'), allowDowngrade: false } },
    releases: ['8.6.0.1 -4', '8.6.0.2 -3'],
    wish: ['8.6.0.1', -4],
  },
  {
    name: 'a release counts from its delay on, and is told before',
    rules: { delayMs: 7 * DAY_MS },
    releases: ['8.6.0.1 -10', '8.6.0.2 -6', '8.6.0.3 -5'],
    wish: ['8.6.0.1', -3, '8.6.0.2', 1],
  },
  {
    name: 'its delay ends with the millisecond',
    rules: { delayMs: 7 * DAY_MS },
    releases: ['8.6.0.1 -10', '8.6.0.2 -7'],
    wish: ['8.6.0.2', 0],
  },
  {
    name: 'a withdrawn one gives way to the one before, from then on',
    rules: {},
    releases: ['8.6.0.1 -10', '8.6.0.2 -6 -1'],
    wish: ['8.6.0.1', -1],
  },
  {
    name: 'one that was withdrawn before its delay had passed never counted',
    rules: { delayMs: 3 * DAY_MS },
    releases: ['8.6.0.1 -10', '8.6.0.2 -2 -1'],
    wish: ['8.6.0.1', -7],
  },
  {
    name: 'a published older version changes nothing',
    rules: { delayMs: DAY_MS },
    releases: ['8.6.0.2 -9', '8.6.0.1 0'],
    wish: ['8.6.0.2', -8],
  },
]

describe('the version that a policy wants', () => {
  it.each(ROWS)('$name', ({ rules, releases, wish }) => {
    const policy = samplePolicy({ rules: sampleRules(rules), changedAt: NOW - 100 * DAY_MS })
    const told = wishFor(policy, 'linux', releases.map(release), NOW)
    const day = (at: number | null | undefined) => (at == null ? null : (at - NOW) / DAY_MS)
    const [wanted, since, next = null, nextAt = null] = wish
    expect([told.version, day(told.since), told.next?.version ?? null, day(told.next?.at)]).toEqual(
      [wanted, since, next, nextAt],
    )
  })

  it('is wanted since its rules are what they are, at the earliest', () => {
    const policy = samplePolicy({ changedAt: NOW - DAY_MS })
    expect(wishFor(policy, 'linux', [release('8.6.0.1 -9')], NOW).since).toBe(NOW - DAY_MS)
  })

  it('is none of other platforms', () => {
    const told = wishFor(samplePolicy(), 'windows', [release('8.6.0.1 -9')], NOW)
    expect(told.version).toBe(null)
  })

  it('is for a target its own build, or the newest before it that there is', () => {
    const releases = ['8.6.0.1 -9 arm', '8.6.0.2 -8 arm', '8.6.0.2 -8', '8.6.0.3 -2'].map(release)
    const armed = releases.filter(({ target }) => target.arch === 'arm64')
    const rules = sampleRules()
    expect(buildFor(rules, version('8.6.0.3'), armed, NOW)?.version).toBe('8.6.0.2')
    expect(buildFor(rules, version('8.6.0.1'), armed, NOW)?.version).toBe('8.6.0.1')
    expect(buildFor(rules, version('8.5.0.1'), armed, NOW)).toBe(null)
    const pinned = { kind: 'pinned', version: version('8.6.0.3'), allowDowngrade: false } as const
    expect(buildFor(sampleRules({ versions: pinned }), version('8.6.0.3'), armed, NOW)).toBe(null)
  })
})
