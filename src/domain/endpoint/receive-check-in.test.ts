import { describe, expect, it } from 'vitest'
import type { RunId, UpgradeActionId } from '../../base/ids.ts'
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
  version,
} from '../_samples.ts'
import type { Rollout } from '../rollout/rollout.ts'
import { berthStandsMs, holdsBerth } from '../upgrade/berth.ts'
import type { ClusterView } from '../upgrade/cluster-upgrade.ts'
import type { Upgrade } from '../upgrade/upgrade.ts'
import type { Window } from '../upgrade/window.ts'
import type { CheckInView } from './check-in-view.ts'
import type { EndpointState } from './endpoint.ts'
import { type CheckIn, decideReceiveCheckIn, nothingNew } from './receive-check-in.ts'

const LIMITS = { intervalS: 60, probationS: 300, closedDays: [], timeZone: 'UTC' }
const STANDS_MS = berthStandsMs(LIMITS.intervalS)
const UTC = { zone: 'UTC', strictEnd: false }
const MONDAY_2_TO_6: Window = { days: [1], startMinute: 120, endMinute: 360, ...UTC }
const OTHER_RUN = '000000000000000000000000000000f2' as RunId

function receive(given: {
  readonly state?: Partial<EndpointState>
  readonly open?: Upgrade
  readonly reported?: Upgrade
  readonly checkIn?: Partial<CheckIn>
  readonly isReleaseOffered?: boolean
  readonly rollout?: Partial<Rollout>
  readonly cluster?: ClusterView
  readonly isDeleted?: boolean
  readonly now?: number
}) {
  const state = sampleState(given.state)
  const view: CheckInView = {
    endpoint: { id: ENDPOINT, distributionId: DISTRIBUTION, state },
    isDeleted: given.isDeleted ?? false,
    open: given.open ?? null,
    reported: given.reported ?? null,
    cluster: given.cluster ?? null,
    isReleaseOffered: given.isReleaseOffered ?? true,
    rollout: sampleRollout(given.rollout),
  }
  return decideReceiveCheckIn(view, sampleCheckIn(given.checkIn), LIMITS, given.now ?? NOW)
}

describe('check-in without an upgrade', () => {
  it('changes nothing and asks for nothing when nothing is new', () => {
    expect(receive({})).toEqual(nothingNew(LIMITS))
  })

  it('does not take what the database returns in another order for news', () => {
    const skipped = [{ reason: 'silent', manifestDigest: digest('bad') }]
    const told = [{ manifestDigest: digest('bad'), reason: 'silent' }]
    const decided = receive({ state: { skipped }, checkIn: { skipped: told } })
    expect(decided.endpoint).toBeNull()
  })

  it.each([
    { version: version('1.0.0.9') },
    { manifestDigest: digest('release 9') },
    { health: { status: 'unhealthy', details: [] } as const },
    { skipped: [{ manifestDigest: digest('bad'), reason: 'silent' }] },
    { runId: OTHER_RUN },
  ])('keeps what is new: %j', (said) => {
    expect(receive({ checkIn: said }).endpoint).toMatchObject(said)
  })

  it('asks for the facts when it does not know their digest, and keeps them when they come', () => {
    const factsDigest = digest('new facts')
    expect(receive({ checkIn: { factsDigest } }).wantFacts).toBe(true)
    const facts = sampleFacts({ hostname: 'db-2' })
    const told = receive({ checkIn: { factsDigest, facts } })
    expect(told.wantFacts).toBe(false)
    expect(told.endpoint?.facts.hostname).toBe('db-2')
  })

  it('a new run moves the old one back; that one coming again is a copy', () => {
    const next = receive({ checkIn: { runId: OTHER_RUN } })
    expect(next.endpoint).toMatchObject({ runId: OTHER_RUN, previousRunId: sampleState().runId })
    const copy = receive({ state: { runId: OTHER_RUN, previousRunId: sampleState().runId } })
    expect(copy.instruction).toEqual({ kind: 'enrol-as-copy' })
    expect(copy.endpoint).toBeNull()
  })

  it('a deleted endpoint that checks in is there again; a copy of it is not', () => {
    expect(receive({ isDeleted: true })).toEqual({ ...nothingNew(LIMITS), isRestored: true })
    const previousRunId = sampleState().runId
    const copy = receive({ isDeleted: true, state: { runId: OTHER_RUN, previousRunId } })
    expect(copy.isRestored).toBe(false)
  })

  it('an attempt the server does not know is acknowledged when it ended, cancelled when it runs', () => {
    const ended = receive({ checkIn: { attempt: sampleProgress({ state: 'failed' }) } })
    expect(ended.acknowledgedAttempt).toBe(ATTEMPT)
    const running = receive({ checkIn: { attempt: sampleProgress() } })
    expect(running.acknowledgedAttempt).toBeNull()
    expect(running.instruction).toEqual({ kind: 'cancel', attemptId: ATTEMPT })
  })
})

/** A queued upgrade that the planner has given a berth. */
const berthed = (given: Partial<Upgrade> = {}) =>
  sampleUpgrade({ deadlineAt: NOW + STANDS_MS, ...given })

describe('check-in with a waiting upgrade', () => {
  it('queued -> offered when the window is open, for as long as it stays open', () => {
    const window = { ...MONDAY_2_TO_6, endMinute: 210 }
    const decided = receive({ open: berthed({ window }), now: NOW + 1_620_000 })
    expect(decided.upgrades).toMatchObject([
      { state: 'offered', attemptId: NEW_ATTEMPT, attempts: 1, reason: 'offered' },
    ])
    expect(decided.instruction).toMatchObject({
      kind: 'upgrade',
      attemptId: NEW_ATTEMPT,
      startWithinS: 3 * 60,
      probationS: 300,
      maySwitch: false,
    })
  })

  it('stays queued outside its window, says so once, and is called soon after the opening', () => {
    const window = { ...MONDAY_2_TO_6, startMinute: 181 }
    const decided = receive({ open: sampleUpgrade({ window }), now: NOW + 30_000 })
    expect(decided.upgrades).toMatchObject([{ state: 'queued', reason: 'outside-window' }])
    expect(decided.instruction).toEqual({ kind: 'nothing' })
    expect(decided.intervalS).toBe(60)
    const again = receive({
      open: sampleUpgrade({ window, reason: 'outside-window' }),
      now: NOW + 30_000,
    })
    expect(again.upgrades).toEqual([])
  })

  it('offered -> queued when the window closed before the agent began, and keeps the attempt', () => {
    const open = sampleUpgrade({
      state: 'offered',
      attemptId: ATTEMPT,
      attempts: 1,
      window: { days: [2], startMinute: 0, endMinute: 0, ...UTC },
    })
    const held = receive({ open }).upgrades[0]
    expect(held).toMatchObject({ state: 'queued', reason: 'outside-window', attemptId: ATTEMPT })
    const again = { ...open, state: 'queued' as const, window: null, deadlineAt: NOW + 1 }
    const opened = receive({ open: again })
    expect(opened.upgrades).toMatchObject([{ state: 'offered', attemptId: ATTEMPT, attempts: 1 }])
  })

  it('an offer stands: the same instruction again, nothing to save', () => {
    const open = berthed({ state: 'offered', reason: 'offered', attemptId: ATTEMPT })
    const decided = receive({ open })
    expect(decided.upgrades).toEqual([])
    expect(decided.instruction).toMatchObject({ kind: 'upgrade', attemptId: ATTEMPT })
  })

  describe('and berths that are few', () => {
    const offered = sampleUpgrade({
      state: 'offered',
      reason: 'offered',
      attemptId: ATTEMPT,
      attempts: 1,
      deadlineAt: NOW + 60_000,
    })

    it('is offered with the one that the planner gave, for as long as a berth stands', () => {
      const decided = receive({ open: berthed({ deadlineAt: NOW + 1 }) })
      expect(decided.upgrades).toMatchObject([{ state: 'offered', deadlineAt: NOW + STANDS_MS }])
      expect(decided.instruction).toMatchObject({ startWithinS: STANDS_MS / 1000 })
    })

    it('waits without one, and says once why, as the planner saw it', () => {
      const full = { holds: ['parallel-limit'] as const }
      const decided = receive({ open: sampleUpgrade(), rollout: full })
      expect(decided.upgrades).toMatchObject([{ state: 'queued', reason: 'parallel-limit' }])
      expect(decided.instruction).toEqual({ kind: 'nothing' })
      const waiting = sampleUpgrade({ reason: 'parallel-limit' })
      expect(receive({ open: waiting, rollout: full }).upgrades).toEqual([])
    })

    it('an offer that stands needs no other, nor does one that is due', () => {
      const decided = receive({ open: offered })
      expect(decided.upgrades).toEqual([])
      expect(decided.instruction).toMatchObject({ kind: 'upgrade', startWithinS: 60 })
      const due = receive({ open: offered, now: NOW + 60_000 })
      expect(due.upgrades).toMatchObject([
        { state: 'offered', deadlineAt: NOW + 60_000 + STANDS_MS },
      ])
    })

    it('nor does an attempt whose journal was lost', () => {
      const staged = sampleUpgrade({ ...offered, state: 'staged' })
      const [lost] = receive({ open: staged, checkIn: { runId: OTHER_RUN } }).upgrades
      expect(lost).toMatchObject({ state: 'queued', reason: 'journal-lost' })
      expect(lost !== undefined && holdsBerth(lost)).toBe(true)
      const again = receive(lost === undefined ? {} : { open: lost })
      expect(again.upgrades).toMatchObject([{ state: 'offered', attemptId: ATTEMPT }])
    })

    it('it does where the rollout is paused: nothing there may begin', () => {
      const staged = sampleUpgrade({ ...offered, state: 'staged' })
      const checkIn = { runId: OTHER_RUN }
      const decided = receive({ open: staged, checkIn, rollout: { state: 'paused' } })
      expect(decided.upgrades).toMatchObject([
        { state: 'queued', reason: 'rollout-paused', attemptId: ATTEMPT, deadlineAt: null },
      ])
    })

    it('is given back when the window closes, and not taken again without the planner', () => {
      const window: Window = { days: [2], startMinute: 0, endMinute: 0, ...UTC }
      const held = receive({ open: { ...offered, window } }).upgrades[0]
      expect(held).toMatchObject({ state: 'queued', reason: 'outside-window', deadlineAt: null })
      const opened = sampleUpgrade({ ...offered, state: 'queued', deadlineAt: null })
      expect(receive({ open: opened }).upgrades).toMatchObject([{ state: 'queued' }])
    })

    describe('and a report of what had lost its berth', () => {
      const lapsed = sampleUpgrade({ ...offered, state: 'queued', deadlineAt: null })
      const told = (state: 'downloading' | 'staged' | 'switching') => {
        const attempt = sampleProgress({ state })
        return receive({ open: lapsed, reported: lapsed, checkIn: { attempt } })
      }

      it.each(['downloading', 'staged'] as const)('%s: it is to stop, and not counted', (state) => {
        const decided = told(state)
        expect(decided.instruction).toEqual({ kind: 'cancel', attemptId: ATTEMPT })
        expect(decided.upgrades.some(holdsBerth)).toBe(false)
      })

      it('past the switch: it counts, whether a berth is free or not', () => {
        const decided = told('switching')
        expect(decided.instruction).toEqual({ kind: 'nothing' })
        expect(decided.upgrades).toMatchObject([{ state: 'switching' }])
        expect(decided.upgrades.every(holdsBerth)).toBe(true)
      })
    })
  })

  it('is not offered while its release is withdrawn', () => {
    const decided = receive({ open: berthed(), isReleaseOffered: false })
    expect(decided.upgrades).toMatchObject([{ state: 'queued', reason: 'release-withdrawn' }])
    expect(decided.instruction).toEqual({ kind: 'nothing' })
  })

  it('queued -> succeeded when the endpoint already runs the version', () => {
    const checkIn = { manifestDigest: digest('release 2'), version: version('1.0.0.2') }
    const decided = receive({ open: sampleUpgrade(), checkIn })
    expect(decided.upgrades).toMatchObject([{ state: 'succeeded', reason: 'already-at-version' }])
  })

  it('queued -> failed when the version failed here before, unless it is to be tried again', () => {
    const skipped = [{ manifestDigest: digest('release 2'), reason: 'silent' }]
    const decided = receive({ open: sampleUpgrade(), checkIn: { skipped } })
    expect(decided.upgrades).toMatchObject([{ state: 'failed', reason: 'version-failed-here' }])
    const retried = receive({ open: berthed({ retrySkipped: true }), checkIn: { skipped } })
    expect(retried.upgrades).toMatchObject([{ state: 'offered' }])
  })
})

describe('check-in from another time zone', () => {
  const facts = sampleFacts({ timeZone: 'Asia/Tokyo' })
  const own: Window = { ...MONDAY_2_TO_6, zone: 'endpoint' }
  const zoneAfter = (open: Partial<Upgrade>, checkIn: Partial<CheckIn>) =>
    receive({ open: sampleUpgrade({ zone: 'Europe/Berlin', ...open }), checkIn }).upgrades

  it('hours that are the endpoint’s own follow it, from that check-in on', () => {
    // 03:00 UTC is 04:00 in Berlin, and noon in Tokyo.
    const moved = { zone: 'Asia/Tokyo', reason: 'outside-window' }
    expect(zoneAfter({ window: own, deadlineAt: NOW + 1 }, { facts })).toMatchObject([moved])
    const running = { window: own, state: 'downloading', attemptId: ATTEMPT } as const
    const attempt = sampleProgress()
    const open = sampleUpgrade({ zone: 'Europe/Berlin', ...running })
    const decided = receive({ open, reported: { ...open }, checkIn: { facts, attempt } })
    expect(decided.upgrades).toMatchObject([{ zone: 'Asia/Tokyo', percent: 40 }])
  })

  it('those of a zone that was ordered stay, and so do those of one that says nothing', () => {
    const ordered = { ...own, zone: 'Europe/Berlin' }
    const zones = zoneAfter({ window: ordered }, { facts }).map(({ zone }) => zone)
    expect(zones).toEqual(['Europe/Berlin'])
    expect(zoneAfter({ window: null }, { facts })[0]?.zone).toBe('Europe/Berlin')
    expect(zoneAfter({ window: own }, { facts: null })[0]?.zone).toBe('Europe/Berlin')
  })
})

describe('check-in during an upgrade', () => {
  const offered = berthed({ state: 'offered', attemptId: ATTEMPT, attempts: 1 })
  const downloading = { ...offered, state: 'downloading' as const, percent: 40, bytesDone: 400 }

  it('offered -> downloading, with percent and bytes', () => {
    const attempt = sampleProgress()
    const decided = receive({ open: offered, reported: offered, checkIn: { attempt } })
    expect(decided.upgrades).toMatchObject([
      { state: 'downloading', percent: 40, bytesDone: 400, bytesTotal: 1000 },
    ])
    expect(decided.upgrades).toHaveLength(1)
    expect(decided.instruction).toMatchObject({ kind: 'upgrade', maySwitch: false })
  })

  it('is asked to tell of its progress more often than it checks in otherwise', () => {
    const attempt = sampleProgress()
    const decided = receive({ open: offered, reported: offered, checkIn: { attempt } })
    expect(decided.intervalS).toBe(10)
    expect(receive({}).intervalS).toBe(60)
  })

  it('goes on after the window closed, once it has begun', () => {
    const tuesday = { days: [2] as const, startMinute: 0, endMinute: 60, ...UTC }
    const closed = { ...downloading, window: tuesday }
    const attempt = sampleProgress({ state: 'staged', percent: 100 })
    const decided = receive({ open: closed, reported: closed, checkIn: { attempt } })
    expect(decided.upgrades).toMatchObject([{ state: 'staged' }])
    expect(decided.instruction).toMatchObject({ kind: 'upgrade', maySwitch: true })
  })

  it.each([
    ['succeeded', null, 'upgraded'],
    ['rolled-back', 'never-checked-in', 'never-checked-in'],
    ['failed', 'disk-full', 'disk-full'],
  ] as const)('ends as %s, acknowledged in the same reply', (state, said, reason) => {
    const attempt = sampleProgress({ state, reason: said })
    const decided = receive({ open: downloading, reported: downloading, checkIn: { attempt } })
    expect(decided.upgrades).toMatchObject([{ state, reason }])
    expect(decided.acknowledgedAttempt).toBe(ATTEMPT)
  })

  it('an end that is told twice is acknowledged twice and saved once', () => {
    const reported = { ...downloading, state: 'rolled-back' as const, reason: 'silent' }
    const attempt = sampleProgress({ state: 'rolled-back', reason: 'silent' })
    const decided = receive({ reported, checkIn: { attempt } })
    expect(decided.upgrades).toEqual([])
    expect(decided.acknowledgedAttempt).toBe(ATTEMPT)
  })

  it('a new life that knows nothing of its running attempt lost its journal: queued again', () => {
    const decided = receive({ open: downloading, checkIn: { runId: OTHER_RUN } })
    expect(decided.upgrades).toMatchObject([
      { state: 'queued', reason: 'journal-lost', attemptId: ATTEMPT, percent: 0 },
    ])
  })

  describe('that somebody cancelled', () => {
    const cancelling = { ...downloading, cancelRequestedAt: NOW - 1 }
    const checkingIn = (attempt: ReturnType<typeof sampleProgress>) =>
      receive({ open: cancelling, reported: cancelling, checkIn: { attempt } })

    it('the endpoint is told to stop, and to say soon whether it did', () => {
      const decided = checkingIn(sampleProgress({ percent: 60 }))
      expect(decided.instruction).toEqual({ kind: 'cancel', attemptId: ATTEMPT })
      expect(decided.intervalS).toBe(10)
      expect(decided.upgrades).toMatchObject([{ state: 'downloading', percent: 60 }])
    })

    it('ends when the endpoint has stopped', () => {
      const decided = checkingIn(sampleProgress({ state: 'failed', reason: 'cancelled' }))
      const ended = { state: 'cancelled', reason: 'cancelled-by-operator' }
      expect(decided.upgrades).toMatchObject([ended])
      expect(decided.acknowledgedAttempt).toBe(ATTEMPT)
      expect(decided.instruction).toEqual({ kind: 'nothing' })
    })

    it('goes on when the endpoint was past the switch before it heard', () => {
      const decided = checkingIn(sampleProgress({ state: 'on-probation' }))
      expect(decided.upgrades).toMatchObject([{ state: 'on-probation' }])
      expect(decided.instruction).toEqual({ kind: 'nothing' })
    })

    it('ends when the endpoint knows nothing of it any more', () => {
      const decided = receive({ open: cancelling, checkIn: { runId: OTHER_RUN } })
      expect(decided.upgrades).toMatchObject([{ state: 'cancelled' }])
      expect(decided.instruction).toEqual({ kind: 'nothing' })
    })
  })

  it('a report of the same life that was long on its way changes nothing', () => {
    for (const open of [downloading, { ...downloading, state: 'switching' as const }]) {
      expect(receive({ open }).upgrades).toEqual([])
    }
  })

  it('what was taken for lost goes on with the next report of it', () => {
    const [queued] = receive({ open: downloading, checkIn: { runId: OTHER_RUN } }).upgrades
    if (queued === undefined) throw new Error('the upgrade changed')
    const attempt = sampleProgress({ state: 'rolled-back', reason: 'exited' })
    const decided = receive({ open: queued, reported: queued, checkIn: { attempt } })
    expect(decided.upgrades).toMatchObject([{ state: 'rolled-back', reason: 'exited' }])
    expect(decided.acknowledgedAttempt).toBe(ATTEMPT)
  })

  it('timed-out -> what really happened, when the report comes late after all', () => {
    const reported = { ...downloading, state: 'timed-out' as const, reason: 'no-progress' }
    const attempt = sampleProgress({ state: 'succeeded', percent: 100 })
    const decided = receive({ reported, checkIn: { attempt } })
    expect(decided.upgrades).toMatchObject([{ state: 'succeeded', reason: 'upgraded' }])
  })

  it('the attempt of a superseded upgrade is cancelled before the newer one is offered to it', () => {
    const open = berthed({ manifestDigest: digest('release 3') })
    const ended = { state: 'cancelled' as const, reason: 'superseded' }
    const reported = { ...downloading, ...ended, actionId: 6 as UpgradeActionId }
    const decided = receive({ open, reported, checkIn: { attempt: sampleProgress() } })
    expect(decided.instruction).toEqual({ kind: 'cancel', attemptId: ATTEMPT })
    const waits = { state: 'queued', reason: 'previous-attempt-ending', attemptId: null }
    expect(decided.upgrades).toMatchObject([waits])
    // Once the newer one is offered, what speaks of the older one has been long on its way.
    const newer = { ...open, state: 'offered' as const, attemptId: NEW_ATTEMPT }
    const late = receive({ open: newer, reported, checkIn: { attempt: sampleProgress() } })
    expect(late.upgrades).toEqual([])
  })
})
