import { describe, expect, it } from 'vitest'
import {
  ATTEMPT,
  digest,
  NEW_ATTEMPT,
  NOW,
  sampleProgress,
  sampleUpgrade,
  version,
} from '../_samples.ts'
import { ATTEMPT_FAILURES, type FailureKind } from './attempt-failures.ts'
import { berthStandsMs, holdsBerth } from './berth.ts'
import {
  DOWNLOAD_SILENCE_MS,
  PROBATION_GRACE_MS,
  STAGED_SILENCE_MS,
  SWITCH_SILENCE_MS,
} from './phase-deadline.ts'
import { type AttemptProgress, backOffMs, decideRecordOutcome } from './record-outcome.ts'
import type { Upgrade } from './upgrade.ts'

const RULES = { maxAttempts: 1, probationS: 300 }

const running = sampleUpgrade({
  state: 'downloading',
  attemptId: ATTEMPT,
  attempts: 1,
  percent: 10,
  deadlineAt: NOW + 1,
})

function reasonsOf(kind: FailureKind): readonly string[] {
  return [...ATTEMPT_FAILURES].flatMap(([reason, its]) => (its === kind ? [reason] : []))
}

function record(
  upgrade: Upgrade,
  said: Partial<AttemptProgress>,
  maxAttempts = RULES.maxAttempts,
): Upgrade {
  return decideRecordOutcome(upgrade, sampleProgress(said), { ...RULES, maxAttempts }, NOW)
}

describe('recording what an agent says of its attempt', () => {
  it.each([
    ['downloading', DOWNLOAD_SILENCE_MS],
    ['staged', STAGED_SILENCE_MS],
    ['switching', SWITCH_SILENCE_MS],
    ['on-probation', 300_000 + PROBATION_GRACE_MS],
  ] as const)('progress moves the deadline on, as far as the phase has: %s', (state, silenceMs) => {
    const next = record(running, { state })
    expect(next).toMatchObject({ state, percent: 40, deadlineAt: NOW + silenceMs })
  })

  it('the same report again is no news', () => {
    const told = decideRecordOutcome(running, sampleProgress(), RULES, NOW)
    expect(decideRecordOutcome(told, sampleProgress(), RULES, NOW + 5)).toBe(told)
  })

  it('another attempt’s report changes nothing', () => {
    const other = sampleProgress({ attemptId: NEW_ATTEMPT, state: 'failed' })
    expect(decideRecordOutcome(running, other, RULES, NOW)).toBe(running)
  })

  it.each(['succeeded', 'rolled-back', 'failed'] as const)(
    '%s is final, whatever comes late',
    (state) => {
      const ended = { ...running, state }
      expect(decideRecordOutcome(ended, sampleProgress({ state: 'succeeded' }), RULES, NOW)).toBe(
        ended,
      )
    },
  )

  it.each(['expired', 'cancelled'] as const)(
    '%s takes the late end of an agent that was past the switch, and nothing else',
    (state) => {
      const ended = { ...running, state }
      for (const told of ['succeeded', 'rolled-back'] as const) {
        const next = decideRecordOutcome(ended, sampleProgress({ state: told }), RULES, NOW)
        expect(next).toMatchObject({ state: told })
      }
      for (const told of ['downloading', 'on-probation', 'failed'] as const) {
        expect(decideRecordOutcome(ended, sampleProgress({ state: told }), RULES, NOW)).toBe(ended)
      }
    },
  )

  it('timed-out takes a late end, and no late progress', () => {
    const silent = { ...running, state: 'timed-out' as const }
    expect(decideRecordOutcome(silent, sampleProgress(), RULES, NOW)).toBe(silent)
    const late = sampleProgress({ state: 'rolled-back', reason: 'exited' })
    expect(decideRecordOutcome(silent, late, RULES, NOW)).toMatchObject({
      state: 'rolled-back',
      reason: 'exited',
    })
  })
})

describe('an attempt that ended before the switch', () => {
  const passing = reasonsOf('passing')
  it.each(passing)('%s: is tried again while there are tries, each time later', (reason) => {
    const said = { state: 'failed', reason, message: 'it said so' } as const
    const second = record(running, said, 3)
    expect(second).toMatchObject({ state: 'queued', reason: 'awaiting-retry', attempts: 1 })
    expect(second).toMatchObject({ attemptId: null, percent: 0, message: 'it said so' })
    expect(second.notBefore).toBe(NOW + backOffMs(1))
    expect(holdsBerth(second)).toBe(false)
    const third = record({ ...running, attempts: 2 }, said, 3)
    expect(third.notBefore).toBe(NOW + backOffMs(2))
    const last = record({ ...running, attempts: 3 }, said, 3)
    expect(last).toMatchObject({ state: 'failed', reason, attempts: 3 })
  })

  it.each([...reasonsOf('final'), 'of-a-newer-agent'])(
    '%s: is not tried again, for it would fail again',
    (reason) => {
      const failed = record(running, { state: 'failed', reason }, 10)
      expect(failed).toMatchObject({ state: 'failed', reason })
    },
  )

  it.each(reasonsOf('stopped'))(
    'because it was told to wait (%s): waits, and has as many tries as before',
    (reason) => {
      const waits = record(running, { state: 'failed', reason })
      const again = { state: 'queued', reason: 'stopped-to-wait', attempts: 0, attemptId: null }
      expect(waits).toMatchObject({ ...again, notBefore: null, deadlineAt: null, message: null })
    },
  )

  it.each([
    [1, 5],
    [2, 10],
    [3, 20],
    [7, 320],
    [8, 360],
    [10, 360],
  ])('behind %i tries the next one is %i minutes away', (attempts, minutes) => {
    expect(backOffMs(attempts)).toBe(minutes * 60_000)
  })
})

describe('a version on the way', () => {
  const steps = [{ version: version('1.0.0.3'), manifestDigest: digest('release 3') }]
  const first = { ...running, state: 'on-probation' as const, steps }

  it('is followed by the next one, which has tries of its own', () => {
    const next = record(first, { state: 'succeeded', percent: 100 })
    expect(next).toMatchObject({ state: 'queued', reason: 'next-step', steps: [] })
    expect(next).toMatchObject({ targetVersion: '1.0.0.3', manifestDigest: digest('release 3') })
    expect(next).toMatchObject({ attempts: 0, attemptId: null, deadlineAt: null, percent: 0 })
  })

  it('is where it stays, if somebody cancelled it meanwhile', () => {
    const cancelling = { ...first, cancelRequestedAt: NOW - 1 }
    const ended = record(cancelling, { state: 'succeeded' })
    expect(ended).toMatchObject({ state: 'cancelled', targetVersion: '1.0.0.2' })
  })

  it('ends it all, if it was taken back', () => {
    expect(record(first, { state: 'rolled-back' })).toMatchObject({ state: 'rolled-back' })
  })

  it('that came late, after it was given up, changes nothing', () => {
    const given = { ...first, state: 'timed-out' as const }
    expect(record(given, { state: 'succeeded' })).toBe(given)
  })
})

describe('an attempt without a berth', () => {
  const waiting = { ...running, state: 'queued' as const, deadlineAt: null }

  it.each(['downloading', 'staged'] as const)('%s is not counted', (state) => {
    expect(record(waiting, { state })).toBe(waiting)
  })

  it.each(['switching', 'on-probation', 'rolled-back', 'succeeded'] as const)(
    '%s is, for it has happened',
    (state) => {
      expect(record(waiting, { state })).toMatchObject({ state })
    },
  )

  it('goes on under the berth that it was given meanwhile', () => {
    const berthed = { ...waiting, deadlineAt: NOW + berthStandsMs(60) }
    expect(record(berthed, { state: 'staged' })).toMatchObject({ state: 'staged' })
  })
})

describe('a report that was overtaken on its way', () => {
  const overtaken = [
    ['downloading', 'staged'],
    ['downloading', 'switching'],
    ['downloading', 'on-probation'],
    ['staged', 'on-probation'],
    ['switching', 'on-probation'],
  ] as const

  it.each(overtaken)('%s while it is known to be %s: is not believed', (state, known) => {
    const further = { ...running, state: known }
    expect(record(further, { state })).toBe(further)
  })

  it('is not what an agent says that was killed as it asked its launcher to switch', () => {
    const asked = { ...running, state: 'switching' as const }
    expect(record(asked, { state: 'staged' })).toMatchObject({ state: 'staged' })
  })
})
