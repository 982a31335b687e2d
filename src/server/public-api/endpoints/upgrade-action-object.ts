import type {
  EndpointUpgrade,
  UpgradeActionObject,
} from '../../../contract/public/upgrade-actions.ts'
import type { Scope } from '../../../domain/access/scope.ts'
import { isFinished } from '../../../domain/upgrade/upgrade.ts'
import { openness } from '../../../domain/upgrade/window.ts'
import { loadWaveCounts } from '../../../store/rollout-counts.ts'
import { loadRollouts } from '../../../store/rollouts.ts'
import type { NamedUpgrade, StoredUpgradeAction } from '../../../store/upgrade-actions.ts'
import { renderRollout } from '../rollouts/rollout-object.ts'
import { actionStatus, renderUpgradeDetail } from './upgrade-detail.ts'
import type { SurroundingsNeeds, UpgradeSurroundings } from './upgrade-surroundings.ts'
import { renderWindow } from './upgrade-window.ts'

/** Actions as `endpoints/upgrade/list` and `get` tell them, to whoever has the scope. */
export async function tellActions(
  needs: SurroundingsNeeds,
  actions: readonly StoredUpgradeAction[],
  scope: Scope,
): Promise<readonly UpgradeActionObject[]> {
  const { read } = needs.database
  const ids = actions.map(({ id }) => id)
  const rollouts = await loadRollouts(read, ids)
  const counts = await loadWaveCounts(read, ids, scope)
  const { closedDays } = (await needs.configuration.current()).rollout
  const now = needs.clock.now()
  return actions.map((action) => {
    const rollout = rollouts.get(action.id)
    const told = rollout === undefined ? null : renderRollout(rollout, counts.get(action.id), scope)
    return { ...renderAction(action, { closedDays, now }), rollout: told }
  })
}

type Moment = Pick<UpgradeSurroundings, 'closedDays' | 'now'>

function renderAction(action: StoredUpgradeAction, moment: Moment): UpgradeActionObject {
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
    opens_at: firstOpening(action, moment),
    endpoints_count: counts.reduce((sum, [, count]) => sum + count, 0),
    counts: Object.fromEntries(counts),
  }
}

/** Null where some of what is open may begin now, or nobody can tell when. */
function firstOpening({ window, zones }: StoredUpgradeAction, { closedDays, now }: Moment) {
  const openings: number[] = []
  for (const zone of zones) {
    const hours = openness({ window, zone, closedDays }, now)
    if (hours.kind === 'open') return null
    if (hours.opensAt !== null) openings.push(hours.opensAt)
  }
  return openings.length === 0 ? null : Math.min(...openings)
}

export const ACTION_COLUMNS = [
  ...['group_action_id', 'status', 'target_versions', 'upgrade_timeframe_window', 'retry_failed'],
  ...['created_by', 'created_at', 'expires_at', 'opens_at', 'endpoints_count', 'counts'],
  'rollout',
]

export function renderEndpointUpgrade(
  upgrade: NamedUpgrade,
  surroundings: UpgradeSurroundings,
): EndpointUpgrade {
  return {
    endpoint_id: upgrade.endpointId,
    endpoint_name: upgrade.hostname,
    status: actionStatus(upgrade),
    ...renderUpgradeDetail(upgrade, surroundings),
  }
}

export const UPGRADE_COLUMNS = [
  ...['endpoint_id', 'endpoint_name', 'status', 'group_action_id', 'state', 'from_version'],
  ...['target_version', 'attempts', 'percent', 'bytes_done', 'bytes_total', 'reason', 'message'],
  ...['opens_at', 'expires_at', 'changed_at', 'wave', 'wave_name', 'step_version', 'not_before'],
]
