/** Upgrade policies between the wire and the house. */
import type { DistributionId } from '../../../base/ids.ts'
import type { AgentVersion } from '../../../base/version.ts'
import { NONE } from '../../../contract/public/rollout.ts'
import type {
  SetUpgradePolicyRequest,
  UpgradePolicyObject,
} from '../../../contract/public/upgrade-policies.ts'
import type { RolloutDefaults } from '../../../domain/configuration/rollout-defaults.ts'
import type { PolicyOrder, PolicyStep } from '../../../domain/upgrade-policy/follow-releases.ts'
import type { SetUpgradePolicy } from '../../../domain/upgrade-policy/set-upgrade-policy.ts'
import type { PolicyRules, VersionRule } from '../../../domain/upgrade-policy/upgrade-policy.ts'
import { renderRolloutPolicy, toRolloutPolicy } from './rollout-policy.ts'
import { renderWindow, toWindow } from './upgrade-window.ts'

const HOUR_MS = 3_600_000

/** What is absent or null stays as it is. */
export function toSetUpgradePolicy(
  wire: SetUpgradePolicyRequest,
  by: string,
  defaults: RolloutDefaults,
): SetUpgradePolicy {
  return {
    name: wire.name,
    newName: wire.new_name ?? undefined,
    priority: wire.priority ?? undefined,
    isEnabled: wire.enabled ?? undefined,
    rules: toRules(wire, defaults),
    by,
  }
}

function toRules(
  wire: SetUpgradePolicyRequest,
  defaults: RolloutDefaults,
): SetUpgradePolicy['rules'] {
  const { upgrade_timeframe_window: window, rollout, delay_hours: delayHours } = wire
  return {
    tags: wire.endpoint_tags ?? undefined,
    // The schema checked the spelling of what is branded.
    distributionIds: (wire.distribution_ids ?? undefined) as readonly DistributionId[] | undefined,
    platforms: wire.platforms ?? undefined,
    excludedTags: wire.exclude_tags ?? undefined,
    versions: wire.version == null ? undefined : toVersionRule(wire),
    delayMs: delayHours == null ? undefined : delayHours * HOUR_MS,
    window:
      window == null ? undefined : toWindow(window === NONE ? null : window, defaults.timeZone),
    rollout: rollout == null ? undefined : toRollout(rollout, defaults),
  }
}

function toRollout(
  wire: NonNullable<SetUpgradePolicyRequest['rollout']>,
  defaults: RolloutDefaults,
): PolicyRules['rollout'] {
  return wire === NONE ? null : toRolloutPolicy(wire, defaults.policy)
}

const VERSION_PARTS = 4

function toVersionRule(wire: SetUpgradePolicyRequest): VersionRule {
  const text = wire.version ?? ''
  if (text === 'latest' || text === 'one-before') return { kind: text }
  if (text.split('.').length < VERSION_PARTS) return { kind: 'line', line: text }
  // As above.
  const version = text as AgentVersion
  return { kind: 'pinned', version, allowDowngrade: wire.allow_downgrade ?? false }
}

function renderVersionRule(rule: VersionRule): string {
  if (rule.kind === 'line') return rule.line
  return rule.kind === 'pinned' ? rule.version : rule.kind
}

/** Its rules in words that `set` takes; for the audit log, too. */
export function renderPolicy(policy: {
  readonly name: string
  readonly priority: number
  readonly isEnabled: boolean
  readonly rules: PolicyRules
}) {
  const { name, priority, isEnabled, rules } = policy
  return {
    name,
    priority,
    enabled: isEnabled,
    endpoint_tags: [...rules.tags],
    distribution_ids: [...rules.distributionIds],
    platforms: [...rules.platforms],
    exclude_tags: [...rules.excludedTags],
    version: renderVersionRule(rules.versions),
    allow_downgrade: rules.versions.kind === 'pinned' && rules.versions.allowDowngrade,
    delay_hours: rules.delayMs / HOUR_MS,
    upgrade_timeframe_window: renderWindow(rules.window),
    rollout: rules.rollout === null ? null : renderRolloutPolicy(rules.rollout),
  }
}

export function renderPolicyStep(
  { outlook }: PolicyStep,
  last: PolicyOrder | undefined,
  reason: string | null,
): UpgradePolicyObject {
  const { policy, wishes, endpoints, fulfilled } = outlook
  return {
    policy_id: policy.id,
    ...renderPolicy(policy),
    created_by: policy.createdBy,
    created_at: policy.createdAt,
    changed_by: policy.changedBy,
    changed_at: policy.changedAt,
    wants: wishes.map(({ platform, version, since, next }) => {
      return {
        platform,
        version,
        since,
        next_version: next?.version ?? null,
        next_at: next?.at ?? null,
      }
    }),
    endpoints_count: endpoints,
    fulfilled_count: fulfilled,
    last_action:
      last === undefined
        ? null
        : { group_action_id: last.actionId, created_at: last.createdAt, state: last.state },
    reason,
  }
}
