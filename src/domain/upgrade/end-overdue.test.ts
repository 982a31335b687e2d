import { describe, expect, it } from 'vitest'
import { NOW, sampleUpgrade } from '../_samples.ts'
import { holdsBerth } from './berth.ts'
import {
  DEADLINE_AHEAD_MS_MAX,
  EXPIRES_AHEAD_MS_MAX,
  endOverdue,
  NOT_BEFORE_AHEAD_MS_MAX,
} from './end-overdue.ts'
import { PROBATION_GRACE_MS } from './phase-deadline.ts'
import { isFinished, UPGRADE_STATES, type UpgradeState } from './upgrade.ts'
import { ACTION_EXPIRY_MS } from './upgrade-action.ts'

describe('every upgrade ends', () => {
  const rows: readonly [UpgradeState, UpgradeState, string][] = [
    ['queued', 'expired', 'action-expired'],
    ['offered', 'expired', 'action-expired'],
    ['staged', 'timed-out', 'no-progress'],
    ['switching', 'timed-out', 'no-progress'],
    ['on-probation', 'timed-out', 'no-progress'],
  ]
  it.each(rows)('%s -> %s', (state, ended, reason) => {
    const upgrade = sampleUpgrade({ state, expiresAt: NOW, deadlineAt: NOW })
    expect(endOverdue(upgrade, NOW)).toEqual({ ...upgrade, state: ended, reason, changedAt: NOW })
    expect(endOverdue(upgrade, NOW - 1)).toBe(upgrade)
  })

  it('downloading -> queued: nothing is at stake yet, and its berth is for others', () => {
    const upgrade = sampleUpgrade({ state: 'downloading', expiresAt: NOW, deadlineAt: NOW })
    const waits = endOverdue(upgrade, NOW)
    const again = { state: 'queued', reason: 'not-heard-of', deadlineAt: null, changedAt: NOW }
    expect(waits).toEqual({ ...upgrade, ...again })
    expect(endOverdue(upgrade, NOW - 1)).toBe(upgrade)
    expect(endOverdue(waits, NOW)).toMatchObject({ state: 'expired' })
  })

  it.each([
    ['downloading', 'cancelled', 'cancelled-by-operator'],
    // It may have switched before it heard of it: nobody knows.
    ['staged', 'timed-out', 'no-progress'],
  ] as const)('%s, and silent since somebody cancelled it -> %s', (state, ended, reason) => {
    const upgrade = sampleUpgrade({ state, deadlineAt: NOW, cancelRequestedAt: NOW - 1 })
    expect(endOverdue(upgrade, NOW)).toMatchObject({ state: ended, reason })
  })

  it('what is under way outlives the expiry of its action', () => {
    const upgrade = sampleUpgrade({ state: 'downloading', expiresAt: 0, deadlineAt: NOW + 1 })
    expect(endOverdue(upgrade, NOW)).toBe(upgrade)
  })

  it('an end that a clock set which ran ahead is brought back, once', () => {
    const waiting = sampleUpgrade({ expiresAt: NOW + EXPIRES_AHEAD_MS_MAX + 1 })
    const nearer = endOverdue(waiting, NOW)
    expect(nearer).toEqual({ ...waiting, expiresAt: NOW + ACTION_EXPIRY_MS })
    expect(endOverdue(nearer, NOW)).toBe(nearer)
    const running = sampleUpgrade({
      state: 'downloading',
      deadlineAt: NOW + DEADLINE_AHEAD_MS_MAX + 1,
    })
    const sooner = endOverdue(running, NOW)
    expect(sooner).toEqual({ ...running, deadlineAt: NOW + PROBATION_GRACE_MS })
    expect(endOverdue(sooner, NOW)).toBe(sooner)
  })

  it('an offer that nobody takes up lapses, and gives its berth back', () => {
    const offered = sampleUpgrade({ state: 'offered', reason: 'offered', deadlineAt: NOW })
    const lapsed = endOverdue(offered, NOW)
    expect(lapsed).toMatchObject({ state: 'queued', reason: 'offer-lapsed', changedAt: NOW })
    expect(holdsBerth(offered) && !holdsBerth(lapsed)).toBe(true)
    expect(endOverdue(offered, NOW - 1)).toBe(offered)
    const berthed = sampleUpgrade({ reason: 'awaiting-check-in', deadlineAt: NOW })
    expect(endOverdue(berthed, NOW)).toMatchObject({ reason: 'offer-lapsed', deadlineAt: null })
    const ahead = sampleUpgrade({ state: 'offered', deadlineAt: NOW + DEADLINE_AHEAD_MS_MAX + 1 })
    expect(endOverdue(ahead, NOW)).toEqual({ ...ahead, deadlineAt: NOW + PROBATION_GRACE_MS })
  })

  it('an offer in vain rests, and a berth that nobody fetched does not', () => {
    const offered = sampleUpgrade({ state: 'offered', deadlineAt: NOW })
    expect(endOverdue(offered, NOW).notBefore).toBeGreaterThan(NOW)
    expect(endOverdue(sampleUpgrade({ deadlineAt: NOW }), NOW).notBefore).toBeNull()
  })

  it('a next try that a clock set which ran ahead is brought back, once', () => {
    const far = sampleUpgrade({ notBefore: NOW + NOT_BEFORE_AHEAD_MS_MAX + 1 })
    const sooner = endOverdue(far, NOW)
    expect(sooner).toEqual({ ...far, notBefore: NOW })
    expect(endOverdue(sooner, NOW)).toBe(sooner)
  })

  it('what has ended stays as it is', () => {
    for (const state of UPGRADE_STATES.filter(isFinished)) {
      const upgrade = sampleUpgrade({ state, expiresAt: 0, deadlineAt: 0 })
      expect(endOverdue(upgrade, NOW)).toBe(upgrade)
    }
  })
})
