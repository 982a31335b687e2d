/** Check-ins of endpoints in a cluster: who leads, who waits, and how each upgrade ends. */
import { describe, expect, it } from 'vitest'
import type { AttemptId } from '../../base/ids.ts'
import {
  ATTEMPT,
  DISTRIBUTION,
  digest,
  ENDPOINT,
  NEW_ATTEMPT,
  NOW,
  sampleCheckIn,
  sampleFacts,
  sampleProgress,
  sampleRollout,
  sampleState,
  sampleUpgrade,
} from '../_samples.ts'
import type { CheckInView } from '../endpoint/check-in-view.ts'
import type { EndpointCluster } from '../endpoint/endpoint.ts'
import { type CheckIn, decideReceiveCheckIn } from '../endpoint/receive-check-in.ts'
import { decideCancelUpgrade } from './cancel-upgrade.ts'
import {
  CLUSTER_SILENCE_MS,
  type ClusterAttempt,
  type ClusterView,
  LEADER_SILENCE_MS,
  readyWithinS,
} from './cluster-upgrade.ts'
import { endOverdue } from './end-overdue.ts'
import type { Upgrade } from './upgrade.ts'
import type { Window } from './window.ts'

const LIMITS = { intervalS: 60, probationS: 300, closedDays: [], timeZone: 'UTC' }
const CLUSTER: EndpointCluster = {
  name: 'eu-1',
  uid: 'set-1',
  namespace: 'drydock',
  daemonSet: 'drydock-agent',
  mayUpgrade: true,
}

const other = (given: Partial<ClusterAttempt>): ClusterAttempt => ({
  attemptId: ATTEMPT,
  state: 'offered',
  reason: null,
  message: null,
  changedAt: NOW - 1000,
  lastSeen: NOW - 1000,
  ...given,
})

function receive(given: {
  readonly open?: Partial<Upgrade>
  readonly others?: readonly ClusterAttempt[]
  readonly cluster?: Partial<EndpointCluster>
  readonly checkIn?: Partial<CheckIn>
  readonly view?: Partial<CheckInView & ClusterView>
  /** The planner gave it no berth. */
  readonly isBerthless?: true
}) {
  const facts = sampleFacts({ cluster: { ...CLUSTER, ...given.cluster } })
  const state = sampleState({ facts })
  const deadlineAt = given.isBerthless ? null : NOW + 60_000
  const open = sampleUpgrade({ deadlineAt, ...given.open })
  const view: CheckInView = {
    endpoint: { id: ENDPOINT, distributionId: DISTRIBUTION, state },
    isDeleted: false,
    open,
    reported: null,
    isReleaseOffered: true,
    rollout: sampleRollout({ holds: ['parallel-limit'] }),
    cluster: {
      others: given.others ?? [],
      isOtherMoving: given.view?.isOtherMoving ?? false,
      endpointsCount: 3,
    },
    ...given.view,
  }
  const decided = decideReceiveCheckIn(view, sampleCheckIn(given.checkIn), LIMITS, NOW)
  return { ...decided, upgrade: decided.upgrades[0] ?? open }
}

const AT_TARGET = { manifestDigest: digest('release 2') }

describe('who leads', () => {
  it('the first that checks in, told to move the image and never to switch by itself', () => {
    const decided = receive({})
    expect(decided.upgrade).toMatchObject({ state: 'offered', attemptId: NEW_ATTEMPT })
    expect(decided.instruction).toMatchObject({
      kind: 'upgrade-cluster',
      attemptId: NEW_ATTEMPT,
      readyWithinS: readyWithinS(3),
    })
    expect(decided.upgrade.deadlineAt).not.toBeNull()
  })

  it.each(['offered', 'switching'] as const)('nobody else while one does: %s', (state) => {
    const decided = receive({ others: [other({ state })] })
    const reason = state === 'offered' ? 'awaiting-cluster' : 'moved-with-cluster'
    expect(decided.upgrade).toMatchObject({ state: 'queued', reason, deadlineAt: null })
    expect(decided.instruction).toEqual({ kind: 'nothing' })
  })

  it.each(['offered', 'switching', 'timed-out'] as const)(
    'another, under the same attempt, when the leader fell silent: %s',
    (state) => {
      const lastSeen = NOW - LEADER_SILENCE_MS
      const decided = receive({ others: [other({ state, lastSeen })] })
      expect(decided.upgrade).toMatchObject({ state: 'offered', attemptId: ATTEMPT })
    },
  )

  it('another when an offer lapsed: its agent had its chance', () => {
    const lapsed = other({ state: 'queued', reason: 'offer-lapsed' })
    expect(receive({ others: [lapsed] }).upgrade).toMatchObject({ attemptId: ATTEMPT })
  })

  it('nobody who may not, and that is said; with the facts that come along, somebody may', () => {
    const reason = 'cluster-upgrade-not-granted'
    expect(receive({ cluster: { mayUpgrade: false } }).upgrade.reason).toBe(reason)
    expect(receive({ cluster: { uid: '' } }).upgrade.reason).toBe(reason)
    const facts = sampleFacts({ cluster: CLUSTER })
    const granted = receive({ cluster: { mayUpgrade: false }, checkIn: { facts } })
    expect(granted.upgrade.state).toBe('offered')
  })

  it('one cluster at a time, but the one that was offered it goes on', () => {
    const view = { isOtherMoving: true }
    expect(receive({ view }).upgrade.reason).toBe('other-cluster-first')
    const offered = { state: 'offered', attemptId: ATTEMPT, deadlineAt: NOW + 1 } as const
    expect(receive({ view, open: offered }).instruction.kind).toBe('upgrade-cluster')
  })

  it('inside the window and with a berth to begin, without both to go on', () => {
    const utc = { zone: 'UTC', strictEnd: false }
    const window: Window = { days: [2], startMinute: 0, endMinute: 1, ...utc }
    expect(receive({ open: { window } }).upgrade.reason).toBe('outside-window')
    expect(receive({ isBerthless: true }).upgrade.reason).toBe('parallel-limit')
    const dead = [other({ state: 'switching', lastSeen: NOW - LEADER_SILENCE_MS })]
    const view = { isReleaseOffered: false }
    const decided = receive({ open: { window }, others: dead, view, isBerthless: true })
    expect(decided.upgrade).toMatchObject({ state: 'offered', attemptId: ATTEMPT })
  })
})

describe('how it ends', () => {
  it('with the report of the new version, once the leader has said that all are ready', () => {
    const moving = receive({ others: [other({ state: 'switching' })], checkIn: AT_TARGET })
    expect(moving.upgrade).toMatchObject({ state: 'queued', reason: 'moved-with-cluster' })
    const others = [other({ state: 'succeeded', reason: 'upgraded' })]
    const done = receive({ others, checkIn: AT_TARGET })
    expect(done.upgrade).toMatchObject({ state: 'succeeded', reason: 'upgraded' })
  })

  it('not while its pod still runs the old one: a node may be slow, or off', () => {
    const waiting = receive({ others: [other({ state: 'succeeded' })] })
    expect(waiting.upgrade).toMatchObject({ state: 'queued', reason: 'moved-with-cluster' })
    const expired = endOverdue(waiting.upgrade, waiting.upgrade.expiresAt)
    expect(expired).toMatchObject({ state: 'expired' })
  })

  it('as already there when somebody moved the image by hand', () => {
    const decided = receive({ checkIn: AT_TARGET })
    expect(decided.upgrade).toMatchObject({ state: 'succeeded', reason: 'already-at-version' })
  })

  it.each(['rolled-back', 'failed'] as const)('as the leader said: %s', (state) => {
    const said = { state, reason: 'rollout-not-ready', message: 'ImagePullBackOff' } as const
    const decided = receive({ others: [other(said)], checkIn: AT_TARGET })
    expect(decided.upgrade).toMatchObject(said)
  })

  it('by its last leader, when there were several', () => {
    const first = other({ state: 'timed-out', changedAt: NOW - 9 })
    const second = other({ state: 'rolled-back', reason: 'rollout-not-ready', changedAt: NOW - 5 })
    expect(receive({ others: [first, second] }).upgrade.state).toBe('rolled-back')
  })

  it('as failed here when the launcher went back, where nobody leads', () => {
    const skipped = [{ manifestDigest: digest('release 2'), reason: 'exited' }]
    expect(receive({ checkIn: { skipped } }).upgrade.state).toBe('failed')
  })

  it('after two silent hours, however lately it had begun', () => {
    const open = { state: 'offered', attemptId: ATTEMPT, deadlineAt: NOW + 1 } as const
    const reported = sampleUpgrade(open)
    const attempt = sampleProgress({ state: 'switching' })
    const view = { open: reported, reported }
    const { upgrade } = receive({ view, checkIn: { attempt } })
    expect(upgrade).toMatchObject({ state: 'switching', deadlineAt: NOW + CLUSTER_SILENCE_MS })
    expect(endOverdue(upgrade, NOW + CLUSTER_SILENCE_MS)).toMatchObject({ state: 'timed-out' })
  })
})

describe('an agent that took the attempt over', () => {
  const attempt = sampleProgress({ state: 'switching' })

  it('is understood, though the server told another', () => {
    const dead = [other({ state: 'switching', lastSeen: 0 })]
    const decided = receive({ others: dead, checkIn: { attempt } })
    expect(decided.upgrade).toMatchObject({ state: 'switching', attemptId: ATTEMPT, attempts: 1 })
    expect(decided.instruction).toEqual({ kind: 'nothing' })
    const ended = sampleProgress({ state: 'rolled-back', reason: 'rollout-not-ready' })
    const end = receive({ others: dead, checkIn: { attempt: ended } })
    expect(end.upgrade).toMatchObject({ state: 'rolled-back', reason: 'rollout-not-ready' })
    expect(end.acknowledgedAttempt).toBe(ATTEMPT)
  })

  it('but not with an attempt that is no one of its cluster', () => {
    const stranger = sampleProgress({ attemptId: 'f'.repeat(32) as AttemptId })
    const decided = receive({ others: [other({})], checkIn: { attempt: stranger } })
    expect(decided.instruction).toEqual({ kind: 'cancel', attemptId: stranger.attemptId })
  })
})

it('what follows a moved image cannot be cancelled any more; what waits for it can', () => {
  const verdictOf = (reason: string) =>
    decideCancelUpgrade(sampleUpgrade({ reason }), { message: null }, NOW).verdict
  expect(verdictOf('moved-with-cluster')).toBe('too-late')
  expect(verdictOf('awaiting-cluster')).toBe('cancelled')
})

it.each([
  [1, 1020],
  [100, 12_900],
  [5000, 86_400],
])('a cluster of %i endpoints is ready within %i s', (count, seconds) => {
  expect(readyWithinS(count)).toBe(seconds)
})
