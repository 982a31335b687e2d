/** Every rule of a tick as a row: what a rollout becomes, who gets a berth, and why no more. */
import { describe, expect, it } from 'vitest'
import type { EndpointId, UpgradeActionId } from '../../base/ids.ts'
import type { Window } from '../upgrade/window.ts'
import { candidates, fleet, MINUTE_MS, NOW, picture, rollout, tally, wave } from './_pictures.ts'
import { checkPlan } from './check-plan.ts'
import type { Candidate, FleetPicture, RolloutPicture } from './picture.ts'
import { planRollouts, share } from './plan-rollouts.ts'
import type { Rollout } from './rollout.ts'

/** A plan that breaks nothing, of the first rollout. */
function plan(of: RolloutPicture, given: Partial<FleetPicture> = {}, now = NOW) {
  const all = fleet([of], given)
  const planned = planRollouts(all, now)
  expect(checkPlan(all, planned, now)).toEqual([])
  const [own] = planned.rollouts
  if (own === undefined) throw new Error('a plan for each rollout')
  return own
}

const twoWaves = [wave({ name: 'canary', size: 2 }), wave({ name: 'rest', size: 8 })]
const busy = tally({ waiting: 8, waitingConnected: 8 })

describe('berths', () => {
  const waiting = picture({ rollout: rollout(), candidates: candidates(10) })

  it.each([
    ['to all that are due', {}, 10],
    ['to as many as the instance has', { berthsFree: 3 }, 3],
    ['to none when it has none', { berthsFree: 0 }, 0],
    ['to none when more are taken than there are', { berthsFree: -2 }, 0],
  ])('%s', (_name, given, count) => {
    expect(plan(waiting, given).berths).toHaveLength(count)
  })

  it('to as many as the policy has at once, those at work included', () => {
    const policy = { maxConcurrent: 4 }
    const tallies = [tally({ waiting: 10, waitingConnected: 10, inFlight: 3 })]
    const some = picture({ rollout: rollout({ policy }), tallies, candidates: candidates(10) })
    expect(plan(some)).toMatchObject({ berths: { length: 1 }, next: { holds: ['parallel-limit'] } })
  })

  it('to as many of a wave as may fail: what failed and what is at work count', () => {
    const waves = [wave({ budget: 5 })]
    const tallies = [
      tally({ waiting: 9, waitingConnected: 9, inFlight: 2, failed: 1, troubled: 1 }),
    ]
    const some = picture({ rollout: rollout({ waves }), tallies, candidates: candidates(9) })
    const planned = plan(some)
    expect(planned.berths).toHaveLength(1)
    expect(planned.next.holds).toEqual(['failure-budget-in-use'])
  })

  it('to as many more as failures were accepted', () => {
    const waves = [wave({ budget: 2 })]
    const tallies = [tally({ waiting: 9, waitingConnected: 9, failed: 2 })]
    const given = { tallies, candidates: candidates(9) }
    const resumed = picture({ rollout: rollout({ waves, forgiven: [2] }), ...given })
    expect(plan(resumed)).toMatchObject({ berths: { length: 2 }, next: { state: 'running' } })
  })

  it('to none of a later wave, and to stragglers of earlier ones', () => {
    const late = [...candidates(1), ...candidates(3, { wave: 1 }), ...candidates(5, { wave: 2 })]
    const waves = [...twoWaves, wave({ name: 'last' })]
    const tallies = [tally({ waiting: 1, waitingConnected: 1 }), busy, busy]
    const some = picture({ rollout: rollout({ waves, currentWave: 1 }), tallies, candidates: late })
    const planned = plan(some)
    expect(planned.berths).toEqual(['0-0000', '1-0000', '1-0001', '1-0002'])
    expect(planned.next.holds[2]).toBe('earlier-wave-unfinished')
  })

  it('one wave with its budget in use does not hold another', () => {
    const waves = [wave({ budget: 1 }), wave({ budget: 1 })]
    const tallies = [tally({ waiting: 3, waitingConnected: 3, inFlight: 1 }), busy]
    const all = [...candidates(3), ...candidates(8, { wave: 1 })]
    const some = picture({ rollout: rollout({ waves, currentWave: 1 }), tallies, candidates: all })
    expect(plan(some)).toMatchObject({
      berths: ['1-0000'],
      next: { holds: ['failure-budget-in-use', 'failure-budget-in-use'] },
    })
  })

  it('fairly among rollouts: nobody waits behind one who asks for more', () => {
    const large = picture({ rollout: rollout(), candidates: candidates(900) })
    const actionId = 8 as UpgradeActionId
    const small = picture({
      rollout: rollout({ actionId }),
      candidates: candidates(10).map((each): Candidate => {
        return { ...each, endpointId: `other ${each.endpointId}` as EndpointId }
      }),
    })
    const { rollouts } = planRollouts(fleet([large, small], { berthsFree: 100 }), NOW)
    expect(rollouts.map(({ berths }) => berths.length)).toEqual([90, 10])
  })

  it.each([
    [10, [3, 3], [3, 3]],
    [10, [100, 100], [5, 5]],
    [9, [100, 1, 100], [4, 1, 4]],
    [1, [5, 5], [1, 0]],
    [0, [5], [0]],
    [5, [], []],
  ])('%i berths for %j are %j', (free, asked, granted) => {
    expect(share(free, asked)).toEqual(granted)
  })
})

describe('hours', () => {
  const berlin = { zone: 'endpoint', strictEnd: false }
  // 03:00 UTC is 04:00 in Berlin and 12:00 in Tokyo.
  const morning: Window = { days: [1], startMinute: 240, endMinute: 300, ...berlin }
  const both = [
    ...candidates(2, { zone: 'Europe/Berlin' }),
    ...candidates(2, { zone: 'Asia/Tokyo', wave: 0 }).map((each, index): Candidate => {
      return { ...each, endpointId: `tokyo ${index}` as EndpointId }
    }),
  ]
  const zones = ['Asia/Tokyo', 'Europe/Berlin']

  it('are those of each zone', () => {
    const some = picture({ rollout: rollout(), window: morning, candidates: both, zones })
    expect(plan(some)).toMatchObject({ berths: ['0-0000', '0-0001'], next: { holds: ['none'] } })
  })

  it('say why, where they are closed in all of them', () => {
    const window: Window = { ...morning, days: [2] }
    const some = picture({ rollout: rollout(), window, candidates: both, zones })
    expect(plan(some)).toMatchObject({ berths: [], next: { holds: ['outside-window'] } })
    const lost = picture({ rollout: rollout(), window, candidates: both, zones: ['Mars/Base'] })
    expect(plan(lost).next.holds).toEqual(['zone-unknown'])
  })

  it('are closed on closed days, with a window or without', () => {
    const closedDays = [{ from: '2026-11-23', to: '2026-11-23' }]
    const calendar = { closedDays, probationS: 300 }
    const some = picture({ rollout: rollout(), candidates: candidates(2) })
    expect(plan(some, { calendar })).toMatchObject({ berths: [], next: { holds: ['closed-day'] } })
    // In Kiritimati it is Monday until 10:00 UTC.
    const later = NOW + 7 * 60 * MINUTE_MS
    const zone = 'Pacific/Kiritimati'
    const east = picture({
      rollout: rollout(),
      candidates: candidates(2, { zone }),
      zones: [zone],
    })
    expect(plan(east, { calendar }, later).berths).toHaveLength(2)
  })

  it('of a strict window leave time to prove it in', () => {
    const window: Window = {
      ...morning,
      zone: 'UTC',
      startMinute: 120,
      endMinute: 190,
      strictEnd: true,
    }
    const some = picture({ rollout: rollout(), window, candidates: candidates(2) })
    expect(plan(some).berths).toHaveLength(2)
    const slow = rollout({ policy: { probationMinutes: 10 } })
    const late = picture({ rollout: slow, window, candidates: candidates(2) })
    expect(plan(late)).toMatchObject({ berths: [], next: { holds: ['outside-window'] } })
  })
})

describe('clusters', () => {
  const pod = (uid: string, mayUpgrade = true) => ({ cluster: { uid, mayUpgrade } })
  const named = (name: string, given: Partial<Candidate>): readonly Candidate[] =>
    candidates(2, given).map((each, index) => {
      return { ...each, endpointId: `${name} ${index}` as EndpointId }
    })

  it('move one at a time, and one endpoint of each leads', () => {
    const all = [...named('a', pod('a')), ...named('b', pod('b')), ...candidates(1)]
    const some = picture({ rollout: rollout(), candidates: all })
    expect(plan(some).berths).toEqual(['a 0', '0-0000'])
    expect(plan(some, { movingClusters: ['c'] }).berths).toEqual(['0-0000'])
  })

  it('are led by an endpoint that may', () => {
    const all = [...named('no', pod('a', false)), ...named('yes', pod('a'))]
    expect(plan(picture({ rollout: rollout(), candidates: all })).berths).toEqual(['yes 0'])
  })

  it('move one at a time also where two rollouts would', () => {
    const one = picture({ rollout: rollout(), candidates: named('a', pod('a')) })
    const other = rollout({ actionId: 8 as UpgradeActionId })
    const two = picture({ rollout: other, candidates: named('b', pod('b')) })
    const all = fleet([one, two])
    const planned = planRollouts(all, NOW)
    expect(planned.rollouts.map(({ berths }) => berths.length)).toEqual([1, 0])
    expect(checkPlan(all, planned, NOW)).toEqual([])
  })
})

type Row = readonly [
  name: string,
  rollout: Parameters<typeof rollout>[0],
  tallies: RolloutPicture['tallies'],
  becomes: Partial<Rollout>,
]
const done = tally({ succeeded: 2 })

describe('a rollout', () => {
  const budgeted = [wave({ size: 2, budget: 2 }), wave({ size: 8, budget: 2 })]
  const soakMinutes = 30
  const soak = { soakMinutes }
  const soaked = NOW - soakMinutes * MINUTE_MS
  const rows: readonly Row[] = [
    ['that has nothing open is finished', {}, [done], { state: 'finished', reason: 'all-ended' }],
    ['so is one that was halted', { state: 'halted' }, [done], { state: 'finished' }],
    ['so is one that was paused', { state: 'paused' }, [done], { state: 'finished' }],
    [
      'runs with its first berth',
      { state: 'scheduled', reason: 'awaiting-first-berth' },
      [busy],
      { state: 'running', reason: 'in-progress' },
    ],
    [
      'halts when the budget of a wave is spent',
      { waves: budgeted },
      [tally({ failed: 2, waiting: 1 }), busy],
      { state: 'halted', reason: 'failure-budget-spent' },
    ],
    [
      'also by what succeeded and is unhealthy now',
      { waves: budgeted, currentWave: 1 },
      [tally({ failed: 1, succeeded: 1, troubled: 1 }), busy],
      { state: 'halted', reason: 'failure-budget-spent' },
    ],
    [
      'also before its first berth was taken up',
      { waves: budgeted, state: 'scheduled' },
      [tally({ failed: 2 }), busy],
      { state: 'halted', reason: 'failure-budget-spent' },
    ],
    [
      'waits while some of the wave are at work',
      { waves: twoWaves },
      [tally({ succeeded: 1, inFlight: 1 }), busy],
      {},
    ],
    [
      'waits while some of the wave could be reached',
      { waves: twoWaves },
      [tally({ succeeded: 1, waiting: 1, waitingConnected: 1 }), busy],
      {},
    ],
    [
      'does not wait for what is switched off',
      { waves: twoWaves },
      [tally({ succeeded: 1, waiting: 1 }), busy],
      { currentWave: 1 },
    ],
    [
      'waits while nobody of the wave can be reached: nothing is proven',
      { waves: twoWaves },
      [tally({ waiting: 2 }), busy],
      { currentWave: 0, holds: ['nobody-heard-of', 'earlier-wave-unfinished'] },
    ],
    [
      'halts when nothing of a wave succeeded, budget or not',
      { waves: twoWaves },
      [tally({ failed: 1, waiting: 1 }), busy],
      { state: 'halted', reason: 'wave-without-success' },
    ],
    [
      'goes on when that was accepted',
      { waves: twoWaves, forgiven: [2, 0] },
      [tally({ failed: 2 }), busy],
      { currentWave: 1 },
    ],
    [
      'halts when all of a wave were taken out of it: nothing is proven',
      { waves: twoWaves },
      [tally({ endedOtherwise: 2 }), busy],
      { currentWave: 0, state: 'halted', reason: 'wave-without-success' },
    ],
    [
      'watches a wave that is done',
      { waves: twoWaves, policy: soak },
      [done, busy],
      { currentWave: 0, soakSince: NOW, reason: 'soaking', holds: ['none', 'soaking'] },
    ],
    [
      'watches it to the minute',
      { waves: twoWaves, policy: soak, soakSince: soaked + 1, reason: 'soaking' },
      [done, busy],
      { currentWave: 0, soakSince: soaked + 1 },
    ],
    [
      'begins the next one then',
      { waves: twoWaves, policy: soak, soakSince: soaked, reason: 'soaking' },
      [done, busy],
      { currentWave: 1, soakSince: null, reason: 'in-progress' },
    ],
    [
      'watches anew when the clock was set back',
      { waves: twoWaves, policy: soak, soakSince: NOW + 1, reason: 'soaking' },
      [done, busy],
      { currentWave: 0, soakSince: NOW },
    ],
    [
      'halts at the end of the watch when all have fallen silent',
      { waves: twoWaves, policy: soak, soakSince: soaked },
      [tally({ succeeded: 2, silent: 2 }), busy],
      { state: 'halted', reason: 'wave-went-silent' },
    ],
    [
      'bears with silence that is within the budget',
      { waves: budgeted, policy: soak, soakSince: soaked },
      [tally({ succeeded: 2, silent: 1 }), busy],
      { currentWave: 1 },
    ],
    ['does not move while paused', { state: 'paused', waves: twoWaves }, [done, busy], {}],
    ['does not move while halted', { state: 'halted', waves: twoWaves }, [done, busy], {}],
  ]
  it.each(rows)('%s', (_name, given, tallies, becomes) => {
    const before = rollout(given)
    const waiting = tallies.flatMap((each, index) =>
      candidates(each.waitingConnected, { wave: index }),
    )
    const planned = plan(picture({ rollout: before, tallies, candidates: waiting }))
    expect(planned.next).toMatchObject(becomes)
    const isHalted = planned.next.state === 'halted' && before.state !== 'halted'
    expect(planned.takesBack).toBe(isHalted)
    if (isHalted) expect(planned.berths).toEqual([])
    if (Object.keys(becomes).length === 0) expect(planned.next).toBe(before)
    else expect(planned.next.generation).toBe(before.generation + 1)
  })

  it('whose accepted failures turned out well has no room for others', () => {
    const forgiven = rollout({ waves: budgeted, forgiven: [2, 0], state: 'running' })
    const well = [tally({ succeeded: 2, failed: 0, waiting: 1, waitingConnected: 1 }), busy]
    const { next } = plan(picture({ rollout: forgiven, tallies: well }))
    expect(next).toMatchObject({ state: 'running', forgiven: [0, 0] })
    const spent = [tally({ succeeded: 2, failed: 2, waiting: 1, waitingConnected: 1 }), busy]
    expect(plan(picture({ rollout: next, tallies: spent })).next.state).toBe('halted')
  })

  it('forgets no accepted failure while it is halted, when nothing is counted', () => {
    const halted = rollout({ waves: budgeted, forgiven: [2, 0], state: 'halted' })
    expect(plan(picture({ rollout: halted, tallies: [busy, busy] })).next).toBe(halted)
  })

  it('says in a sentence what halted it', () => {
    const tallies = [tally({ failed: 2, troubled: 1, succeeded: 1 }), busy]
    const halted = plan(picture({ rollout: rollout({ waves: budgeted }), tallies })).next
    expect(halted.message).toBe(
      '3 failed in wave all, which may have 2, 1 of them unhealthy after it succeeded',
    )
  })

  it('that is over is left alone', () => {
    for (const state of ['finished', 'cancelled'] as const) {
      const over = rollout({ state })
      const planned = plan(picture({ rollout: over, candidates: candidates(3) }))
      expect(planned).toMatchObject({ berths: [], takesBack: false })
      expect(planned.next).toBe(over)
    }
  })

  it('planned again as it was saved says nothing new', () => {
    const some = picture({ rollout: rollout(), candidates: candidates(10) })
    const first = plan(some, { berthsFree: 4 })
    expect(first.next.holds).toEqual(['parallel-limit'])
    const tallies = [tally({ waiting: 6, waitingConnected: 6, inFlight: 4 })]
    const after = picture({ rollout: first.next, tallies, candidates: candidates(10).slice(4) })
    const again = plan(after, { berthsFree: 0 })
    expect(again.next).toBe(first.next)
    expect(again.berths).toEqual([])
  })
})
