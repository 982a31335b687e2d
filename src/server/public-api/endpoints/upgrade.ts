import type { Clock } from '../../../base/clock.ts'
import type { EndpointId, UpgradeActionId } from '../../../base/ids.ts'
import type { Platform } from '../../../base/platform.ts'
import { accept } from '../../../base/result.ts'
import type { AgentVersion } from '../../../base/version.ts'
import {
  type UpgradeEndpointsRequest,
  upgradeEndpointsCall,
  WEEKDAY_NAMES,
} from '../../../contract/public/endpoints.ts'
import { actorName } from '../../../domain/access/actor.ts'
import type { Scope } from '../../../domain/access/scope.ts'
import {
  type CreateUpgradeAction,
  decideCreateUpgradeAction,
} from '../../../domain/upgrade/create-upgrade-action.ts'
import { WEEKDAYS, type Weekday, type Window } from '../../../domain/upgrade/window.ts'
import { saveAudit } from '../../../store/audit.ts'
import type { Database } from '../../../store/open.ts'
import { lockCreateUpgradeActionView, saveUpgradeAction } from '../../../store/upgrades.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { renderUpgradeAction } from './upgrade-reply.ts'

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
      const view = await lockCreateUpgradeActionView(tx, { endpointIds, versions })
      const decided = decideCreateUpgradeAction(view, command, now)
      if (!decided.ok) return decided
      const actor = actorName(request.actor)
      const actionId: UpgradeActionId = await saveUpgradeAction(tx, decided.value, actor)
      const { length } = decided.value.upgrades
      const change = { action: 'upgrade-action.create', subject: String(actionId) }
      const description = `Ordered the upgrade of ${length} endpoints`
      const after = { request: request.data, endpoints: length }
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
    window: toWindow(wire.upgrade_timeframe_window ?? null),
    retrySkipped: wire.retry_failed ?? false,
    scope,
  }
}

type WireWindow = NonNullable<UpgradeEndpointsRequest['upgrade_timeframe_window']>

/** Only days: round the clock on them. Only times: every day. Neither: no window at all. */
function toWindow(wire: WireWindow | null): Window | null {
  if (wire === null) return null
  const named = wire.upgrade_timeframe_days ?? []
  const start = wire.upgrade_timeframe_start_time ?? null
  const end = wire.upgrade_timeframe_end_time ?? null
  if (named.length === 0 && start === null) return null
  const days = WEEKDAYS.filter((day) => named.includes(nameOf(day)))
  return {
    days: days.length === 0 ? WEEKDAYS : days,
    startMinute: minuteOf(start ?? '00:00'),
    endMinute: minuteOf(end ?? '00:00'),
  }
}

function nameOf(day: Weekday): (typeof WEEKDAY_NAMES)[number] {
  return WEEKDAY_NAMES[day - 1] ?? 'monday'
}

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number)
  return (hours ?? 0) * 60 + (minutes ?? 0)
}
