/** Each invariant of a plan, by a plan that breaks it and nothing else. */
import { expect, it } from 'vitest'
import type { EndpointId, UpgradeActionId } from '../../base/ids.ts'
import { candidates, fleet, NOW, picture, rollout, tally, wave } from './_pictures.ts'
import { checkPlan } from './check-plan.ts'
import type { Candidate, FleetPicture } from './picture.ts'
import type { RolloutPlan } from './plan-rollouts.ts'

const waves = [wave({ name: 'canary', size: 4, budget: 3 }), wave({ name: 'rest' })]
const policy = { maxConcurrent: 5 }
const running = rollout({ waves, policy })
const waiting = [
  ...candidates(4),
  ...candidates(2, { wave: 1 }),
  ...['a', 'b'].map((uid): Candidate => {
    const cluster = { uid, mayUpgrade: true }
    return { endpointId: uid as EndpointId, wave: 1, zone: 'UTC', cluster }
  }),
  { endpointId: 'lost' as EndpointId, wave: 0, zone: 'Mars/Base', cluster: null },
]
const tallies = [
  tally({ waiting: 5, waitingConnected: 5, failed: 1 }),
  tally({ waiting: 4, waitingConnected: 4 }),
]
const seen = picture({ rollout: running, tallies, candidates: waiting })
const id = (text: string) => text as EndpointId
const sound: RolloutPlan = {
  before: running,
  next: running,
  berths: [id('0-0000'), id('0-0001')],
  takesBack: false,
}
const open = rollout({ waves, policy, currentWave: 1, generation: 2 })
const rows: readonly [string, Partial<RolloutPlan>, Partial<FleetPicture>, string | null][] = [
  ['a sound one', {}, {}, null],
  ['more berths than are free', {}, { berthsFree: 1 }, '2 berths are given and 1 are free'],
  [
    'two clusters',
    { berths: [id('a'), id('b')], before: running, next: open },
    {},
    'more than one cluster would move',
  ],
  [
    'a cluster beside one that moves',
    { berths: [id('a')], next: open },
    { movingClusters: ['c'] },
    'more than one cluster would move',
  ],
  ['somebody who does not wait', { berths: [id('who')] }, {}, 'a berth for nobody who waits'],
  [
    'a berth while it is paused',
    { next: { ...running, state: 'paused', generation: 2 } },
    {},
    'a berth while it is paused',
  ],
  [
    'a change without a new generation',
    { next: { ...running, reason: 'soaking' } },
    {},
    'its generation does not grow by one',
  ],
  ['a later wave', { berths: [id('1-0000')] }, {}, '1-0000 is of a later wave'],
  [
    'outside its hours',
    { berths: [id('lost')] },
    { calendar: { closedDays: [{ from: '2000-01-01', to: '2000-01-01' }], probationS: 1 } },
    'lost is outside its hours',
  ],
  [
    'more at once than the policy has',
    { next: { ...running, policy: { ...running.policy, maxConcurrent: 1 }, generation: 2 } },
    {},
    'more than 1 at once',
  ],
  [
    'more at stake than may fail',
    { berths: ['0-0000', '0-0001', '0-0002'].map(id) },
    {},
    'more of wave 0 at stake than its budget of 3',
  ],
]
it.each(rows)('%s', (_name, given, around, broken) => {
  const found = checkPlan(fleet([seen], around), { rollouts: [{ ...sound, ...given }] }, NOW)
  expect(found.map((each) => each.replace('rollout 7: ', ''))).toEqual(
    broken === null ? [] : [broken],
  )
})

it('one endpoint of two rollouts', () => {
  const other = { ...running, actionId: 8 as UpgradeActionId }
  const twice = fleet([seen, { ...seen, rollout: other }])
  const second = { ...sound, before: other, next: other }
  expect(checkPlan(twice, { rollouts: [sound, second] }, NOW)).toEqual([
    'an endpoint is given two berths',
  ])
})
