import type { UpgradeActionId } from '../../../base/ids.ts'
import { accept, refuse } from '../../../base/result.ts'
import { getActionStatusCall } from '../../../contract/public/endpoints.ts'
import type { Upgrade } from '../../../domain/upgrade/upgrade.ts'
import { loadActionUpgrades } from '../../../store/upgrades.ts'
import type { PublicRoute } from '../../http/route.ts'
import { actionStatus, renderUpgradeDetail } from '../endpoints/upgrade-detail.ts'
import { loadSurroundings, type SurroundingsNeeds } from '../endpoints/upgrade-surroundings.ts'

/** `POST actions/get_action_status`: how an upgrade action goes, endpoint by endpoint. */
export const getActionStatusRoute: PublicRoute<SurroundingsNeeds, typeof getActionStatusCall> = {
  call: getActionStatusCall,
  permission: 'upgrades.view',
  async answer(needs, request) {
    const actionId = request.data.group_action_id
    const { read } = needs.database
    const { scope } = request.actor
    // Branding: an id that was never given names no action.
    const upgrades = await loadActionUpgrades(read, actionId as UpgradeActionId, scope)
    if (upgrades === undefined) return refuse({ code: 'action-unknown', actionId })
    const surroundings = await loadSurroundings(needs, upgrades)
    const ended = upgrades.filter((upgrade) => isTroubled(upgrade))
    return accept({
      data: byEndpoint(upgrades, (upgrade) => actionStatus(upgrade)),
      errorReasons: byEndpoint(ended, (upgrade) => ({
        errorText: upgrade.reason ?? upgrade.state,
        errorDescription: upgrade.message ?? '',
      })),
      details: byEndpoint(upgrades, (upgrade) => renderUpgradeDetail(upgrade, surroundings)),
    })
  },
}

const TROUBLED = new Set(['FAILED', 'EXPIRED', 'CANCELLED', 'TIMEOUT'])

function isTroubled(upgrade: Upgrade): boolean {
  return TROUBLED.has(actionStatus(upgrade))
}

function byEndpoint<Value>(
  upgrades: readonly Upgrade[],
  render: (upgrade: Upgrade) => Value,
): Record<string, Value> {
  return Object.fromEntries(upgrades.map((upgrade) => [upgrade.endpointId, render(upgrade)]))
}
