/**
 * What an order would come to (`dry_run`): its waves as they will be drawn, because the lot falls
 * by the version, and when who would begin.
 */
import type { Instant } from '../../../base/clock.ts'
import type { EndpointId, UpgradeActionId } from '../../../base/ids.ts'
import type { PlannedUpgradeReply } from '../../../contract/public/endpoints.ts'
import type { UpgradePlan } from '../../../contract/public/rollout-object.ts'
import { probationOf } from '../../../domain/endpoint/instruct.ts'
import {
  type Estimate,
  type EstimateAsked,
  type EstimateMember,
  estimateRollout,
} from '../../../domain/rollout/estimate.ts'
import { HOLD_TEXTS } from '../../../domain/rollout/explain-texts.ts'
import type { Rollout, WaveHold } from '../../../domain/rollout/rollout.ts'
import type {
  CreateUpgradeActionView,
  UpgradeActionCreated,
} from '../../../domain/upgrade/create-upgrade-action.ts'
import { finalVersion } from '../../../domain/upgrade/upgrade.ts'
import { describeOpening, openness } from '../../../domain/upgrade/window.ts'
import { countBerthsTaken } from '../../../store/berths.ts'
import { loadMovingClusters } from '../../../store/clusters.ts'
import { loadUpgradePace } from '../../../store/rollout-counts.ts'
import { loadLastSeen } from '../../../store/upgrade-candidates.ts'
import { heardWithinMs } from '../../work/advance-rollouts.ts'
import type { OrderNeeds } from '../endpoints/order-upgrades.ts'
import { renderOrder } from '../endpoints/upgrade-reply.ts'

type Decided = { readonly view: CreateUpgradeActionView; readonly created: UpgradeActionCreated }

/** Endpoints told one by one: enough to see how it goes, too few to fill a reply. */
const ENDPOINTS_TOLD_MAX = 100
/** Where none was measured: a download of some seconds, beside the probation. */
const ASSUMED_BESIDE_PROBATION_MS = 60_000

export async function tellPlan(
  needs: OrderNeeds,
  decided: Decided,
  now: Instant,
): Promise<PlannedUpgradeReply> {
  const { view, created } = decided
  const { read } = needs.database
  const { intervalS } = needs.checkInLimits
  const { closedDays } = view.settings.rollout
  // There is no action; nothing that is told depends on its number.
  const rollout: Rollout = { ...created.rollout, actionId: 0 as UpgradeActionId }
  const probationS = probationOf(rollout, needs.checkInLimits)
  const measured = await loadUpgradePace(read, now)
  const upgradeMs = measured?.ms ?? probationS * 1000 + ASSUMED_BESIDE_PROBATION_MS
  const { autoUpgrade } = await needs.configuration.current()
  const asked: EstimateAsked = {
    rollout,
    window: created.action.window,
    calendar: { closedDays, probationS: needs.checkInLimits.probationS },
    members: await loadMembers(needs, decided, now),
    berths: { most: autoUpgrade.parallelUpgradesMax, taken: await countBerthsTaken(read) },
    movingClusters: await loadMovingClusters(read),
    pace: { upgradeMs, intervalMs: intervalS * 1000 },
  }
  const estimate = estimateRollout(asked, now)
  const assumed = {
    upgrade_s: Math.round(upgradeMs / 1000),
    measured_upgrades: measured?.upgrades ?? 0,
    check_in_interval_s: intervalS,
  }
  return {
    ...renderOrder(created),
    summary: 'Nothing was ordered: this is what would happen.',
    group_action_id: null,
    dry_run: true,
    plan: { ...renderPlan({ asked, created, estimate }, now), assumed },
  }
}

async function loadMembers(
  { database, checkInLimits }: OrderNeeds,
  { view, created }: Decided,
  now: Instant,
): Promise<readonly EstimateMember[]> {
  const ids = created.upgrades.map(({ endpointId }) => endpointId)
  const lastSeen = await loadLastSeen(database.read, ids)
  const heardSince = now - heardWithinMs(checkInLimits.intervalS)
  const known = new Map([...view.candidates, ...view.mates].map((each) => [each.id, each]))
  return created.upgrades.map(({ endpointId, wave, zone, steps }) => ({
    ...{ endpointId, wave, zone, versions: 1 + steps.length },
    cluster: known.get(endpointId)?.cluster ?? null,
    isHeardOf: (lastSeen.get(endpointId) ?? 0) >= heardSince,
  }))
}

type Planned = {
  readonly asked: EstimateAsked
  readonly created: UpgradeActionCreated
  readonly estimate: Estimate
}

function renderPlan(planned: Planned, now: Instant): Omit<UpgradePlan, 'assumed'> {
  const { asked, estimate } = planned
  const inTurn = asked.members.toSorted((left, right) => {
    const at = (id: EndpointId) => estimate.begins.get(id) ?? Number.POSITIVE_INFINITY
    const [one, other] = [at(left.endpointId), at(right.endpointId)]
    // Those that never begin are at infinity together.
    return left.wave - right.wave || (one === other ? 0 : one - other)
  })
  return {
    waves: asked.rollout.waves.map(({ name, size, budget }, wave) => {
      const members = inTurn.filter((member) => member.wave === wave)
      const ids = members.slice(0, ENDPOINTS_TOLD_MAX).map(({ endpointId }) => endpointId)
      return { name, size, budget, endpoint_ids: ids, begins_at: estimate.waves[wave] ?? null }
    }),
    endpoints: inTurn
      .slice(0, ENDPOINTS_TOLD_MAX)
      .map((member) => renderMember(member, planned, now)),
    offline_count: asked.members.filter(({ isHeardOf }) => !isHeardOf).length,
    ends_at: estimate.endsAt,
  }
}

function renderMember(member: EstimateMember, planned: Planned, now: Instant) {
  const { asked, created, estimate } = planned
  const { endpointId, wave, zone, isHeardOf } = member
  const upgrade = created.upgrades.find((each) => each.endpointId === endpointId)
  const hours = openness({ window: asked.window, zone, closedDays: asked.calendar.closedDays }, now)
  const begins = estimate.begins.get(endpointId) ?? null
  return {
    endpoint_id: endpointId,
    wave,
    wave_name: asked.rollout.waves[wave]?.name ?? '',
    target_version: upgrade === undefined ? '' : finalVersion(upgrade),
    step_version: upgrade?.targetVersion ?? '',
    zone,
    begins_at: begins,
    opens_at: hours.kind === 'closed' ? hours.opensAt : null,
    is_heard_of: isHeardOf,
    text: planText({ begins, hold: estimate.holds[wave] ?? 'none' }, member, now),
  }
}

function planText(
  { begins, hold }: { readonly begins: Instant | null; readonly hold: WaveHold },
  { zone, isHeardOf }: EstimateMember,
  now: Instant,
): string {
  if (!isHeardOf) return 'not heard of lately: begins when it is back and its wave has come'
  if (begins === null) return `does not begin as things are: ${HOLD_TEXTS[hold]}`
  if (begins <= now) return 'begins with its next check-in'
  return `begins ${describeOpening(begins, zone, now)}`
}
