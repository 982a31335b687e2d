import { describe, expect, it } from 'vitest'
import { ATTEMPT, NEW_ATTEMPT, NOW, sampleProgress, sampleUpgrade } from '../_samples.ts'
import { decideRecordOutcome, RUNNING_SILENCE_MS } from './record-outcome.ts'

const running = sampleUpgrade({ state: 'downloading', attemptId: ATTEMPT, percent: 10 })

describe('recording what an agent says of its attempt', () => {
  it('progress moves the deadline on', () => {
    const next = decideRecordOutcome(running, sampleProgress(), NOW)
    expect(next).toMatchObject({ percent: 40, deadlineAt: NOW + RUNNING_SILENCE_MS })
  })

  it('the same report again is no news', () => {
    const told = decideRecordOutcome(running, sampleProgress(), NOW)
    expect(decideRecordOutcome(told, sampleProgress(), NOW + 5)).toBe(told)
  })

  it('another attempt’s report changes nothing', () => {
    const other = sampleProgress({ attemptId: NEW_ATTEMPT, state: 'failed' })
    expect(decideRecordOutcome(running, other, NOW)).toBe(running)
  })

  it.each(['succeeded', 'rolled-back', 'failed'] as const)(
    '%s is final, whatever comes late',
    (state) => {
      const ended = { ...running, state }
      expect(decideRecordOutcome(ended, sampleProgress({ state: 'succeeded' }), NOW)).toBe(ended)
    },
  )

  it.each(['expired', 'cancelled'] as const)(
    '%s takes the late end of an agent that was past the switch, and nothing else',
    (state) => {
      const ended = { ...running, state }
      for (const told of ['succeeded', 'rolled-back'] as const) {
        const next = decideRecordOutcome(ended, sampleProgress({ state: told }), NOW)
        expect(next).toMatchObject({ state: told })
      }
      for (const told of ['downloading', 'on-probation', 'failed'] as const) {
        expect(decideRecordOutcome(ended, sampleProgress({ state: told }), NOW)).toBe(ended)
      }
    },
  )

  it('timed-out takes a late end, and no late progress', () => {
    const silent = { ...running, state: 'timed-out' as const }
    expect(decideRecordOutcome(silent, sampleProgress(), NOW)).toBe(silent)
    const late = sampleProgress({ state: 'rolled-back', reason: 'exited' })
    expect(decideRecordOutcome(silent, late, NOW)).toMatchObject({
      state: 'rolled-back',
      reason: 'exited',
    })
  })
})
