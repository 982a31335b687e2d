import type { Instant } from '../../../base/clock.ts'
import type {
  EndpointUpgrade,
  UpgradeActionObject,
} from '../../../contract/public/upgrade-actions.ts'
import { isFinished } from '../../../domain/upgrade/upgrade.ts'
import { opensAt } from '../../../domain/upgrade/window.ts'
import type { NamedUpgrade, StoredUpgradeAction } from '../../../store/upgrade-actions.ts'
import { actionStatus, renderUpgradeDetail } from './upgrade-detail.ts'
import { renderWindow } from './upgrade-window.ts'

/** An action as `endpoints/upgrade/list` and `get` tell it. */
export function renderAction(action: StoredUpgradeAction, now: Instant): UpgradeActionObject {
  const counts = [...action.counts]
  const isOpen = counts.some(([state]) => !isFinished(state))
  return {
    group_action_id: action.id,
    status: isOpen ? 'open' : 'finished',
    target_versions: Object.fromEntries(action.targetVersions),
    upgrade_timeframe_window: renderWindow(action.window),
    retry_failed: action.retrySkipped,
    created_by: action.createdBy,
    created_at: action.createdAt,
    expires_at: action.expiresAt,
    opens_at: isOpen ? opensAt(action.window, now) : null,
    endpoints_count: counts.reduce((sum, [, count]) => sum + count, 0),
    counts: Object.fromEntries(counts),
  }
}

export const ACTION_COLUMNS = [
  ...['group_action_id', 'status', 'target_versions', 'upgrade_timeframe_window', 'retry_failed'],
  ...['created_by', 'created_at', 'expires_at', 'opens_at', 'endpoints_count', 'counts'],
]

export function renderEndpointUpgrade(upgrade: NamedUpgrade, now: Instant): EndpointUpgrade {
  return {
    endpoint_id: upgrade.endpointId,
    endpoint_name: upgrade.hostname,
    status: actionStatus(upgrade),
    ...renderUpgradeDetail(upgrade, now),
  }
}

export const UPGRADE_COLUMNS = [
  ...['endpoint_id', 'endpoint_name', 'status', 'group_action_id', 'state', 'from_version'],
  ...['target_version', 'attempts', 'percent', 'bytes_done', 'bytes_total', 'reason', 'message'],
  ...['opens_at', 'expires_at', 'changed_at'],
]
