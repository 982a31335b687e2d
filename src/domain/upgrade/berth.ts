/**
 * Berths: the instance has so many (the setting `autoUpgrade`), and an upgrade holds one from its
 * offer to its end. A berth is always held until a deadline, so none is ever lost: an offer that
 * nobody takes up lapses, what runs without progress is given up.
 *
 * What an endpoint began nevertheless (its offer had lapsed while its report was on the way) takes
 * a berth though none may be free: reality is counted, not denied, and nothing else is offered
 * until enough have ended. So it is when the setting is lowered.
 */
import type { AutoUpgrade } from '../configuration/auto-upgrade.ts'
import { isFinished, type Upgrade } from './upgrade.ts'

/**
 * For how long an offer stands: a live endpoint takes it up with its next check-in, and one that
 * went away keeps a berth from others no longer than this.
 */
export const OFFER_STANDS_MS = 3_600_000

export function holdsBerth(upgrade: Pick<Upgrade, 'state' | 'deadlineAt'>): boolean {
  return upgrade.deadlineAt !== null && !isFinished(upgrade.state)
}

export function berthsFree(setting: AutoUpgrade, taken: number): number {
  return Math.max(0, setting.parallelUpgradesMax - taken)
}
