import type { EndpointId, UpgradeActionId } from '../../../base/ids.ts'
import { invariant } from '../../../base/invariant.ts'
import { refuse } from '../../../base/result.ts'
import { retryUpgradeCall } from '../../../contract/public/rollout-steering.ts'
import { NO_POLICY } from '../../../domain/rollout/policy.ts'
import { decideRetry } from '../../../domain/rollout/try-again.ts'
import type { CreateUpgradeAction } from '../../../domain/upgrade/create-upgrade-action.ts'
import { holdRollouts, loadRollouts } from '../../../store/rollouts.ts'
import { loadUpgradeAction, loadUpgradesOf } from '../../../store/upgrade-actions.ts'
import type { PublicRoute } from '../../http/route.ts'
import { type OrderNeeds, type Placed, placeOrder } from '../endpoints/order-upgrades.ts'
import { auditedAgain } from './audited-again.ts'

/**
 * `POST endpoints/upgrade/retry`: what failed, was rolled back, was given up or expired is ordered
 * once more, with the targets, the window and the policy that it was ordered with.
 */
export const retryUpgradeRoute: PublicRoute<OrderNeeds, typeof retryUpgradeCall> = {
  call: retryUpgradeCall,
  permission: 'upgrades.edit',
  licensed: 'upgrades',
  async answer(needs, request) {
    const { actor, data } = request
    // Branding: what was never given names nothing.
    const actionId = data.group_action_id as UpgradeActionId
    const named = data.endpoint_ids == null ? null : (data.endpoint_ids as EndpointId[])
    const wanted = { scope: actor.scope, endpointIds: named }
    const answered = await needs.database.write(async (tx): Promise<Placed> => {
      await holdRollouts(tx)
      const upgrades = await loadUpgradesOf(tx, actionId, wanted)
      if (upgrades === undefined) return refuse({ code: 'action-unknown', actionId })
      const chosen = decideRetry(actionId, upgrades)
      if (!chosen.ok) return chosen
      const { targets, isDowngrade } = chosen.value
      const action = await loadUpgradeAction(tx, actionId, actor.scope)
      invariant(action !== undefined, 'who has upgrades is an action')
      const rollout = (await loadRollouts(tx, [actionId])).get(actionId)
      const command: CreateUpgradeAction = {
        endpointIds: [...targets.keys()],
        targetVersions: action.targetVersions,
        ownTargets: targets,
        window: action.window,
        retrySkipped: data.retry_failed ?? false,
        allowDowngrade: isDowngrade,
        supersede: false,
        excludedTags: [],
        policy: rollout?.policy ?? NO_POLICY,
        expiresInMs: null,
        scope: actor.scope,
      }
      const now = needs.clock.now()
      const again = { description: `of action ${actionId} once more`, request, now }
      return await placeOrder(tx, needs, { command, actor, now, audited: auditedAgain(again) })
    })
    if (answered.ok) needs.wakeRollouts()
    return answered
  },
}
