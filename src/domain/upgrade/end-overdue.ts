import { CLOCK_ERROR_MS_MAX, type Instant } from '../../base/clock.ts'
import { BERTH_STANDS_MS_MAX } from './berth.ts'
import { cancelled } from './cancel-upgrade.ts'
import { CLUSTER_SILENCE_MS } from './cluster-upgrade.ts'
import { PROBATION_GRACE_MS, PROBATION_MS_MAX } from './phase-deadline.ts'
import { BACK_OFF_MAX_MS } from './record-outcome.ts'
import { isCancelling, isRunning, isWaiting, type Upgrade } from './upgrade.ts'
import { ACTION_EXPIRY_MS } from './upgrade-action.ts'

/** No expiry and no deadline of ours lies further ahead, unless a clock that ran ahead set it. */
export const EXPIRES_AHEAD_MS_MAX = ACTION_EXPIRY_MS + CLOCK_ERROR_MS_MAX
export const DEADLINE_AHEAD_MS_MAX =
  Math.max(BERTH_STANDS_MS_MAX, CLUSTER_SILENCE_MS, PROBATION_MS_MAX + PROBATION_GRACE_MS) +
  CLOCK_ERROR_MS_MAX

/** As long as the shortest offer stands. */
const OFFER_REST_MS = 5 * 60_000
/** No next try of ours is further away. */
export const NOT_BEFORE_AHEAD_MS_MAX = BACK_OFF_MAX_MS + CLOCK_ERROR_MS_MAX

/**
 * Every upgrade ends: what waits past its expiry has expired, what was offered in vain waits again.
 * What runs past its deadline waits again while nothing is at stake, which is while it downloads.
 * One that is staged was allowed to switch in the answer to its very report: whether it did, only
 * it can tell, so it is given up like what is past the switch, and counts as failed.
 * An end or a next try that a clock set which ran ahead is brought back to where it would be if it
 * were set now.
 */
export function endOverdue(upgrade: Upgrade, now: Instant): Upgrade {
  const { state, deadlineAt, notBefore } = upgrade
  if (isWaiting(state) && now >= upgrade.expiresAt) {
    return { ...upgrade, state: 'expired', reason: 'action-expired', changedAt: now }
  }
  if (isWaiting(state) && upgrade.expiresAt > now + EXPIRES_AHEAD_MS_MAX) {
    return { ...upgrade, expiresAt: now + ACTION_EXPIRY_MS }
  }
  if (isWaiting(state) && notBefore !== null && notBefore > now + NOT_BEFORE_AHEAD_MS_MAX) {
    return { ...upgrade, notBefore: now }
  }
  if (deadlineAt === null || !(isWaiting(state) || isRunning(state))) return upgrade
  if (now >= deadlineAt) return overdue(upgrade, now)
  if (deadlineAt <= now + DEADLINE_AHEAD_MS_MAX) return upgrade
  return { ...upgrade, deadlineAt: now + PROBATION_GRACE_MS }
}

function overdue(upgrade: Upgrade, now: Instant): Upgrade {
  const { state } = upgrade
  if (state === 'downloading') {
    if (isCancelling(upgrade)) return cancelled(upgrade, now)
    return { ...upgrade, state: 'queued', reason: 'not-heard-of', deadlineAt: null, changedAt: now }
  }
  if (state === 'offered') return restAfterOffer(upgrade, now)
  if (isWaiting(state)) return lapsed(upgrade, now)
  return { ...upgrade, state: 'timed-out', reason: 'no-progress', changedAt: now }
}

/** A berth that nobody fetched. */
function lapsed(upgrade: Upgrade, now: Instant): Upgrade {
  const reason = 'offer-lapsed'
  return { ...upgrade, state: 'queued', reason, deadlineAt: null, changedAt: now }
}

/**
 * It was told to begin, and did not: others have their turn before it is told again. Without that
 * one endpoint that calls and never begins would keep a wave of thousands waiting.
 */
function restAfterOffer(upgrade: Upgrade, now: Instant): Upgrade {
  return { ...lapsed(upgrade, now), notBefore: now + OFFER_REST_MS }
}
