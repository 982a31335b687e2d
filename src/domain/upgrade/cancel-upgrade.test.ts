import { describe, expect, it } from 'vitest'
import { ATTEMPT, digest, NOW, sampleProgress, sampleUpgrade, version } from '../_samples.ts'
import {
  type CancelVerdict,
  decideCancelUpgrade,
  decideCancelUpgradeAction,
} from './cancel-upgrade.ts'
import { decideRecordOutcome } from './record-outcome.ts'
import { isCancelling, isFinished, UPGRADE_STATES, type UpgradeState } from './upgrade.ts'

const RULES = { maxAttempts: 3, probationS: 300 }
const command = { message: 'the disk is too small' }

describe('cancelling an upgrade', () => {
  const rows: readonly [UpgradeState, CancelVerdict][] = [
    ['queued', 'cancelled'],
    ['offered', 'cancelled'],
    ['downloading', 'cancelling'],
    ['staged', 'cancelling'],
    ['switching', 'too-late'],
    ['on-probation', 'too-late'],
    ['succeeded', 'already-ended'],
    ['rolled-back', 'already-ended'],
    ['failed', 'already-ended'],
    ['expired', 'already-ended'],
    ['cancelled', 'already-ended'],
    ['timed-out', 'already-ended'],
  ]
  it.each(rows)('%s: %s', (state, verdict) => {
    expect(decideCancelUpgrade(sampleUpgrade({ state }), command, NOW).verdict).toBe(verdict)
  })

  it('knows every state', () => {
    expect(rows.map(([state]) => state).toSorted()).toEqual([...UPGRADE_STATES].toSorted())
  })

  it('what waits ends at once, with who ended it and why', () => {
    const upgrade = sampleUpgrade({ state: 'offered', attemptId: ATTEMPT })
    expect(decideCancelUpgrade(upgrade, command, NOW).upgrade).toEqual({
      ...upgrade,
      ...{ state: 'cancelled', reason: 'cancelled-by-operator', changedAt: NOW },
      message: command.message,
    })
  })

  it('what runs goes on until its endpoint says that it stopped', () => {
    const running = sampleUpgrade({ state: 'downloading', attemptId: ATTEMPT, reason: null })
    const { upgrade } = decideCancelUpgrade(running, command, NOW)
    expect(upgrade).toMatchObject({ state: 'downloading', cancelRequestedAt: NOW })
    expect(isCancelling(upgrade)).toBe(true)
    const on = decideRecordOutcome(upgrade, sampleProgress({ percent: 60 }), RULES, NOW + 1)
    expect(on).toMatchObject({ state: 'downloading', percent: 60, message: command.message })
    const stopped = sampleProgress({ state: 'failed', reason: 'cancelled', message: 'stopped' })
    expect(decideRecordOutcome(on, stopped, RULES, NOW + 2)).toMatchObject({
      ...{ state: 'cancelled', reason: 'cancelled-by-operator', message: command.message },
      changedAt: NOW + 2,
    })
  })

  it.each(['switching', 'on-probation'] as const)(
    '%s on the way to a further version: it comes there, and no further',
    (state) => {
      const steps = [{ version: version('1.0.0.9'), manifestDigest: digest('release 9') }]
      const between = sampleUpgrade({ state, attemptId: ATTEMPT, steps })
      const { verdict, upgrade } = decideCancelUpgrade(between, command, NOW)
      expect([verdict, isCancelling(upgrade)]).toEqual(['cancelling', false])
      expect(decideCancelUpgrade(upgrade, command, NOW + 1)).toEqual({ verdict, upgrade })
      const there = sampleProgress({ state: 'succeeded' })
      expect(decideRecordOutcome(upgrade, there, RULES, NOW + 2)).toMatchObject({
        ...{ state: 'cancelled', reason: 'cancelled-by-operator', message: command.message },
      })
      const back = sampleProgress({ state: 'rolled-back', reason: 'silent' })
      expect(decideRecordOutcome(upgrade, back, RULES, NOW + 2)).toMatchObject({
        ...{ state: 'rolled-back', reason: 'silent' },
      })
    },
  )

  it.each(['switching', 'succeeded', 'rolled-back'] as const)(
    'one that was past the switch when it was told is what it became: %s',
    (state) => {
      const running = sampleUpgrade({ state: 'staged', attemptId: ATTEMPT })
      const { upgrade } = decideCancelUpgrade(running, command, NOW)
      const told = decideRecordOutcome(upgrade, sampleProgress({ state }), RULES, NOW + 1)
      expect(told.state).toBe(state)
      expect(isCancelling(told)).toBe(false)
    },
  )

  it('a failure of its own is told as that, also while it is being cancelled', () => {
    const running = sampleUpgrade({ state: 'staged', attemptId: ATTEMPT })
    const { upgrade } = decideCancelUpgrade(running, command, NOW)
    const failed = sampleProgress({ state: 'failed', reason: 'disk-full' })
    const told = decideRecordOutcome(upgrade, failed, RULES, NOW + 1)
    expect(told).toMatchObject({ state: 'failed', reason: 'disk-full' })
  })

  it('an action: what changes, and the counts of all', () => {
    const states = ['queued', 'staged', 'switching', 'failed', 'offered'] as const
    const upgrades = states.map((state) => sampleUpgrade({ state }))
    const first = decideCancelUpgradeAction(upgrades, command, NOW)
    expect(first.ended.map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
    expect(first.stopping.map(({ state }) => state)).toEqual(['staged'])
    expect(first.counts).toEqual({
      ...{ cancelled: 2, cancelling: 1 },
      ...{ 'too-late': 1, 'already-ended': 1 },
    })
    const after = [...first.ended, ...first.stopping, sampleUpgrade({ state: 'switching' })]
    const again = decideCancelUpgradeAction(after, command, NOW + 1)
    expect([...again.ended, ...again.stopping]).toEqual([])
    expect(again.counts).toMatchObject({ cancelled: 0, cancelling: 1, 'already-ended': 2 })
  })

  it('twice is once', () => {
    for (const state of UPGRADE_STATES) {
      const once = decideCancelUpgrade(sampleUpgrade({ state }), command, NOW).upgrade
      const again = decideCancelUpgrade(once, { message: null }, NOW + 1)
      expect(again.upgrade).toBe(once)
      expect(isFinished(once.state) && again.verdict !== 'already-ended').toBe(false)
    }
  })
})
