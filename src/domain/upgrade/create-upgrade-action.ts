import type { EndpointId } from '../../base/ids.ts'
import type { Platform } from '../../base/platform.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { AgentVersion } from '../../base/version.ts'
import { isInScope, type Scope } from '../access/scope.ts'
import { upgradeExpiryMs } from '../configuration/action-expiry.ts'
import type { Configuration } from '../configuration/configuration.ts'
import {
  type CriticalEnvironmentDisabled,
  isVersionEnabled,
} from '../configuration/critical-environment.ts'
import type { Release } from '../release/release.ts'
import { type Assessed, moveClustersWhole } from './cluster-eligibility.ts'
import { assessEligibility, type Eligibility, type UpgradeCandidate } from './eligibility.ts'
import type { Upgrade } from './upgrade.ts'
import type { UpgradeAction } from './upgrade-action.ts'
import { isOpen, type Window } from './window.ts'

export type CreateUpgradeAction = {
  /** No endpoint twice. */
  readonly endpointIds: readonly EndpointId[]
  readonly targetVersions: ReadonlyMap<Platform, AgentVersion>
  /** Null: at any time. */
  readonly window: Window | null
  /** Try also where this version failed before. */
  readonly retrySkipped: boolean
  /** Of whoever orders it: what lies outside is told like what does not exist. */
  readonly scope: Scope
}

export type CreateUpgradeActionView = {
  /** Those of the named endpoints that exist. */
  readonly candidates: readonly UpgradeCandidate[]
  /** Endpoints of the candidates' clusters that are not named, and were heard of lately. */
  readonly mates: readonly UpgradeCandidate[]
  /** Every release of a target version, withdrawn ones included. */
  readonly releases: readonly Release[]
  readonly settings: Pick<Configuration, 'actionExpiry' | 'criticalEnvironment'>
}

export type Ineligible = Extract<Eligibility, { kind: 'ineligible' }>
export type Eligible = Extract<Eligibility, { kind: 'eligible' }>

/** In order of precedence: the first that applies is the answer. */
export type CreateUpgradeActionRefusal =
  | {
      readonly code: 'version-not-released'
      readonly platform: Platform
      readonly version: AgentVersion
    }
  | CriticalEnvironmentDisabled
  | { readonly code: 'nothing-eligible'; readonly ineligible: readonly Ineligible[] }

/**
 * What becomes true. The store gives the action its id, which every one of its upgrades carries.
 */
export type UpgradeActionCreated = {
  readonly action: Omit<UpgradeAction, 'id'>
  readonly upgrades: readonly Omit<Upgrade, 'actionId'>[]
  /** How many of the upgrades each platform has. */
  readonly platforms: ReadonlyMap<Platform, number>
  readonly ineligible: readonly Ineligible[]
  /** Endpoints that nobody named: their clusters have one image. */
  readonly along: readonly EndpointId[]
}

/**
 * A newer action takes over what an older one has not started: the store ends the open upgrades of
 * the eligible endpoints as `cancelled`, reason `superseded`, in the same transaction.
 */
export function decideCreateUpgradeAction(
  view: CreateUpgradeActionView,
  command: CreateUpgradeAction,
  now: number,
): Result<UpgradeActionCreated, CreateUpgradeActionRefusal> {
  for (const [platform, version] of command.targetVersions) {
    const isReleased = view.releases.some(
      (release) => release.target.platform === platform && release.version === version,
    )
    if (!isReleased) return refuse({ code: 'version-not-released', platform, version })
    if (!isVersionEnabled(view.settings.criticalEnvironment, version)) {
      return refuse({ code: 'critical-environment-disabled', version, platform })
    }
  }
  const together = moveClustersWhole(assessAll(view, command))
  const ineligible = together.named.filter((verdict) => verdict.kind === 'ineligible')
  const named = together.named.filter((verdict) => verdict.kind === 'eligible')
  const eligible = [...named, ...together.along]
  if (eligible.length === 0) return refuse({ code: 'nothing-eligible', ineligible })
  const expiresAt = now + upgradeExpiryMs(view.settings.actionExpiry)
  const { targetVersions, window } = command
  const action = { targetVersions, window, createdAt: now, expiresAt }
  const upgrades = eligible.map((each) => queueUpgrade(each, { command, now, expiresAt }))
  const platforms = new Map<Platform, number>()
  for (const { release } of eligible) {
    const { platform } = release.target
    platforms.set(platform, (platforms.get(platform) ?? 0) + 1)
  }
  const along = together.along.map((each) => each.endpointId)
  return accept({ action, upgrades, platforms, ineligible, along })
}

function assessAll(view: CreateUpgradeActionView, command: CreateUpgradeAction): Assessed {
  const candidates = new Map(view.candidates.map((candidate) => [candidate.id, candidate]))
  const { retrySkipped, scope } = command
  const options = { releases: view.releases, retrySkipped }
  const assess = (candidate: UpgradeCandidate) => {
    const cluster = candidate.deleted ? null : candidate.cluster
    const verdict = assessEligibility(candidate, command.targetVersions, options)
    return { cluster, isInScope: isInScope(scope, candidate.tags), verdict }
  }
  const named = command.endpointIds.map((endpointId) => {
    const candidate = candidates.get(endpointId)
    if (candidate !== undefined && isInScope(scope, candidate.tags)) return assess(candidate)
    const reason = 'unknown-endpoint'
    const verdict = { kind: 'ineligible', endpointId, reason, platform: null } as const
    return { cluster: null, isInScope: false, verdict }
  })
  return { named, mates: view.mates.map(assess) }
}

function queueUpgrade(
  eligible: Eligible,
  order: {
    readonly command: CreateUpgradeAction
    readonly now: number
    readonly expiresAt: number
  },
): Omit<Upgrade, 'actionId'> {
  const { window, retrySkipped } = order.command
  return {
    endpointId: eligible.endpointId,
    state: 'queued',
    fromVersion: eligible.fromVersion,
    targetVersion: eligible.release.version,
    manifestDigest: eligible.release.manifestDigest,
    attemptId: null,
    attempts: 0,
    reason: isOpen(window, order.now) ? 'awaiting-check-in' : 'outside-window',
    message: null,
    percent: 0,
    bytesDone: 0,
    bytesTotal: 0,
    retrySkipped,
    window,
    expiresAt: order.expiresAt,
    deadlineAt: null,
    cancelRequestedAt: null,
    changedAt: order.now,
  }
}
