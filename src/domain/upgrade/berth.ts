/**
 * Berths: the instance has so many (the setting `autoUpgrade`), and an upgrade holds one from when
 * the planner gives it one to the upgrade's end. A berth is always held until a deadline, so none
 * is ever lost: what nobody takes up lapses, what was downloading and fell silent waits again, what
 * fell silent behind its switch is given up.
 *
 * An agent begins nothing without a berth, and does not switch without asking once more: so who
 * holds none puts nothing at stake. An agent of before that rule, or one whose server was restored
 * from a backup, may be found behind its switch without a berth: it takes one though none may be
 * free, and nothing else is offered until enough have ended. So it is when the setting is lowered.
 */
import type { AutoUpgrade } from '../configuration/auto-upgrade.ts'
import { isFinished, type Upgrade } from './upgrade.ts'

/** Check-ins that a live endpoint may miss before its berth goes to another. */
const STANDS_INTERVALS = 4
const STANDS_MS_MIN = 5 * 60_000
/** Of an hour's interval: a berth that nobody takes up is kept from others no longer than this. */
export const BERTH_STANDS_MS_MAX = 6 * 3_600_000

/**
 * For how long a berth stands until its agent has begun: a live endpoint takes it up with its next
 * check-in, and one that went away keeps it from others no longer than this.
 */
export function berthStandsMs(intervalS: number): number {
  const intervals = STANDS_INTERVALS * intervalS * 1000
  return Math.min(BERTH_STANDS_MS_MAX, Math.max(STANDS_MS_MIN, intervals))
}

export function holdsBerth(upgrade: Pick<Upgrade, 'state' | 'deadlineAt'>): boolean {
  return upgrade.deadlineAt !== null && !isFinished(upgrade.state)
}

export function berthsFree(setting: AutoUpgrade, taken: number): number {
  return Math.max(0, setting.parallelUpgradesMax - taken)
}
