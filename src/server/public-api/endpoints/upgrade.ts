import type { Clock } from '../../../base/clock.ts'
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
import {
  type CreateUpgradeAction,
  decideCreateUpgradeAction,
} from '../../../domain/upgrade/create-upgrade-action.ts'
import { saveAudit } from '../../../store/audit.ts'
import type { Database } from '../../../store/open.ts'
import { lockCreateUpgradeActionView, saveUpgradeAction } from '../../../store/upgrades.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { auditedIds, endpointsText } from './meant-endpoints.ts'
import { renderUpgradeAction } from './upgrade-reply.ts'
import { toWindow } from './upgrade-window.ts'

/** `POST endpoints/upgrade`: orders the named endpoints to move to the target versions. */
export const upgradeEndpointsRoute: PublicRoute<
  {
    readonly database: Database
    readonly clock: Clock
  },
  typeof upgradeEndpointsCall
> = {
  call: upgradeEndpointsCall,
  permission: 'upgrades.edit',
  licensed: 'upgrades',
  async answer(needs, request) {
    const command = toCommand(request.data, request.actor.scope)
    const now = needs.clock.now()
    return await needs.database.write(async (tx) => {
      const { endpointIds, targetVersions } = command
      const versions = [...targetVersions.values()]
      const view = await lockCreateUpgradeActionView(tx, { endpointIds, versions }, now)
      const decided = decideCreateUpgradeAction(view, command, now)
      if (!decided.ok) return decided
      const actor = actorName(request.actor)
      const actionId: UpgradeActionId = await saveUpgradeAction(tx, decided.value, actor)
      const { length } = decided.value.upgrades
      const along = decided.value.along.length
      const { endpoint_ids, ...asked } = request.data
      const change = { action: 'upgrade-action.create', subject: String(actionId) }
      const description = `Ordered the upgrade of ${endpointsText(length)}`
      const moved = { endpoints: length, ...(along === 0 ? {} : { along_with_cluster: along }) }
      const after = { request: { ...asked, ...auditedIds(endpoint_ids) }, ...moved }
      await saveAudit(tx, audited(request, now, { ...change, description, after }))
      return accept(renderUpgradeAction(actionId, decided.value))
    })
  },
}

function toCommand(wire: UpgradeEndpointsRequest, scope: Scope): CreateUpgradeAction {
  const targets = Object.entries(wire.target_versions)
  return {
    // Branding: an id that is none names no endpoint, and is told as unknown.
    endpointIds: [...new Set(wire.endpoint_ids)].map((id) => id as EndpointId),
    targetVersions: new Map(
      targets.map(([platform, version]) => [platform as Platform, version as AgentVersion]),
    ),
    window: toWindow(wire.upgrade_timeframe_window ?? null, 'UTC'),
    retrySkipped: wire.retry_failed ?? false,
    scope,
  }
}
