/** In order of precedence: each row lacks what the rows before it have against it. */
import { expect, it } from 'vitest'
import { NOW, sampleRollout, sampleUpgrade } from '../_samples.ts'
import type { Rollout } from '../rollout/rollout.ts'
import type { Upgrade } from './upgrade.ts'
import { type Held, whyHeld, whyStopped } from './why-held.ts'
import type { Window } from './window.ts'

const TUESDAYS: Window = { days: [2], startMinute: 0, endMinute: 0, zone: 'UTC', strictEnd: false }
const CLOSED = [{ from: '2026-11-23', to: '2026-11-23' }]

type Given = {
  readonly upgrade: Partial<Upgrade>
  readonly rollout: Partial<Rollout> | null
  readonly isReleaseOffered?: boolean
  readonly closedDays?: typeof CLOSED
}
const all: Given = {
  upgrade: { wave: 1, notBefore: NOW + 1, window: TUESDAYS },
  rollout: { state: 'halted', holds: ['none', 'parallel-limit'] },
  isReleaseOffered: false,
  closedDays: CLOSED,
}
const moving = { ...all.rollout, state: 'running' } as const
const open = { ...all, isReleaseOffered: true, closedDays: [] }
const anyTime = { ...all.upgrade, window: null }
const begun = { ...moving, currentWave: 1 }
const due = { ...anyTime, notBefore: NOW }

const rows: readonly [reason: string | null, given: Given][] = [
  ['release-withdrawn', all],
  ['rollout-halted', { ...all, isReleaseOffered: true }],
  ['rollout-paused', { ...all, isReleaseOffered: true, rollout: { ...moving, state: 'paused' } }],
  ['closed-day', { ...all, isReleaseOffered: true, rollout: moving }],
  ['outside-window', { ...open, rollout: moving }],
  ['zone-unknown', { ...open, rollout: moving, upgrade: { ...all.upgrade, zone: 'Mars/Base' } }],
  ['earlier-wave-unfinished', { ...open, rollout: moving, upgrade: anyTime }],
  ['awaiting-retry', { ...open, rollout: begun, upgrade: anyTime }],
  ['parallel-limit', { ...open, rollout: begun, upgrade: due }],
  [
    'failure-budget-in-use',
    { ...open, rollout: { ...begun, holds: ['none', 'failure-budget-in-use'] }, upgrade: due },
  ],
  ['awaiting-berth', { ...open, rollout: { ...begun, holds: ['none', 'none'] }, upgrade: due }],
  ['awaiting-berth', { ...open, rollout: null, upgrade: due }],
  [null, { ...open, rollout: begun, upgrade: { ...anyTime, deadlineAt: NOW + 1 } }],
]

const FOR_BERTH = new Set(['earlier-wave-unfinished', 'awaiting-retry', 'parallel-limit'])

it.each(rows)('%s', (reason, given) => {
  const rollout = given.rollout === null ? null : sampleRollout(given.rollout)
  const around = { rollout, isReleaseOffered: given.isReleaseOffered ?? true }
  const at = { closedDays: given.closedDays ?? [], probationS: 300, now: NOW }
  const held: Held | null = whyHeld(sampleUpgrade(given.upgrade), around, at)
  expect(held?.reason ?? null).toBe(reason)
  if (reason !== null && FOR_BERTH.has(reason)) expect(held?.isForBerth).toBe(true)
  if (given === all) expect(held?.isForBerth).toBe(false)
})

it('what has begun stops for a rollout that does not move, and for hours only where they are strict', () => {
  const at = { closedDays: CLOSED, probationS: 300, now: NOW }
  const around = { rollout: sampleRollout(), isReleaseOffered: true }
  const why = (upgrade: Partial<Upgrade>) =>
    whyStopped(sampleUpgrade({ state: 'downloading', ...upgrade }), around, at)
  expect(why({})).toBeNull()
  expect(why({ window: TUESDAYS })).toBeNull()
  expect(why({ window: { ...TUESDAYS, strictEnd: true } })).toBe('closed-day')
  const paused = { ...around, rollout: sampleRollout({ state: 'paused' }) }
  expect(whyStopped(sampleUpgrade(), paused, at)).toBe('rollout-paused')
})
