import type * as z from 'zod'
import type { Instant } from '../../../base/clock.ts'
import type { EndpointId, UpgradeActionId } from '../../../base/ids.ts'
import type { Platform } from '../../../base/platform.ts'
import { accept, type Result, refuse } from '../../../base/result.ts'
import { type AgentVersion, compareVersions } from '../../../base/version.ts'
import {
  explainUpgradeCall,
  type explainUpgradeReply,
} from '../../../contract/public/rollout-steering.ts'
import type { Scope } from '../../../domain/access/scope.ts'
import { connectionLimits } from '../../../domain/configuration/agent-status.ts'
import { isForTarget, type Release } from '../../../domain/release/release.ts'
import { explainUpgrade } from '../../../domain/rollout/explain.ts'
import { assessEligibility, type UpgradeCandidate } from '../../../domain/upgrade/eligibility.ts'
import { isFinished, type Upgrade } from '../../../domain/upgrade/upgrade.ts'
import { hasEndpoint } from '../../../store/endpoint-changes.ts'
import { loadListedEndpoints } from '../../../store/endpoint-rows.ts'
import { loadGoverningPolicy } from '../../../store/governed-endpoints.ts'
import type { Reader } from '../../../store/open.ts'
import { loadReleases } from '../../../store/releases.ts'
import { loadWaveCounts, type WaveCounts } from '../../../store/rollout-counts.ts'
import { loadUpgradeAction, loadUpgradesOf } from '../../../store/upgrade-actions.ts'
import { loadCandidates, loadLastSeen } from '../../../store/upgrade-candidates.ts'
import { loadLatestUpgrades } from '../../../store/upgrades.ts'
import type { ApiRefusal } from '../../http/refusal.ts'
import type { PublicRoute } from '../../http/route.ts'
import { heardWithinMs } from '../../work/advance-rollouts.ts'
import { renderUpgradeDetail } from '../endpoints/upgrade-detail.ts'
import { INELIGIBLE_TEXTS } from '../endpoints/upgrade-reply.ts'
import { loadSurroundings, type SurroundingsNeeds } from '../endpoints/upgrade-surroundings.ts'
import { renderWindow } from '../endpoints/upgrade-window.ts'
import { renderRollout } from './rollout-object.ts'

type Reply = z.output<typeof explainUpgradeReply>

/** `POST endpoints/upgrade/explain`: why an endpoint is where it is, and what comes next. */
export const explainUpgradeRoute: PublicRoute<SurroundingsNeeds, typeof explainUpgradeCall> = {
  call: explainUpgradeCall,
  permission: 'upgrades.view',
  async answer(needs, request) {
    const { scope } = request.actor
    const { read } = needs.database
    // Branding: what was never given names nothing.
    const endpointId = request.data.endpoint_id as EndpointId
    const actionId = (request.data.group_action_id ?? null) as UpgradeActionId | null
    if (!(await hasEndpoint(read, endpointId, scope))) {
      return refuse({ code: 'endpoint-unknown', endpointId })
    }
    const found = await findMeant(read, { endpointId, actionId, scope })
    if (!found.ok) return found
    const { upgrade, targets } = found.value
    const [listed] = await loadListedEndpoints(read, [endpointId])
    const about = {
      endpoint_id: endpointId,
      endpoint_name: listed?.state.facts.hostname ?? '',
    }
    const isOpen = upgrade !== null && !isFinished(upgrade.state)
    const possible = isOpen ? null : await assess(needs, endpointId, targets)
    const told = upgrade === null ? NOTHING : await tell(needs, upgrade, scope)
    const text = [told.text, possible?.text ?? null].filter((part) => part !== null).join('; ')
    const policy = await loadGoverningPolicy(read, endpointId)
    const eligible = possible?.eligible ?? null
    return accept({ ...about, ...told, text, upgrade_policy: policy?.name ?? null, eligible })
  },
}

const NOTHING = {
  text: null,
  upgrade: null,
  next_step: 'none',
  next_at: null,
  attempts_max: null,
  upgrade_timeframe_window: null,
  zone: null,
  rollout: null,
} as const

type Meant = {
  readonly upgrade: Upgrade | null
  /** Of the action that was named; null: the newest there is. */
  readonly targets: ReadonlyMap<Platform, AgentVersion> | null
}

async function findMeant(
  reader: Reader,
  named: {
    readonly endpointId: EndpointId
    readonly actionId: UpgradeActionId | null
    readonly scope: Scope
  },
): Promise<Result<Meant, ApiRefusal>> {
  const { endpointId, actionId, scope } = named
  if (actionId === null) {
    const latest = await loadLatestUpgrades(reader, [endpointId])
    return accept({ upgrade: latest.get(endpointId) ?? null, targets: null })
  }
  const action = await loadUpgradeAction(reader, actionId, scope)
  if (action === undefined) return refuse({ code: 'action-unknown', actionId })
  const wanted = { scope, endpointIds: [endpointId] }
  const [upgrade = null] = (await loadUpgradesOf(reader, actionId, wanted)) ?? []
  return accept({ upgrade, targets: action.targetVersions })
}

async function tell(needs: SurroundingsNeeds, upgrade: Upgrade, scope: Scope) {
  const { read } = needs.database
  const { actionId, endpointId } = upgrade
  const surroundings = await loadSurroundings(needs, [upgrade])
  const around = surroundings.around(upgrade)
  const counts = (await loadWaveCounts(read, [actionId], scope)).get(actionId)
  const lastSeen = (await loadLastSeen(read, [endpointId])).get(endpointId) ?? 0
  const isHeardOf = lastSeen >= surroundings.now - heardWithinMs(needs.checkInLimits.intervalS)
  const progress = progressOf(counts, around.rollout?.waves.length ?? 0)
  const { rollout } = around
  // What a halt counted may lie outside of the scope.
  const seen = rollout === null || scope === null ? rollout : { ...rollout, message: null }
  const view = { ...around, rollout: seen, upgrade, progress, lastSeen, isHeardOf }
  const { text, next, nextAt } = explainUpgrade(view, surroundings.at(upgrade))
  return {
    text,
    upgrade: renderUpgradeDetail(upgrade, surroundings),
    next_step: next,
    next_at: nextAt,
    attempts_max: rollout?.policy.maxAttempts ?? 1,
    upgrade_timeframe_window: renderWindow(upgrade.window),
    zone: upgrade.zone,
    rollout: rollout === null ? null : renderRollout(rollout, counts, scope),
  } satisfies Partial<Reply>
}

function progressOf(counts: WaveCounts | undefined, waves: number) {
  return Array.from({ length: waves }, (_, wave) => {
    const states = [...(counts?.get(wave) ?? [])]
    const sum = (of: typeof states) => of.reduce((total, [, count]) => total + count, 0)
    return { done: sum(states.filter(([state]) => isFinished(state))), size: sum(states) }
  })
}

type Possible = {
  readonly text: string
  readonly eligible: NonNullable<Reply['eligible']>
}

/** Whether an order of now would move it, to the targets or to the newest release for it. */
async function assess(
  needs: SurroundingsNeeds,
  endpointId: EndpointId,
  targets: ReadonlyMap<Platform, AgentVersion> | null,
): Promise<Possible | null> {
  const { read } = needs.database
  const limits = connectionLimits((await needs.configuration.current()).agentStatus)
  const now: Instant = needs.clock.now()
  const [candidate] = await loadCandidates(read, [endpointId], { limits, now })
  if (candidate === undefined) return null
  const releases = await loadReleases(read, { platform: candidate.target.platform })
  const version = targets?.get(candidate.target.platform) ?? newestFor(candidate, releases)
  const { platform } = candidate.target
  const meant = new Map(version === null ? [] : [[platform, version] as const])
  const verdict = assessEligibility(candidate, meant, {
    ...{ releases, catalogue: releases, retrySkipped: false, allowDowngrade: false },
    ...{ supersede: false, excludedTags: [] },
  })
  const which = version === null ? '' : ` (${version})`
  if (verdict.kind === 'eligible') {
    const text = `an order of now would move it from ${verdict.fromVersion} to ${version}`
    return { text, eligible: { target_version: version, reason: null } }
  }
  const { reason } = verdict
  const text = `an order of now would not move it: ${INELIGIBLE_TEXTS[reason]}${which}`
  return { text, eligible: { target_version: version, reason } }
}

function newestFor(candidate: UpgradeCandidate, releases: readonly Release[]): AgentVersion | null {
  const offered = releases.filter((release) => {
    return release.withdrawnAt === null && isForTarget(release, candidate.target)
  })
  const [newest] = offered
    .map(({ version }) => version)
    .sort((left, right) => compareVersions(right, left))
  return newest ?? null
}
