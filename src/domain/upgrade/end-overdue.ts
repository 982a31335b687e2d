import type { Instant } from '../../base/clock.ts'
import { isRunning, isWaiting, type Upgrade } from './upgrade.ts'

/**
 * Every upgrade ends: what waits past its expiry has expired, what runs past its deadline is given
 * up.
 */
export function endOverdue(upgrade: Upgrade, now: Instant): Upgrade {
  if (isWaiting(upgrade.state) && now >= upgrade.expiresAt) {
    return { ...upgrade, state: 'expired', reason: 'action-expired', changedAt: now }
  }
  const { deadlineAt } = upgrade
  if (isRunning(upgrade.state) && deadlineAt !== null && now >= deadlineAt) {
    return { ...upgrade, state: 'timed-out', reason: 'no-progress', changedAt: now }
  }
  return upgrade
}
