import type { Instant } from '../../../base/clock.ts'
import type { EndpointId } from '../../../base/ids.ts'
import type { Platform } from '../../../base/platform.ts'
import { accept } from '../../../base/result.ts'
import type { AgentVersion } from '../../../base/version.ts'
import {
  type UpgradeEndpointsRequest,
  upgradeEndpointsCall,
} from '../../../contract/public/endpoints.ts'
import type { Scope } from '../../../domain/access/scope.ts'
import type { RolloutDefaults } from '../../../domain/configuration/rollout-defaults.ts'
import {
  type CreateUpgradeAction,
  decideCreateUpgradeAction,
} from '../../../domain/upgrade/create-upgrade-action.ts'
import type { AuditEntry } from '../../../store/audit.ts'
import { holdRollouts } from '../../../store/rollouts.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRequest, PublicRoute } from '../../http/route.ts'
import { tellPlan } from '../rollouts/plan-object.ts'
import { auditedIds, endpointsText } from './meant-endpoints.ts'
import { lockViewOf, type Ordered, type OrderNeeds, placeOrder } from './order-upgrades.ts'
import { toRolloutPolicy } from './rollout-policy.ts'
import { toWindow } from './upgrade-window.ts'

/** `POST endpoints/upgrade`: orders the named endpoints to move to the target versions. */
export const upgradeEndpointsRoute: PublicRoute<OrderNeeds, typeof upgradeEndpointsCall> = {
  call: upgradeEndpointsCall,
  permission: 'upgrades.edit',
  licensed: 'upgrades',
  async answer(needs, request) {
    const { rollout: defaults } = await needs.configuration.current()
    const command = toCommand(request.data, request.actor.scope, defaults)
    if (request.data.dry_run === true) return await tryOrder(needs, command)
    const answered = await needs.database.write(async (tx) => {
      await holdRollouts(tx)
      const now = needs.clock.now()
      const auditedAs = (ordered: Ordered) => auditedOrder(request, now, ordered)
      const order = { command, actor: request.actor, now, audited: auditedAs }
      return await placeOrder(tx, needs, order)
    })
    if (answered.ok) needs.wakeRollouts()
    return answered
  },
}

/** The same decision on the same view; nothing is saved, and the planner runs ahead on its own. */
async function tryOrder(needs: OrderNeeds, command: CreateUpgradeAction) {
  const now = needs.clock.now()
  const decided = await needs.database.write(async (tx) => {
    const view = await lockViewOf(tx, needs, command, now)
    const created = decideCreateUpgradeAction(view, command, now)
    return created.ok ? accept({ view, created: created.value }) : created
  })
  return decided.ok ? accept(await tellPlan(needs, decided.value, now)) : decided
}

function auditedOrder(
  request: PublicRequest<UpgradeEndpointsRequest>,
  now: Instant,
  order: Ordered,
): AuditEntry {
  const { upgrades, along } = order.created
  const { endpoint_ids, ...asked } = request.data
  const change = { action: 'upgrade-action.create', subject: String(order.actionId) }
  const description = `Ordered the upgrade of ${endpointsText(upgrades.length)}`
  const withCluster = along.length === 0 ? {} : { along_with_cluster: along.length }
  const moved = { endpoints: upgrades.length, ...withCluster }
  const after = { request: { ...asked, ...auditedIds(endpoint_ids) }, ...moved }
  return audited(request, now, { ...change, description, after })
}

const HOUR_MS = 3_600_000

function toCommand(
  wire: UpgradeEndpointsRequest,
  scope: Scope,
  defaults: RolloutDefaults,
): CreateUpgradeAction {
  const targets = Object.entries(wire.target_versions)
  return {
    // Branding: an id that is none names no endpoint, and is told as unknown.
    endpointIds: [...new Set(wire.endpoint_ids)].map((id) => id as EndpointId),
    targetVersions: new Map(
      targets.map(([platform, version]) => [platform as Platform, version as AgentVersion]),
    ),
    window: toWindow(wire.upgrade_timeframe_window ?? null, defaults.timeZone),
    retrySkipped: wire.retry_failed ?? false,
    allowDowngrade: wire.allow_downgrade ?? false,
    supersede: wire.supersede ?? false,
    excludedTags: wire.exclude_tags ?? [],
    policy: toRolloutPolicy(wire.rollout ?? null, defaults.policy),
    expiresInMs: wire.expires_in_hours == null ? null : wire.expires_in_hours * HOUR_MS,
    scope,
  }
}
