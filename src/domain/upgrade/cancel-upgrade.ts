import type { Instant } from '../../base/clock.ts'
import { unreachable } from '../../base/invariant.ts'
import { isCancelling, type Upgrade } from './upgrade.ts'

/**
 * What cancelling makes of an upgrade. `cancelled`: nothing was done yet, it ends here and now.
 * `cancelling`: its endpoint is at work on it, is told with its next check-in, and says when it has
 * stopped. `too-late`: the endpoint has begun to switch; whatever comes of that, it comes by
 * itself. `already-ended`: there is nothing to cancel.
 */
export type CancelVerdict = 'cancelled' | 'cancelling' | 'too-late' | 'already-ended'

export type UpgradeCancelled = {
  readonly verdict: CancelVerdict
  /** The very same upgrade where nothing changes: cancelling twice is cancelling once. */
  readonly upgrade: Upgrade
}

export type CancelUpgrade = {
  /** Why, in the words of whoever cancels; null: nothing was said. */
  readonly message: string | null
}

/**
 * An agent that was offered the upgrade and has begun it unheard is told to stop like any agent
 * that works on what nobody wants any more.
 */
export function decideCancelUpgrade(
  upgrade: Upgrade,
  command: CancelUpgrade,
  now: Instant,
): UpgradeCancelled {
  const { message } = command
  switch (upgrade.state) {
    case 'queued':
    case 'offered': {
      const ended = cancelled({ ...upgrade, message }, now)
      return { verdict: 'cancelled', upgrade: ended }
    }
    case 'downloading':
    case 'staged': {
      if (isCancelling(upgrade)) return { verdict: 'cancelling', upgrade }
      const asked = { ...upgrade, message, cancelRequestedAt: now, changedAt: now }
      return { verdict: 'cancelling', upgrade: asked }
    }
    case 'switching':
    case 'on-probation':
      return { verdict: 'too-late', upgrade }
    case 'succeeded':
    case 'rolled-back':
    case 'failed':
    case 'expired':
    case 'cancelled':
    case 'timed-out':
      return { verdict: 'already-ended', upgrade }
    default:
      return unreachable(upgrade.state)
  }
}

/** The upgrade as it ends without its endpoint having switched. */
export function cancelled(upgrade: Upgrade, now: Instant): Upgrade {
  return { ...upgrade, state: 'cancelled', reason: 'cancelled-by-operator', changedAt: now }
}
