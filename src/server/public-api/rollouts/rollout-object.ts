import type { RolloutObject } from '../../../contract/public/rollout-object.ts'
import type { Scope } from '../../../domain/access/scope.ts'
import { type Rollout, soakUntil } from '../../../domain/rollout/rollout.ts'
import type { WaveCounts } from '../../../store/rollout-counts.ts'
import { renderRolloutPolicy } from '../endpoints/rollout-policy.ts'

/**
 * A rollout as the calls on upgrades tell it. Whoever has a scope is told of how many endpoints
 * there are in it, and not what a halt counted outside of it.
 */
export function renderRollout(
  rollout: Rollout,
  counts: WaveCounts | undefined,
  scope: Scope,
): RolloutObject {
  const waves = rollout.waves.map(({ name, size, budget }, wave) => {
    const states = [...(counts?.get(wave) ?? [])]
    const own = states.reduce((sum, [, count]) => sum + count, 0)
    return {
      ...{ name, size: scope === null ? size : own, budget },
      counts: Object.fromEntries(states),
      hold: rollout.holds[wave] ?? 'none',
    }
  })
  return {
    state: rollout.state,
    reason: rollout.reason,
    message: scope === null ? rollout.message : null,
    policy: renderRolloutPolicy(rollout.policy),
    waves,
    current_wave: rollout.currentWave,
    soak_until: soakUntil(rollout),
    changed_at: rollout.changedAt,
  }
}
