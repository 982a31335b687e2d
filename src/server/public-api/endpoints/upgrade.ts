import type { Instant } from '../../../base/clock.ts'
import type { EndpointId, UpgradeActionId } from '../../../base/ids.ts'
import type { Platform } from '../../../base/platform.ts'
import { accept } from '../../../base/result.ts'
import type { AgentVersion } from '../../../base/version.ts'
import {
  type UpgradeEndpointsRequest,
  upgradeEndpointsCall,
} from '../../../contract/public/endpoints.ts'
import { actorName } from '../../../domain/access/actor.ts'
import type { Scope } from '../../../domain/access/scope.ts'
import type { RolloutDefaults } from '../../../domain/configuration/rollout-defaults.ts'
import {
  type CreateUpgradeAction,
  decideCreateUpgradeAction,
  type UpgradeActionCreated,
} from '../../../domain/upgrade/create-upgrade-action.ts'
import { type AuditEntry, saveAudit } from '../../../store/audit.ts'
import type { Writer } from '../../../store/open.ts'
import { holdRollouts } from '../../../store/rollouts.ts'
import { lockCreateUpgradeActionView, saveUpgradeAction } from '../../../store/upgrades.ts'
import type { LiveConfiguration } from '../../configuration.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRequest, PublicRoute } from '../../http/route.ts'
import { type AdvanceNeeds, planHeld } from '../../work/advance-rollouts.ts'
import { auditedIds, endpointsText } from './meant-endpoints.ts'
import { toRolloutPolicy } from './rollout-policy.ts'
import { renderUpgradeAction } from './upgrade-reply.ts'
import { toWindow } from './upgrade-window.ts'

/** `POST endpoints/upgrade`: orders the named endpoints to move to the target versions. */
export const upgradeEndpointsRoute: PublicRoute<
  AdvanceNeeds & {
    readonly configuration: LiveConfiguration
    readonly wakeRollouts: () => void
  },
  typeof upgradeEndpointsCall
> = {
  call: upgradeEndpointsCall,
  permission: 'upgrades.edit',
  licensed: 'upgrades',
  async answer(needs, request) {
    const { rollout: defaults } = await needs.configuration.current()
    const command = toCommand(request.data, request.actor.scope, defaults)
    const answered = await needs.database.write(async (tx) => {
      // Before the endpoints, as everybody does who plans.
      await holdRollouts(tx)
      const now = needs.clock.now()
      const decided = await decideOrder(tx, command, now)
      if (!decided.ok) return decided
      const actionId = await saveUpgradeAction(tx, decided.value, actorName(request.actor))
      await saveAudit(tx, auditedOrder(request, now, { actionId, created: decided.value }))
      // Who can begin at once finds its offer at its next check-in, whenever the engine looks.
      await planHeld(tx, needs, actionId)
      return accept(renderUpgradeAction(actionId, decided.value))
    })
    if (answered.ok) needs.wakeRollouts()
    return answered
  },
}

/** What would become of the order; the endpoints are held. */
async function decideOrder(tx: Writer, command: CreateUpgradeAction, now: Instant) {
  const { endpointIds, targetVersions } = command
  const versions = [...targetVersions.values()]
  const view = await lockCreateUpgradeActionView(tx, { endpointIds, versions }, now)
  return decideCreateUpgradeAction(view, command, now)
}

function auditedOrder(
  request: PublicRequest<UpgradeEndpointsRequest>,
  now: Instant,
  order: { readonly actionId: UpgradeActionId; readonly created: UpgradeActionCreated },
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
