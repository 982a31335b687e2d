/**
 * Why an endpoint's upgrade is where it is and what comes next, in one sentence for a person and in
 * words for a program. On the same rules that the planner and the check-in go by, so that nobody is
 * told a reason that nothing acts on.
 */
import type { Instant } from '../../base/clock.ts'
import { unreachable } from '../../base/invariant.ts'
import { holdsBerth } from '../upgrade/berth.ts'
import { liveReason } from '../upgrade/live-reason.ts'
import {
  finalVersion,
  isCancelling,
  isWaiting,
  type Upgrade,
  type WaitingReason,
} from '../upgrade/upgrade.ts'
import type { At, Surroundings } from '../upgrade/why-held.ts'
import { describeOpening, type Openness, openness } from '../upgrade/window.ts'
import { ENDED_TEXTS, ROLLOUT_TEXTS } from './explain-texts.ts'
import { isMoving, type Rollout, soakUntil } from './rollout.ts'

/** What has to happen before the upgrade goes on; `none`: it is over. */
export const NEXT_STEPS = [
  'check-in',
  'berth',
  'opening',
  'earlier-wave',
  'operator',
  'retry',
  'cluster',
  'download',
  'switch',
  'verdict',
  'stop',
  'none',
] as const
export type NextStep = (typeof NEXT_STEPS)[number]

/** How far a wave is, as a person counts. */
export type WaveProgress = { readonly done: number; readonly size: number }

export type ExplainView = Surroundings & {
  readonly upgrade: Upgrade
  /** One for each wave of the rollout; empty where it is not known. */
  readonly progress: readonly WaveProgress[]
  readonly lastSeen: Instant
  /** Heard of lately: it is there to be offered something. */
  readonly isHeardOf: boolean
}

export type Explanation = {
  readonly reason: string | null
  /** One sentence, which never says only that it waits. */
  readonly text: string
  readonly next: NextStep
  /** When that is to be; null: nobody can tell. */
  readonly nextAt: Instant | null
  /** When its closed hours end; null: they are open, or nobody can tell. */
  readonly opensAt: Instant | null
}

type Told = { readonly text: string; readonly next: NextStep; readonly at?: Instant | null }
type Seen = { readonly view: ExplainView; readonly hours: Openness; readonly now: Instant }

export function explainUpgrade(view: ExplainView, at: At): Explanation {
  const { upgrade } = view
  const { window, zone } = upgrade
  const { closedDays, now } = at
  const hours = openness({ window, zone, closedDays }, now)
  const reason = liveReason(upgrade, view, at)
  const seen = { view, hours, now }
  const told = isWaiting(upgrade.state) ? waiting(reason, seen) : begun(reason, seen)
  const opensAt = isWaiting(upgrade.state) && hours.kind === 'closed' ? hours.opensAt : null
  return { reason, text: told.text, next: told.next, nextAt: told.at ?? null, opensAt }
}

function waiting(reason: string | null, seen: Seen): Told {
  const isKnown = reason !== null && Object.hasOwn(WAITING, reason)
  const told = WAITING[isKnown ? (reason as WaitingReason) : 'awaiting-berth'](seen)
  return { ...told, text: `waiting: ${told.text}` }
}

const CLUSTER = { next: 'cluster' } as const
const OPERATOR = { next: 'operator' } as const

const WAITING: Readonly<Record<WaitingReason, (seen: Seen) => Told>> = {
  'awaiting-check-in': (seen) => atCheckIn(seen, 'it may begin'),
  'outside-window': (seen) => opening(seen, 'window'),
  'closed-day': (seen) => opening(seen, 'this is a closed day, and it'),
  'zone-unknown': ({ view }) => {
    const { zone } = view.upgrade
    const which =
      zone === '' ? 'its zone is not known' : `this server does not know the zone ${zone}`
    return { text: `${which}, so nobody can tell when its window opens`, ...OPERATOR }
  },
  offered: (seen) => atCheckIn(seen, 'it was told to begin'),
  'release-withdrawn': ({ view }) => {
    return { text: `version ${view.upgrade.targetVersion} was withdrawn`, ...OPERATOR }
  },
  'rollout-paused': ({ view }) => ({ text: stoppedText(view, 'paused'), ...OPERATOR }),
  'rollout-halted': ({ view }) => ({ text: stoppedText(view, 'halted'), ...OPERATOR }),
  'earlier-wave-unfinished': earlierWave,
  'failure-budget-in-use': ({ view }) => {
    const { budget = null } = waveOf(view) ?? {}
    const may = budget === null ? '' : `, which is ${budget} in wave ${waveName(view)}`
    return { text: `as many are at work as may fail together${may}`, next: 'berth' }
  },
  'awaiting-retry': (seen) => {
    const { attempts, notBefore } = seen.view.upgrade
    const when = notBefore === null ? 'soon' : `after ${timeOf(notBefore, seen)}`
    const text = `attempt ${attempts}${mostAttempts(seen.view)} failed, and the next one is ${when}`
    return { text: withMessage(text, seen.view), next: 'retry', at: notBefore }
  },
  'awaiting-berth': (seen) => atBerth(seen, 'its turn has not come yet'),
  'next-step': (seen) => {
    const { upgrade } = seen.view
    const way = `${upgrade.targetVersion} is next on the way to ${finalVersion(upgrade)}`
    return atBerth(seen, way)
  },
  'not-heard-of': (seen) => atBerth(seen, 'it fell silent before its switch and begins again'),
  'stopped-to-wait': (seen) => atBerth(seen, 'it was stopped before its switch and begins again'),
  'previous-attempt-ending': (seen) => atCheckIn(seen, 'it has to leave an earlier attempt first'),
  'journal-lost': (seen) => atCheckIn(seen, 'its agent lost its journal and is told again'),
  'parallel-limit': ({ view }) => {
    const most = view.rollout?.policy.maxConcurrent ?? null
    const may = most === null ? '' : ` (${most} of this action)`
    return { text: `as many upgrades run as may at once${may}`, next: 'berth' }
  },
  'offer-lapsed': (seen) => atBerth(seen, 'it was told to begin and did not'),
  'awaiting-cluster': () => ({ text: 'another endpoint of its cluster leads', ...CLUSTER }),
  'moved-with-cluster': () => {
    return { text: "its cluster's image has been moved, and its pod follows", ...CLUSTER }
  },
  'other-cluster-first': () => ({ text: 'another cluster is being moved', ...CLUSTER }),
  'cluster-upgrade-not-granted': () => {
    return { text: 'its agent may not move the image of its cluster', ...OPERATOR }
  },
}

function atCheckIn(seen: Seen, why: string): Told {
  return { text: `${why}; ${checkInText(seen)}`, next: 'check-in' }
}

function atBerth(seen: Seen, why: string): Told {
  if (!seen.view.isHeardOf) return atCheckIn(seen, why)
  return { text: `${why}; it gets a berth as soon as one is free`, next: 'berth' }
}

function checkInText({ view, now }: Seen): string {
  if (view.isHeardOf) return 'its next check-in is awaited'
  const since = describeOpening(view.lastSeen, 'UTC', now)
  return `it was not heard of since ${since}, and goes on when it is`
}

function opening({ hours, view, now }: Seen, what: string): Told {
  const opensAt = hours.kind === 'closed' ? hours.opensAt : null
  if (opensAt === null) {
    // The last minutes of a strict window are for what has begun.
    const isLate = hours.kind === 'open' && hours.closesAt !== null
    const why = isLate ? 'too little is left of its window' : `${what} opens at no time known`
    return { text: why, next: 'opening' }
  }
  const text = `${what} opens ${describeOpening(opensAt, view.upgrade.zone, now)}`
  return { text, next: 'opening', at: opensAt }
}

function stoppedText({ rollout }: ExplainView, how: string): string {
  if (rollout === null) return `its rollout is ${how}`
  const why = rollout.message ?? ROLLOUT_TEXTS[rollout.reason]
  return `its rollout is ${how} (${why})`
}

function earlierWave(seen: Seen): Told {
  const { rollout, progress } = seen.view
  if (rollout === null) return { text: 'an earlier wave is under way', next: 'earlier-wave' }
  const { currentWave, waves } = rollout
  const name = waves[currentWave]?.name ?? ''
  const { done, size } = progress[currentWave] ?? { done: 0, size: waves[currentWave]?.size ?? 0 }
  const until = soakUntil(rollout)
  const soaking = until === null ? '' : `, soaking until ${timeOf(until, seen)}`
  const text = `for wave ${name}: ${done} of ${size} done${soaking}`
  return { text, next: 'earlier-wave', at: until }
}

/** `14:30 UTC`, with the day where it is not this one. */
function timeOf(instant: Instant, { now }: Seen): string {
  const isSoon = instant - now < 12 * 3_600_000
  const told = describeOpening(instant, 'UTC', now)
  return isSoon ? told.slice(told.indexOf(' ') + 1) : told
}

function begun(reason: string | null, seen: Seen): Told {
  const { upgrade } = seen.view
  const { state, percent, targetVersion: version } = upgrade
  if (isCancelling(upgrade)) {
    return { text: 'cancelled: told to stop with its next check-in', next: 'stop' }
  }
  const isMeant = holdsBerth(upgrade) && isGoingOn(seen.view.rollout)
  switch (state) {
    case 'downloading':
      return { text: `downloading ${version}, ${percent}% so far`, next: 'download' }
    case 'staged': {
      const what = isMeant ? 'it switches when its next check-in is answered' : 'it is told to wait'
      return { text: `${version} is downloaded and verified; ${what}`, next: 'switch' }
    }
    case 'switching':
      return { text: `switching to ${version}, and heard of when it runs`, next: 'verdict' }
    case 'on-probation':
      return { text: `runs ${version} and has to prove itself`, next: 'verdict' }
    case 'succeeded':
    case 'rolled-back':
    case 'failed':
    case 'expired':
    case 'cancelled':
    case 'timed-out':
      return { text: endedText(reason, seen.view), next: 'none' }
    case 'queued':
    case 'offered':
      return waiting(reason, seen)
    default:
      return unreachable(state)
  }
}

function isGoingOn(rollout: Rollout | null): boolean {
  return rollout === null || isMoving(rollout.state)
}

function endedText(reason: string | null, view: ExplainView): string {
  const { upgrade } = view
  const known: Readonly<Record<string, string>> = ENDED_TEXTS
  const why = reason !== null && Object.hasOwn(known, reason) ? known[reason] : reason
  const state = upgrade.state.replace('-', ' ')
  const text = `${state}: ${why ?? 'nobody said why'}`
  const runs = upgrade.state === 'rolled-back' ? `${text}; it runs ${upgrade.fromVersion}` : text
  return withMessage(runs, view)
}

function withMessage(text: string, { upgrade }: ExplainView): string {
  return upgrade.message === null || upgrade.message === '' ? text : `${text} (${upgrade.message})`
}

function waveOf({ rollout, upgrade }: ExplainView) {
  return rollout?.waves[upgrade.wave]
}

function waveName(view: ExplainView): string {
  return waveOf(view)?.name ?? ''
}

function mostAttempts({ rollout }: ExplainView): string {
  const most = rollout?.policy.maxAttempts ?? 1
  return most > 1 ? ` of ${most}` : ''
}
