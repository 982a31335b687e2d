import type * as z from 'zod'
import type { Clock } from '../../../base/clock.ts'
import type { EndpointId, UpgradeActionId } from '../../../base/ids.ts'
import { accept, type Result, refuse } from '../../../base/result.ts'
import {
  cancelUpgradeCall,
  type cancelUpgradeReply,
} from '../../../contract/public/upgrade-actions.ts'
import { actorName } from '../../../domain/access/actor.ts'
import { decideCancelRollout, type Steering } from '../../../domain/rollout/steer-rollout.ts'
import {
  decideCancelUpgradeAction,
  type UpgradeActionCancelled,
} from '../../../domain/upgrade/cancel-upgrade.ts'
import { saveAudit } from '../../../store/audit.ts'
import type { Database, Writer } from '../../../store/open.ts'
import { reachOf } from '../../../store/rollout-counts.ts'
import { holdRollouts, loadRollouts, saveRollout } from '../../../store/rollouts.ts'
import { lockActionUpgrades, saveUpgradeActionCancelled } from '../../../store/upgrade-actions.ts'
import { type AuditedChange, audited } from '../../http/audited.ts'
import type { ApiRefusal } from '../../http/refusal.ts'
import type { PublicRoute } from '../../http/route.ts'
import { auditedIds, endpointsText } from './meant-endpoints.ts'

/**
 * `POST endpoints/upgrade/cancel`: what waits is over at once, what endpoints are at work on they
 * are told to stop with their next check-in, what has begun to switch goes on. Whoever may cancel
 * the whole action, and names no endpoints, ends its rollout with it. Twice is once.
 */
export const cancelUpgradeRoute: PublicRoute<
  { readonly database: Database; readonly clock: Clock; readonly wakeRollouts: () => void },
  typeof cancelUpgradeCall
> = {
  call: cancelUpgradeCall,
  permission: 'upgrades.edit',
  async answer(needs, request) {
    const now = needs.clock.now()
    const { group_action_id: number, endpoint_ids: named, reason } = request.data
    // Branding: an id that was never given names nothing.
    const actionId = number as UpgradeActionId
    const endpointIds = named == null ? null : [...new Set(named as EndpointId[])]
    const { scope } = request.actor
    const message = reason == null || reason === '' ? null : reason
    const answered = await needs.database.write(async (tx): Promise<Cancelled> => {
      // Before the endpoints, as everybody does who plans.
      await holdRollouts(tx)
      const upgrades = await lockActionUpgrades(tx, actionId, { scope, endpointIds })
      if (upgrades === undefined) return refuse({ code: 'action-unknown', actionId })
      const decided = decideCancelUpgradeAction(upgrades, { message }, now)
      const by = actorName(request.actor)
      await saveUpgradeActionCancelled(tx, actionId, decided, { by, message, now })
      const isWhole = endpointIds === null && (await reachOf(tx, actionId, scope)) === 'all'
      const isEnded = isWhole && (await endRollout(tx, actionId, { message, now }))
      const { ended, stopping, counts } = decided
      if (isEnded || ended.length + stopping.length > 0) {
        const change = { ...describe(decided, message), subject: String(actionId) }
        await saveAudit(tx, audited(request, now, change))
      }
      return accept({
        cancelled: counts.cancelled,
        cancelling: counts.cancelling,
        too_late: counts['too-late'],
        already_ended: counts['already-ended'],
        unknown: (endpointIds?.length ?? upgrades.length) - upgrades.length,
      })
    })
    if (answered.ok) needs.wakeRollouts()
    return answered
  },
}

type Cancelled = Result<z.output<typeof cancelUpgradeReply>, ApiRefusal>

/**
 * Nothing of it begins any more; what is past its switch comes to its end without it. False: it was
 * over.
 */
async function endRollout(tx: Writer, actionId: UpgradeActionId, steering: Steering) {
  const before = (await loadRollouts(tx, [actionId])).get(actionId)
  if (before === undefined) return false
  const { rollout } = decideCancelRollout(before, steering)
  await saveRollout(tx, before, rollout)
  return rollout !== before
}

function describe(
  { ended, stopping, counts }: UpgradeActionCancelled,
  message: string | null,
): Omit<AuditedChange, 'subject'> {
  const changed = [...ended, ...stopping]
  const said = message === null ? '' : `: ${message}`
  return {
    action: 'upgrade-action.cancel',
    description: `Cancelled the upgrade of ${endpointsText(changed.length)}${said}`,
    after: {
      ...auditedIds(changed.map(({ endpointId }) => endpointId)),
      cancelled: counts.cancelled,
      cancelling: counts.cancelling,
      too_late: counts['too-late'],
      already_ended: counts['already-ended'],
    },
  }
}
