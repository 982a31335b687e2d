import { unreachable } from '../../../base/invariant.ts'
import type { ActionStatus, UpgradeDetail } from '../../../contract/public/endpoints.ts'
import { liveReason } from '../../../domain/upgrade/live-reason.ts'
import {
  finalVersion,
  isCancelling,
  isWaiting,
  type Upgrade,
} from '../../../domain/upgrade/upgrade.ts'
import { openness } from '../../../domain/upgrade/window.ts'
import type { UpgradeSurroundings } from './upgrade-surroundings.ts'

/** An upgrade as `get_action_status` and `get_endpoint` tell it. */
export function renderUpgradeDetail(
  upgrade: Upgrade,
  surroundings: UpgradeSurroundings,
): UpgradeDetail {
  const around = surroundings.around(upgrade)
  return {
    group_action_id: upgrade.actionId,
    state: upgrade.state,
    wave: upgrade.wave,
    wave_name: around.rollout?.waves[upgrade.wave]?.name ?? null,
    from_version: upgrade.fromVersion,
    target_version: finalVersion(upgrade),
    step_version: upgrade.targetVersion,
    attempts: upgrade.attempts,
    percent: upgrade.percent,
    bytes_done: upgrade.bytesDone,
    bytes_total: upgrade.bytesTotal,
    reason: liveReason(upgrade, around, surroundings.at(upgrade)),
    message: upgrade.message,
    opens_at: opensAt(upgrade, surroundings),
    not_before: upgrade.notBefore,
    expires_at: upgrade.expiresAt,
    changed_at: upgrade.changedAt,
  }
}

function opensAt(upgrade: Upgrade, { closedDays, now }: UpgradeSurroundings) {
  const { state, window, zone } = upgrade
  if (!isWaiting(state)) return null
  const hours = openness({ window, zone, closedDays }, now)
  return hours.kind === 'closed' ? hours.opensAt : null
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
