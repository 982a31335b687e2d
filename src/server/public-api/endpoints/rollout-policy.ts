/**
 * A rollout policy between the wire and the house: `"none"` and absent fields there, a whole policy
 * here.
 */
import {
  NONE,
  type RolloutPolicyRequest,
  type ToldRolloutPolicy,
} from '../../../contract/public/rollout.ts'
import type {
  FailureBudget,
  RolloutPolicy,
  Share,
  WaveRule,
} from '../../../domain/rollout/policy.ts'

/** What is not said is as the defaults have it; null: nothing was said at all. */
export function toRolloutPolicy(
  wire: RolloutPolicyRequest | null,
  defaults: RolloutPolicy,
): RolloutPolicy {
  if (wire === null) return defaults
  return {
    canary: saidOr(wire.canary, defaults.canary, toShare),
    waves: wire.waves?.map(toWaveRule) ?? defaults.waves,
    maxConcurrent: saidOr(wire.max_concurrent, defaults.maxConcurrent, same),
    soakMinutes: wire.soak_minutes ?? defaults.soakMinutes,
    failureBudget: saidOr(wire.failure_budget, defaults.failureBudget, toBudget) ?? NO_BUDGET,
    probationMinutes: saidOr(wire.probation_minutes, defaults.probationMinutes, same),
    maxAttempts: wire.max_attempts ?? defaults.maxAttempts,
    downloadRate: saidOr(wire.download_rate, defaults.downloadRate, same),
  }
}

/** Every field said; sent back as it is, it changes nothing. */
export function renderRolloutPolicy(policy: RolloutPolicy): ToldRolloutPolicy {
  const { canary, waves } = policy
  return {
    canary: canary === null ? null : renderShare(canary),
    waves: waves.map((rule) => {
      return rule.kind === 'tag' ? { tag: rule.tag } : { percent: rule.percent }
    }),
    max_concurrent: policy.maxConcurrent,
    soak_minutes: policy.soakMinutes,
    failure_budget: policy.failureBudget,
    probation_minutes: policy.probationMinutes,
    max_attempts: policy.maxAttempts,
    download_rate: policy.downloadRate,
  }
}

const NO_BUDGET: FailureBudget = { count: null, percent: null }
const same = (value: number) => value

function saidOr<Wire, Value>(
  wire: Wire | typeof NONE | null | undefined,
  otherwise: Value | null,
  to: (wire: Wire) => Value,
): Value | null {
  if (wire === null || wire === undefined) return otherwise
  return wire === NONE ? null : to(wire as Wire) // What is left of the union.
}

type WireShare = Exclude<RolloutPolicyRequest['canary'], typeof NONE | null | undefined>
type WireWave = NonNullable<RolloutPolicyRequest['waves']>[number]
type WireBudget = Exclude<RolloutPolicyRequest['failure_budget'], typeof NONE | null | undefined>

/** The schema saw to it that one of the two is there. */
function toShare({ count, percent = 0 }: WireShare): Share {
  return count === undefined ? { kind: 'percent', percent } : { kind: 'count', count }
}

function toWaveRule({ tag, percent = 0 }: WireWave): WaveRule {
  return tag === undefined ? { kind: 'percent', percent } : { kind: 'tag', tag }
}

function toBudget({ count, percent }: WireBudget): FailureBudget {
  return { count: count ?? null, percent: percent ?? null }
}

function renderShare(share: Share) {
  return share.kind === 'count' ? { count: share.count } : { percent: share.percent }
}
