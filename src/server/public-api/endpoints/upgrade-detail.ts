import type { Instant } from '../../../base/clock.ts'
import { unreachable } from '../../../base/invariant.ts'
import type { ActionStatus, UpgradeDetail } from '../../../contract/public/endpoints.ts'
import { isCancelling, isWaiting, type Upgrade } from '../../../domain/upgrade/upgrade.ts'
import { opensAt } from '../../../domain/upgrade/window.ts'

/** An upgrade as `get_action_status` and `get_endpoint` tell it. */
export function renderUpgradeDetail(upgrade: Upgrade, now: Instant): UpgradeDetail {
  return {
    group_action_id: upgrade.actionId,
    state: upgrade.state,
    from_version: upgrade.fromVersion,
    target_version: upgrade.targetVersion,
    attempts: upgrade.attempts,
    percent: upgrade.percent,
    bytes_done: upgrade.bytesDone,
    bytes_total: upgrade.bytesTotal,
    reason: upgrade.reason,
    message: upgrade.message,
    opens_at: isWaiting(upgrade.state) ? opensAt(upgrade.window, now) : null,
    expires_at: upgrade.expiresAt,
    changed_at: upgrade.changedAt,
  }
}

/** The documented status of an action on one endpoint. */
export function actionStatus(upgrade: Upgrade): ActionStatus {
  const { state } = upgrade
  if (isCancelling(upgrade)) return 'PENDING_ABORT'
  switch (state) {
    case 'queued':
    case 'offered':
      return 'PENDING'
    case 'downloading':
    case 'staged':
    case 'switching':
    case 'on-probation':
      return 'IN_PROGRESS'
    case 'succeeded':
      return 'COMPLETED_SUCCESSFULLY'
    case 'rolled-back':
    case 'failed':
      return 'FAILED'
    case 'expired':
      return 'EXPIRED'
    case 'cancelled':
      return 'CANCELLED'
    case 'timed-out':
      return 'TIMEOUT'
    default:
      return unreachable(state)
  }
}
