/**
 * How upgrades are rolled out where an order does not say, when nothing is upgraded at all, and how
 * many agents a second one server lets in.
 */
import { NO_POLICY, type RolloutPolicy } from '../rollout/policy.ts'
import type { ClosedDays } from '../upgrade/closed-days.ts'

export type RolloutDefaults = {
  /** Of windows that name none; an IANA zone, or `endpoint`: each endpoint's own. */
  readonly timeZone: string
  /** Nothing begins on them, with a window or without. */
  readonly closedDays: readonly ClosedDays[]
  readonly policy: RolloutPolicy
  /** Check-ins a second, on each server. */
  readonly checkInsPerS: number
}

/**
 * An order that says nothing upgrades all at once, as the original does. The rate is a third of
 * what two cores were measured to answer (docs/benchmarks.md), so that a server has something left
 * for whoever looks what is the matter.
 */
export const ROLLOUT_DEFAULTS: RolloutDefaults = {
  timeZone: 'UTC',
  closedDays: [],
  policy: NO_POLICY,
  checkInsPerS: 5_000,
}

export function changeRolloutDefaults(
  present: RolloutDefaults,
  change: Pick<RolloutDefaults, 'policy'> & {
    readonly [Field in 'timeZone' | 'closedDays' | 'checkInsPerS']: RolloutDefaults[Field] | null
  },
): RolloutDefaults {
  return {
    timeZone: change.timeZone ?? present.timeZone,
    closedDays: change.closedDays ?? present.closedDays,
    policy: change.policy,
    checkInsPerS: change.checkInsPerS ?? present.checkInsPerS,
  }
}
