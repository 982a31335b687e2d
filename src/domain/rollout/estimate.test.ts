import { describe, expect, it } from 'vitest'
import type { EndpointId, UpgradeActionId } from '../../base/ids.ts'
import type { Window } from '../upgrade/window.ts'
import { type EstimateAsked, type EstimateMember, estimateRollout } from './estimate.ts'
import { NO_POLICY, type RolloutPolicy } from './policy.ts'
import { newRollout, type Wave } from './rollout.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** A Monday, 03:00 UTC. */
const NOW = Date.parse('2026-11-23T03:00:00Z')
/** With the minute until its next check-in an upgrade takes five. */
const PACE = { upgradeMs: 4 * MINUTE_MS, intervalMs: MINUTE_MS }
const TAKES_MS = 5 * MINUTE_MS

function member(index: number, more: Partial<EstimateMember> = {}): EstimateMember {
  const endpointId = String(index).padStart(32, '0') as EndpointId
  const plain = { wave: 0, zone: 'UTC', cluster: null, isHeardOf: true, versions: 1 }
  return { endpointId, ...plain, ...more }
}

function members(...waves: readonly number[]): EstimateMember[] {
  const wavesOf = waves.flatMap((size, wave) => Array.from({ length: size }, () => wave))
  return wavesOf.map((wave, index) => member(index, { wave }))
}

function asked(
  of: readonly EstimateMember[],
  more: Partial<EstimateAsked> & {
    readonly policy?: Partial<RolloutPolicy>
    readonly budgets?: readonly number[]
  } = {},
): EstimateAsked {
  const { policy = {}, budgets = [], ...rest } = more
  const sizes = Map.groupBy(of, ({ wave }) => wave)
  const waves = [...sizes].map(([wave, { length: size }]): Wave => {
    return { name: `wave ${wave}`, size, budget: budgets[wave] ?? null }
  })
  const started = newRollout({ ...NO_POLICY, ...policy }, waves, NOW)
  return {
    rollout: { ...started, actionId: 0 as UpgradeActionId },
    ...{ window: null, calendar: { closedDays: [], probationS: 300 }, members: of },
    ...{ berths: { most: 500, taken: 0 }, movingClusters: [], pace: PACE },
    ...rest,
  }
}

/** Minutes from now. */
function minutes(at: number | null): number | null {
  return at === null ? null : (at - NOW) / MINUTE_MS
}

const NIGHT: Window = {
  ...{ days: [1, 2, 3, 4, 5, 6, 7], startMinute: 120, endMinute: 240 },
  ...{ zone: 'UTC', strictEnd: false },
}

describe('when a rollout will be where', () => {
  it.each<[string, EstimateAsked, readonly (number | null)[], number | null]>([
    ['all at once', asked(members(3)), [0], 5],
    ['wave by wave', asked(members(1, 2, 3)), [0, 5, 10], 15],
    ['two at a time', asked(members(5), { policy: { maxConcurrent: 2 } }), [0], 15],
    ['no more than may fail', asked(members(4), { budgets: [1] }), [0], 20],
    ['soaking', asked(members(1, 3), { policy: { soakMinutes: 60 } }), [0, 65], 70],
    ['as many as the instance has', asked(members(4), { berths: { most: 3, taken: 0 } }), [0], 10],
    ['others before it', asked(members(2), { berths: { most: 2, taken: 2 } }), [4], 9],
    ['two versions each', asked([member(1, { versions: 2 })]), [0], 9],
  ])('%s', (_case, given, waves, end) => {
    const estimate = estimateRollout(given, NOW)
    expect(estimate.waves.map(minutes)).toEqual(waves)
    expect(minutes(estimate.endsAt)).toBe(end)
    expect(estimate.begins.size).toBe(given.members.length)
  })

  it('gives each its turn in the order of the planner', () => {
    const given = asked(members(5), { policy: { maxConcurrent: 2 } })
    const { begins } = estimateRollout(given, NOW)
    expect(given.members.map(({ endpointId }) => minutes(begins.get(endpointId) ?? null))).toEqual([
      0, 0, 5, 5, 10,
    ])
  })

  it('waits for windows, each in its zone, and goes on at the next one', () => {
    const of = [member(1), member(2), member(3, { zone: 'Asia/Tokyo' })]
    const given = asked(of, { window: NIGHT, policy: { maxConcurrent: 1 } })
    const late = { ...given, pace: { upgradeMs: HOUR_MS - MINUTE_MS, intervalMs: MINUTE_MS } }
    const { begins, endsAt } = estimateRollout(late, NOW)
    // Open in UTC until 04:00; in Tokyo it is noon, and its night begins at 17:00 UTC.
    expect([...begins.values()].map((at) => new Date(at).toISOString().slice(8, 16))).toEqual([
      '23T03:00',
      '23T17:00',
      '24T02:00',
    ])
    expect(endsAt).toBe(Date.parse('2026-11-24T03:00Z'))
  })

  it('leaves out who was not heard of, and does not wait for them', () => {
    const away = member(9, { isHeardOf: false })
    const { begins, waves, endsAt } = estimateRollout(asked([...members(1, 1), away]), NOW)
    expect(begins.has(away.endpointId)).toBe(false)
    expect([waves.map(minutes), minutes(endsAt)]).toEqual([[0, 5], 10])
  })

  it('tells no end where the first wave has nobody to prove it', () => {
    const of = [member(1, { isHeardOf: false }), member(2, { wave: 1 })]
    const { begins, waves, endsAt, holds } = estimateRollout(asked(of), NOW)
    expect([begins.size, waves, endsAt]).toEqual([0, [null, null], null])
    expect(holds).toEqual(['nobody-heard-of', 'earlier-wave-unfinished'])
  })

  it('moves a cluster whole, and one after the other', () => {
    const of = (uid: string, ...ids: number[]) =>
      ids.map((id) => member(id, { cluster: { uid, mayUpgrade: true } }))
    const given = asked([...of('a', 1, 2), ...of('b', 3)])
    const { begins, endsAt } = estimateRollout(given, NOW)
    expect([...begins.values()].map(minutes)).toEqual([0, 0, 9])
    expect(minutes(endsAt)).toBe(9 + TAKES_MS / MINUTE_MS)
  })

  it('is soon done with a whole order, one by one', () => {
    const given = asked(members(5000), { policy: { maxConcurrent: 1 } })
    expect(minutes(estimateRollout(given, NOW).endsAt)).toBe(5000 * 5)
  })
})
