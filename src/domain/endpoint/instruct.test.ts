/** What an endpoint is told: by the state of its upgrade, what it says, and the hours. */
import { describe, expect, it } from 'vitest'
import type { UpgradeActionId } from '../../base/ids.ts'
import {
  ATTEMPT,
  DISTRIBUTION,
  ENDPOINT,
  NEW_ATTEMPT,
  NOW,
  sampleProgress,
  sampleRollout,
  sampleState,
  sampleUpgrade,
} from '../_samples.ts'
import { NO_POLICY } from '../rollout/policy.ts'
import type { Rollout } from '../rollout/rollout.ts'
import type { AttemptProgress } from '../upgrade/record-outcome.ts'
import type { Upgrade, UpgradeState } from '../upgrade/upgrade.ts'
import type { Window } from '../upgrade/window.ts'
import { instruct } from './instruct.ts'

const LIMITS = { intervalS: 60, probationS: 300, closedDays: [], timeZone: 'UTC' }
/** Now is its second hour. */
const NIGHT: Window = { days: [1], startMinute: 120, endMinute: 240, zone: 'UTC', strictEnd: false }
const STRICT: Window = { ...NIGHT, strictEnd: true }

function told(given: {
  readonly open?: Partial<Upgrade> | null
  readonly says?: Partial<AttemptProgress> | null
  readonly rollout?: Partial<Rollout>
  readonly isReleaseOffered?: boolean
}) {
  const berth = { attemptId: ATTEMPT, attempts: 1, deadlineAt: NOW + 7_200_000 }
  const open = given.open === null ? null : sampleUpgrade({ ...berth, ...given.open })
  const attempt = given.says ? sampleProgress(given.says) : null
  const view = {
    endpoint: { id: ENDPOINT, distributionId: DISTRIBUTION, state: sampleState() },
    isDeleted: false,
    open,
    reported: null,
    isReleaseOffered: given.isReleaseOffered ?? true,
    rollout: sampleRollout(given.rollout),
    cluster: null,
  }
  const checkIn = { attempt }
  return instruct(open, view, { checkIn, limits: LIMITS, now: NOW }).instruction
}

const staged = { state: 'staged' } as const
const downloading = { state: 'downloading' } as const

describe('leave to switch', () => {
  it.each<[UpgradeState, AttemptProgress['state'] | null, boolean]>([
    ['offered', null, false],
    ['downloading', 'downloading', false],
    // Known from an earlier report: what the endpoint says now is what counts.
    ['staged', 'downloading', false],
    ['staged', null, false],
    ['staged', 'staged', true],
  ])('%s, and it says %s: %s', (state, said, maySwitch) => {
    const says = said === null ? null : { state: said }
    expect(told({ open: { state }, says })).toMatchObject({ kind: 'upgrade', maySwitch })
  })

  it('is good for a while, and in a strict window for as long as a probation still fits', () => {
    expect(told({ open: staged, says: staged })).toMatchObject({ switchWithinS: 300 })
    const strict = told({ open: { ...staged, window: STRICT }, says: staged })
    expect(strict).toMatchObject({ switchWithinS: 300 })
    // It closes in eight minutes, and five of them are the probation's.
    const window = { ...STRICT, endMinute: 188 }
    const late = told({ open: { ...staged, window }, says: staged })
    expect(late).toMatchObject({ switchWithinS: 180, startWithinS: 480 })
    const early = told({ open: { ...downloading, window }, says: downloading })
    expect(early).toMatchObject({ maySwitch: false, switchWithinS: 180 })
  })

  it('is not given any more once a probation does not fit', () => {
    const window = { ...STRICT, endMinute: 185 }
    const cancel = { kind: 'cancel', attemptId: ATTEMPT }
    expect(told({ open: { ...staged, window }, says: staged })).toEqual(cancel)
    const brief = { policy: { ...NO_POLICY, probationMinutes: 4 } }
    const fits = told({ open: { ...staged, window }, says: staged, rollout: brief })
    expect(fits).toMatchObject({ maySwitch: true, switchWithinS: 60, probationS: 240 })
  })

  it('is given behind the end of a window that is not strict: it has begun in it', () => {
    const window = { ...NIGHT, endMinute: 150 }
    expect(told({ open: { ...staged, window }, says: staged })).toMatchObject({ maySwitch: true })
  })
})

describe('to stop', () => {
  it.each<[string, Parameters<typeof told>[0]]>([
    ['its rollout was halted', { rollout: { state: 'halted' } }],
    ['its rollout was paused', { rollout: { state: 'paused' } }],
    ['its release was withdrawn', { isReleaseOffered: false }],
    ['somebody cancelled it', { open: { cancelRequestedAt: NOW } }],
    ['its strict window has closed', { open: { window: { ...STRICT, endMinute: 150 } } }],
  ])('when %s, before the switch and not behind it', (_why, given) => {
    for (const before of [downloading, staged]) {
      const asked = told({ ...given, open: { ...given.open, ...before }, says: before })
      expect(asked).toEqual({ kind: 'cancel', attemptId: ATTEMPT })
    }
    for (const state of ['switching', 'on-probation'] as const) {
      const left = told({ ...given, open: { ...given.open, state }, says: { state } })
      expect(left).toEqual({ kind: 'nothing' })
    }
  })

  it.each<[string, Partial<Upgrade> | null]>([
    ['nothing is open', null],
    ['another attempt is', { actionId: 8 as UpgradeActionId, attemptId: NEW_ATTEMPT }],
    ['it lost its berth', { deadlineAt: null }],
  ])('with what nobody wants: %s', (_why, open) => {
    const cancel = { kind: 'cancel', attemptId: ATTEMPT }
    expect(told({ open, says: downloading })).toEqual(cancel)
  })
})

it('has the rate of its rollout', () => {
  const rollout = { policy: { ...NO_POLICY, downloadRate: 4096 } }
  expect(told({ open: downloading, says: downloading, rollout })).toMatchObject({
    downloadRateMax: 4096,
  })
  expect(told({ open: downloading, says: downloading })).toMatchObject({ downloadRateMax: null })
})
