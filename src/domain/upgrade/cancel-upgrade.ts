import type { Instant } from '../../base/clock.ts'
import { unreachable } from '../../base/invariant.ts'
import { isCancelling, type Upgrade } from './upgrade.ts'

/**
 * What cancelling makes of an upgrade. `cancelled`: nothing was done yet, it ends here and now.
 * `cancelling`: its endpoint is at work on it, is told with its next check-in, and says when it has
 * stopped; or it comes to the version on the way that it is switching to, and stays there.
 * `too-late`: the endpoint has begun to switch; whatever comes of that, it comes by itself.
 * `already-ended`: there is nothing to cancel.
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
      // Its cluster's image has been moved: its pod follows, whatever is wished here.
      if (upgrade.reason === 'moved-with-cluster') return { verdict: 'too-late', upgrade }
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
    case 'on-probation': {
      if (upgrade.steps.length === 0) return { verdict: 'too-late', upgrade }
      // It comes to the version on the way, and no further.
      if (upgrade.cancelRequestedAt !== null) return { verdict: 'cancelling', upgrade }
      const asked = { ...upgrade, message, cancelRequestedAt: now, changedAt: now }
      return { verdict: 'cancelling', upgrade: asked }
    }
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

/** Of an action's upgrades: what changes, and how many of them each verdict is true of. */
export function decideCancelUpgradeAction(
  upgrades: readonly Upgrade[],
  command: CancelUpgrade,
  now: Instant,
): UpgradeActionCancelled {
  const decided = upgrades.map((before) => {
    return { before, ...decideCancelUpgrade(before, command, now) }
  })
  const changed = decided.filter(({ before, upgrade }) => upgrade !== before)
  const count = (verdict: CancelVerdict) =>
    decided.filter((each) => each.verdict === verdict).length
  return {
    ended: changed.flatMap((each) => (each.verdict === 'cancelled' ? [each.upgrade] : [])),
    stopping: changed.flatMap((each) => (each.verdict === 'cancelling' ? [each.upgrade] : [])),
    counts: {
      cancelled: count('cancelled'),
      cancelling: count('cancelling'),
      'too-late': count('too-late'),
      'already-ended': count('already-ended'),
    },
  }
}

export type UpgradeActionCancelled = {
  /** As they are now that they are over. */
  readonly ended: readonly Upgrade[]
  /** As they are while their endpoints are to stop. */
  readonly stopping: readonly Upgrade[]
  readonly counts: Readonly<Record<CancelVerdict, number>>
}

/** The upgrade as it ends without its endpoint having switched. */
export function cancelled(upgrade: Upgrade, now: Instant): Upgrade {
  return { ...upgrade, state: 'cancelled', reason: 'cancelled-by-operator', changedAt: now }
}
