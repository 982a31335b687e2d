import { CLOCK_ERROR_MS_MAX, type Instant } from '../../base/clock.ts'
import { OFFER_STANDS_MS } from './berth.ts'
import { RUNNING_SILENCE_MS } from './record-outcome.ts'
import { isRunning, isWaiting, type Upgrade } from './upgrade.ts'
import { ACTION_EXPIRY_MS } from './upgrade-action.ts'

/** No expiry and no deadline of ours lies further ahead, unless a clock that ran ahead set it. */
export const EXPIRES_AHEAD_MS_MAX = ACTION_EXPIRY_MS + CLOCK_ERROR_MS_MAX
export const DEADLINE_AHEAD_MS_MAX = RUNNING_SILENCE_MS + CLOCK_ERROR_MS_MAX

/**
 * Every upgrade ends: what waits past its expiry has expired, what runs past its deadline is given
 * up, what was offered in vain waits again. An end that a clock set which ran ahead is brought back
 * to where it would be if it were set now.
 */
export function endOverdue(upgrade: Upgrade, now: Instant): Upgrade {
  if (isWaiting(upgrade.state) && now >= upgrade.expiresAt) {
    return { ...upgrade, state: 'expired', reason: 'action-expired', changedAt: now }
  }
  if (isWaiting(upgrade.state) && upgrade.expiresAt > now + EXPIRES_AHEAD_MS_MAX) {
    return { ...upgrade, expiresAt: now + ACTION_EXPIRY_MS }
  }
  const { deadlineAt } = upgrade
  if (isWaiting(upgrade.state) && deadlineAt !== null) return lapse(upgrade, deadlineAt, now)
  if (isRunning(upgrade.state) && deadlineAt !== null && now >= deadlineAt) {
    return { ...upgrade, state: 'timed-out', reason: 'no-progress', changedAt: now }
  }
  const isTooFar = deadlineAt !== null && deadlineAt > now + DEADLINE_AHEAD_MS_MAX
  if (isRunning(upgrade.state) && isTooFar) {
    return { ...upgrade, deadlineAt: now + RUNNING_SILENCE_MS }
  }
  return upgrade
}

/** What nobody took up in time gives its berth back; it is offered again when its turn comes. */
function lapse(upgrade: Upgrade, deadlineAt: Instant, now: Instant): Upgrade {
  if (now >= deadlineAt) {
    const reason = upgrade.state === 'offered' ? 'offer-lapsed' : upgrade.reason
    return { ...upgrade, state: 'queued', reason, deadlineAt: null, changedAt: now }
  }
  if (deadlineAt <= now + DEADLINE_AHEAD_MS_MAX) return upgrade
  return { ...upgrade, deadlineAt: now + OFFER_STANDS_MS }
}
