/**
 * Why a waiting upgrade waits as things are now. What is stored is what its last check-in, or the
 * planner, last had a reason to write down: a window may have closed since without anybody writing
 * so in every row.
 */
import { isWaiting, type Upgrade } from './upgrade.ts'
import { type At, type Surroundings, whyHeld } from './why-held.ts'

/** What stands in the way of one that could be offered as far as rollout and hours go. */
const OWN_REASONS: ReadonlySet<string> = new Set([
  'awaiting-cluster',
  'other-cluster-first',
  'cluster-upgrade-not-granted',
  'previous-attempt-ending',
  'journal-lost',
])

/** Why it waits for a berth again, which tells more than that it does. */
const REASONS_TO_WAIT_AGAIN: ReadonlySet<string> = new Set([
  'next-step',
  'not-heard-of',
  'stopped-to-wait',
  'offer-lapsed',
])

/** The stored reason where the upgrade does not wait. */
export function liveReason(upgrade: Upgrade, around: Surroundings, at: At): string | null {
  const { state, reason } = upgrade
  if (!isWaiting(state)) return reason
  // Its pod follows, whatever is open or paused.
  if (reason === 'moved-with-cluster') return reason
  const held = whyHeld(upgrade, around, at)
  if (held === null) return state === 'offered' ? 'offered' : (reason ?? 'awaiting-check-in')
  if (!held.isForBerth || reason === null) return held.reason
  if (OWN_REASONS.has(reason)) return reason
  const isAgain = held.reason === 'awaiting-berth' && REASONS_TO_WAIT_AGAIN.has(reason)
  return isAgain ? reason : held.reason
}
