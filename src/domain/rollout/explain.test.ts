import { describe, expect, it } from 'vitest'
import type { Digest } from '../../base/digest.ts'
import type { UpgradeActionId } from '../../base/ids.ts'
import type { AgentVersion } from '../../base/version.ts'
import { sampleUpgrade } from '../_samples.ts'
import {
  ENDED_REASONS,
  type EndedReason,
  UPGRADE_STATES,
  type Upgrade,
  WAITING_REASONS,
  type WaitingReason,
} from '../upgrade/upgrade.ts'
import type { At } from '../upgrade/why-held.ts'
import type { Window } from '../upgrade/window.ts'
import { type ExplainView, explainUpgrade, NEXT_STEPS } from './explain.ts'
import { HOLD_TEXTS, ROLLOUT_TEXTS } from './explain-texts.ts'
import { NO_POLICY } from './policy.ts'
import { newRollout, ROLLOUT_REASONS, type Rollout, WAVE_HOLDS } from './rollout.ts'

const MINUTE_MS = 60_000
/** A Monday, 14:00 UTC. */
const NOW = Date.parse('2026-11-23T14:00:00Z')
const AT: At = { closedDays: [], probationS: 300, now: NOW }
const BERTH = { deadlineAt: NOW + MINUTE_MS }

const NIGHT: Window = {
  ...{ days: [1, 2, 3, 4, 5, 6, 7], startMinute: 120, endMinute: 360 },
  ...{ zone: 'Europe/Berlin', strictEnd: false },
}

function rollout(more: Partial<Rollout> = {}): Rollout {
  const waves = [
    { name: 'canary', size: 3, budget: 1 },
    { name: 'rest', size: 9, budget: 2 },
  ]
  const policy = { ...NO_POLICY, soakMinutes: 60, maxAttempts: 3, maxConcurrent: 5 }
  const started = newRollout(policy, waves, NOW)
  const running = { state: 'running', reason: 'in-progress' } as const
  return { ...started, ...running, actionId: 17 as UpgradeActionId, ...more }
}

function explain(upgrade: Partial<Upgrade>, view: Partial<ExplainView> = {}, at: Partial<At> = {}) {
  const progress = [
    { done: 2, size: 3 },
    { done: 0, size: 9 },
  ]
  const seen = { rollout: rollout(), isReleaseOffered: true, progress, lastSeen: NOW }
  const whole = { ...seen, isHeardOf: true, upgrade: sampleUpgrade(upgrade), ...view }
  const { reason, text, next, nextAt } = explainUpgrade(whole, { ...AT, ...at })
  return [reason, text, next, nextAt === null ? null : new Date(nextAt).toISOString().slice(0, 16)]
}

type Row = readonly [WaitingReason, ReturnType<typeof explain>, string, string, string | null]

const held = (hold: Rollout['holds'][number]) => ({ rollout: rollout({ holds: [hold, 'none'] }) })
const halted = { state: 'halted', reason: 'failure-budget-spent' } as const
const step = { version: '1.0.0.9' as AgentVersion, manifestDigest: '9'.repeat(64) as Digest }
const soaking = rollout({ soakSince: NOW - 30 * MINUTE_MS, reason: 'soaking' })
const closed = { closedDays: [{ from: '2026-11-23', to: '2026-11-24' }] }
const away = { isHeardOf: false, lastSeen: NOW - 3 * 3_600_000 }
const reason = (code: WaitingReason, more: Partial<Upgrade> = {}) => ({ reason: code, ...more })

const ROWS: readonly Row[] = [
  [
    'awaiting-check-in',
    explain(reason('awaiting-check-in', BERTH)),
    'it may begin; its next check-in is awaited',
    'check-in',
    null,
  ],
  [
    'outside-window',
    explain({ window: NIGHT, zone: 'Europe/Berlin' }),
    'window opens Tuesday 02:00 Europe/Berlin',
    'opening',
    '2026-11-24T01:00',
  ],
  [
    'closed-day',
    explain({}, {}, closed),
    'this is a closed day, and it opens Wednesday 00:00 UTC',
    'opening',
    '2026-11-25T00:00',
  ],
  [
    'zone-unknown',
    explain({ window: NIGHT, zone: 'Mars/Base' }),
    'this server does not know the zone Mars/Base, so nobody can tell when its window opens',
    'operator',
    null,
  ],
  [
    'offered',
    explain({ ...reason('offered', BERTH), state: 'offered' }),
    'it was told to begin; its next check-in is awaited',
    'check-in',
    null,
  ],
  [
    'release-withdrawn',
    explain({}, { isReleaseOffered: false }),
    'version 1.0.0.2 was withdrawn',
    'operator',
    null,
  ],
  [
    'rollout-paused',
    explain({}, { rollout: rollout({ state: 'paused', reason: 'paused-by-operator' }) }),
    'its rollout is paused (somebody paused it)',
    'operator',
    null,
  ],
  [
    'rollout-halted',
    explain({}, { rollout: rollout({ ...halted, message: '1 failed in wave canary' }) }),
    'its rollout is halted (1 failed in wave canary)',
    'operator',
    null,
  ],
  [
    'earlier-wave-unfinished',
    explain({ wave: 1 }, { rollout: soaking }),
    'for wave canary: 2 of 3 done, soaking until 14:30 UTC',
    'earlier-wave',
    '2026-11-23T14:30',
  ],
  [
    'failure-budget-in-use',
    explain({}, held('failure-budget-in-use')),
    'as many are at work as may fail together, which is 1 in wave canary',
    'berth',
    null,
  ],
  [
    'awaiting-retry',
    explain(reason('awaiting-retry', { attempts: 1, notBefore: NOW + 5 * MINUTE_MS })),
    'attempt 1 of 3 failed, and the next one is after 14:05 UTC',
    'retry',
    '2026-11-23T14:05',
  ],
  [
    'awaiting-berth',
    explain({}),
    'its turn has not come yet; it gets a berth as soon as one is free',
    'berth',
    null,
  ],
  [
    'next-step',
    explain(reason('next-step', { steps: [step] })),
    '1.0.0.2 is next on the way to 1.0.0.9; it gets a berth as soon as one is free',
    'berth',
    null,
  ],
  [
    'not-heard-of',
    explain(reason('not-heard-of'), away),
    'it fell silent before its switch and begins again; it was not heard of since Monday 11:00 ' +
      'UTC, and goes on when it is',
    'check-in',
    null,
  ],
  [
    'stopped-to-wait',
    explain(reason('stopped-to-wait')),
    'it was stopped before its switch and begins again; it gets a berth as soon as one is free',
    'berth',
    null,
  ],
  [
    'previous-attempt-ending',
    explain(reason('previous-attempt-ending', BERTH)),
    'it has to leave an earlier attempt first; its next check-in is awaited',
    'check-in',
    null,
  ],
  [
    'journal-lost',
    explain(reason('journal-lost', BERTH)),
    'its agent lost its journal and is told again; its next check-in is awaited',
    'check-in',
    null,
  ],
  [
    'parallel-limit',
    explain({}, held('parallel-limit')),
    'as many upgrades run as may at once (5 of this action)',
    'berth',
    null,
  ],
  [
    'offer-lapsed',
    explain(reason('offer-lapsed')),
    'it was told to begin and did not; it gets a berth as soon as one is free',
    'berth',
    null,
  ],
  [
    'awaiting-cluster',
    explain(reason('awaiting-cluster')),
    'another endpoint of its cluster leads',
    'cluster',
    null,
  ],
  [
    'moved-with-cluster',
    explain(reason('moved-with-cluster', { window: NIGHT })),
    "its cluster's image has been moved, and its pod follows",
    'cluster',
    null,
  ],
  [
    'other-cluster-first',
    explain(reason('other-cluster-first')),
    'another cluster is being moved',
    'cluster',
    null,
  ],
  [
    'cluster-upgrade-not-granted',
    explain(reason('cluster-upgrade-not-granted')),
    'its agent may not move the image of its cluster',
    'operator',
    null,
  ],
]

describe('what waits', () => {
  it('has a row for each reason', () => {
    expect(ROWS.map(([code]) => code).toSorted()).toEqual([...WAITING_REASONS].sort())
  })

  it.each(ROWS)('%s', (code, explained, text, next, at) => {
    expect(explained).toEqual([code, `waiting: ${text}`, next, at])
  })

  it('says when a window opens that is far away, and when nobody can tell', () => {
    const monthly = { closedDays: [{ from: '2026-11-20', to: '2026-12-24' }] }
    expect(explain({}, {}, monthly)[1]).toBe(
      'waiting: this is a closed day, and it opens Friday 2026-12-25 00:00 UTC',
    )
    const years = { closedDays: [{ from: '2026-01-01', to: '2029-12-31' }] }
    expect(explain({}, {}, years).slice(1, 3)).toEqual([
      'waiting: this is a closed day, and it opens at no time known',
      'opening',
    ])
    const strict = { ...NIGHT, strictEnd: true, startMinute: 0, endMinute: 904 }
    expect(explain({ window: strict, zone: 'Europe/Berlin' })[1]).toBe(
      'waiting: too little is left of its window',
    )
  })
})

describe('what has begun or ended', () => {
  const ended: Readonly<Record<EndedReason, Partial<Upgrade>>> = {
    upgraded: { state: 'succeeded' },
    'already-at-version': { state: 'succeeded' },
    superseded: { state: 'cancelled' },
    'action-expired': { state: 'expired' },
    'no-progress': { state: 'timed-out' },
    'version-failed-here': { state: 'failed' },
    'cancelled-by-operator': { state: 'cancelled' },
    'endpoint-deleted': { state: 'cancelled' },
  }
  it.each(ENDED_REASONS.map((code) => [code]))('ended: %s', (code) => {
    const [told, text, next] = explain({ ...ended[code], reason: code })
    expect([told, next]).toEqual([code, 'none'])
    expect(text).toMatch(/^(succeeded|cancelled|expired|timed out|failed): \w+ .*/)
  })

  it.each<[Partial<Upgrade>, string, string]>([
    [{ state: 'downloading', percent: 63 }, 'downloading 1.0.0.2, 63% so far', 'download'],
    [
      { state: 'staged', ...BERTH },
      '1.0.0.2 is downloaded and verified; it switches when its next check-in is answered',
      'switch',
    ],
    [
      { state: 'downloading', cancelRequestedAt: NOW },
      'cancelled: told to stop with its next check-in',
      'stop',
    ],
    [{ state: 'switching' }, 'switching to 1.0.0.2, and heard of when it runs', 'verdict'],
    [{ state: 'on-probation' }, 'runs 1.0.0.2 and has to prove itself', 'verdict'],
    [
      { state: 'rolled-back', reason: 'does-not-start', message: 'exit 3' },
      'rolled back: does-not-start; it runs 1.0.0.1 (exit 3)',
      'none',
    ],
  ])('%j', (upgrade, text, next) => {
    expect(explain({ reason: null, ...upgrade }).slice(1, 3)).toEqual([text, next])
  })

  it('says that what is staged waits while its rollout is halted', () => {
    const [, text] = explain({ state: 'staged', ...BERTH }, { rollout: rollout(halted) })
    expect(text).toBe('1.0.0.2 is downloaded and verified; it is told to wait')
  })

  it('has a sentence and a next step in every state, and says of none that it is pending', () => {
    for (const state of UPGRADE_STATES) {
      const [, text, next] = explain({ state, reason: null })
      expect(String(text)).toMatch(/^(?!.*pending).{9,}/)
      expect(NEXT_STEPS).toContain(next)
    }
  })
})

it('has words for every reason of a rollout, and every hold of a wave', () => {
  expect(Object.keys(ROLLOUT_TEXTS).sort()).toEqual([...ROLLOUT_REASONS].sort())
  expect(Object.keys(HOLD_TEXTS).sort()).toEqual([...WAVE_HOLDS].sort())
})
