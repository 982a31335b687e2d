import type { EndpointId, UpgradeActionId } from '../../../base/ids.ts'
import type { Platform } from '../../../base/platform.ts'
import { accept, refuse } from '../../../base/result.ts'
import { type AgentVersion, compareVersions } from '../../../base/version.ts'
import {
  type RevertUpgradeRequest,
  revertUpgradeCall,
} from '../../../contract/public/rollout-steering.ts'
import type { Scope } from '../../../domain/access/scope.ts'
import type { RolloutDefaults } from '../../../domain/configuration/rollout-defaults.ts'
import { decideRevert } from '../../../domain/rollout/try-again.ts'
import type { CreateUpgradeAction } from '../../../domain/upgrade/create-upgrade-action.ts'
import { holdRollouts } from '../../../store/rollouts.ts'
import { loadUpgradesOf } from '../../../store/upgrade-actions.ts'
import { loadInstalled } from '../../../store/upgrade-candidates.ts'
import type { PublicRoute } from '../../http/route.ts'
import { endpointsText } from '../endpoints/meant-endpoints.ts'
import { type OrderNeeds, type Placed, placeOrder } from '../endpoints/order-upgrades.ts'
import { toRolloutPolicy } from '../endpoints/rollout-policy.ts'
import { toWindow } from '../endpoints/upgrade-window.ts'
import { auditedAgain } from './audited-again.ts'

/**
 * `POST endpoints/upgrade/revert`: every endpoint that an action brought to its version, and that
 * still has it, goes back to the version that it came from, each to its own, in one new action.
 */
export const revertUpgradeRoute: PublicRoute<OrderNeeds, typeof revertUpgradeCall> = {
  call: revertUpgradeCall,
  permission: 'upgrades.edit',
  licensed: 'upgrades',
  async answer(needs, request) {
    const { actor, data } = request
    const { rollout: defaults } = await needs.configuration.current()
    // Branding: what was never given names nothing.
    const actionId = data.group_action_id as UpgradeActionId
    const named = data.endpoint_ids == null ? null : (data.endpoint_ids as EndpointId[])
    const wanted = { scope: actor.scope, endpointIds: named }
    const answered = await needs.database.write(async (tx): Promise<Placed> => {
      await holdRollouts(tx)
      const upgrades = await loadUpgradesOf(tx, actionId, wanted)
      if (upgrades === undefined) return refuse({ code: 'action-unknown', actionId })
      const ids = upgrades.map(({ endpointId }) => endpointId)
      const installed = await loadInstalled(tx, ids)
      const versions = new Map([...installed].map(([id, { version }]) => [id, version]))
      const chosen = decideRevert(actionId, upgrades, versions)
      if (!chosen.ok) return chosen
      const { targets, movedOn } = chosen.value
      const platformOf = (id: EndpointId) => installed.get(id)?.platform ?? null
      const targetVersions = mostCommon(targets, platformOf)
      const told = { data, scope: actor.scope, defaults }
      const command = toCommand(told, { targets, targetVersions })
      const now = needs.clock.now()
      const again = { description: `back from action ${actionId}`, request, now }
      const order = { command, actor, now, audited: auditedAgain(again) }
      const placed = await placeOrder(tx, needs, order)
      if (!placed.ok || movedOn === 0) return placed
      const left = `${endpointsText(movedOn)} left as they are: they run another version now`
      return accept({ ...placed.value, details: [...placed.value.details, left] })
    })
    if (answered.ok) needs.wakeRollouts()
    return answered
  },
}

const HOUR_MS = 3_600_000

type Told = {
  readonly data: RevertUpgradeRequest
  readonly scope: Scope
  readonly defaults: RolloutDefaults
}
type Targets = {
  readonly targets: ReadonlyMap<EndpointId, AgentVersion>
  readonly targetVersions: ReadonlyMap<Platform, AgentVersion>
}

function toCommand(
  { data, scope, defaults }: Told,
  { targets, targetVersions }: Targets,
): CreateUpgradeAction {
  const hours = data.expires_in_hours
  return {
    endpointIds: [...targets.keys()],
    targetVersions,
    ownTargets: targets,
    window: toWindow(data.upgrade_timeframe_window ?? null, defaults.timeZone),
    retrySkipped: false,
    allowDowngrade: true,
    supersede: false,
    excludedTags: [],
    policy: toRolloutPolicy(data.rollout ?? null, defaults.policy),
    expiresInMs: hours == null ? null : hours * HOUR_MS,
    scope,
  }
}

/** What the action is told by: of each platform the version that most go to, else the newest. */
function mostCommon(
  targets: ReadonlyMap<EndpointId, AgentVersion>,
  platformOf: (id: EndpointId) => Platform | null,
): ReadonlyMap<Platform, AgentVersion> {
  const counts = new Map<Platform, Map<AgentVersion, number>>()
  for (const [id, version] of targets) {
    const platform = platformOf(id)
    if (platform === null) continue
    const versions = counts.get(platform) ?? new Map<AgentVersion, number>()
    counts.set(platform, versions.set(version, (versions.get(version) ?? 0) + 1))
  }
  const told = new Map<Platform, AgentVersion>()
  for (const [platform, versions] of counts) {
    const [most] = [...versions].sort(([one, few], [other, many]) => {
      return many - few || compareVersions(other, one)
    })
    if (most !== undefined) told.set(platform, most[0])
  }
  return told
}
