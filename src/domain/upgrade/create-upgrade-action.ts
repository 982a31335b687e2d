import type { EndpointId } from '../../base/ids.ts'
import { invariant } from '../../base/invariant.ts'
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
import { type AssignWavesRefusal, assignWaves, type WaveMember } from '../rollout/assign-waves.ts'
import type { RolloutPolicy } from '../rollout/policy.ts'
import { newRollout, type Rollout } from '../rollout/rollout.ts'
import { type Assessed, moveClustersWhole } from './cluster-eligibility.ts'
import { assessEligibility, type Eligibility, type UpgradeCandidate } from './eligibility.ts'
import { neverToBegin, type StrictWindowTooShort } from './hours-to-begin.ts'
import type { Upgrade, WaitingReason } from './upgrade.ts'
import type { UpgradeAction } from './upgrade-action.ts'
import { openness, type Window, zoneOf } from './window.ts'

export type CreateUpgradeAction = {
  /** No endpoint twice. */
  readonly endpointIds: readonly EndpointId[]
  readonly targetVersions: ReadonlyMap<Platform, AgentVersion>
  /**
   * Where endpoints of a platform go to versions of their own, as on the way back; absent, and for
   * who is not in it: its platform's.
   */
  readonly ownTargets?: ReadonlyMap<EndpointId, AgentVersion>
  /** Null: at any time. */
  readonly window: Window | null
  /** Try also where this version failed before. */
  readonly retrySkipped: boolean
  /** Also to an older version than is installed. */
  readonly allowDowngrade: boolean
  /** Take over where another upgrade is in progress, and cannot have switched. */
  readonly supersede: boolean
  /** Endpoints with one of these tags are left out. */
  readonly excludedTags: readonly string[]
  readonly policy: RolloutPolicy
  /** What has not started by then never will; null: as the settings have it. */
  readonly expiresInMs: number | null
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
  /** Releases that lie on the way to one with a floor for the agent; empty when none has one. */
  readonly catalogue: readonly Release[]
  readonly settings: Pick<Configuration, 'actionExpiry' | 'criticalEnvironment' | 'rollout'>
  /** Of an order that says no other. */
  readonly probationS: number
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
  | StrictWindowTooShort
  | { readonly code: 'nothing-eligible'; readonly ineligible: readonly Ineligible[] }
  | AssignWavesRefusal

/**
 * What becomes true. The store gives the action its id, which every one of its upgrades carries.
 */
export type UpgradeActionCreated = {
  readonly action: Omit<UpgradeAction, 'id'>
  readonly rollout: Omit<Rollout, 'actionId'>
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
  // Versions of endpoints' own were there before: whether each still is, each is told.
  for (const [platform, version] of command.ownTargets === undefined
    ? command.targetVersions
    : []) {
    const isReleased = view.releases.some(
      (release) => release.target.platform === platform && release.version === version,
    )
    if (!isReleased) return refuse({ code: 'version-not-released', platform, version })
    if (!isVersionEnabled(view.settings.criticalEnvironment, version)) {
      return refuse({ code: 'critical-environment-disabled', version, platform })
    }
  }
  const tooShort = neverToBegin(command.window, probationMeant(view, command))
  if (tooShort !== null) return refuse(tooShort)
  const together = moveClustersWhole(assessAll(view, command))
  const ineligible = together.named.filter((verdict) => verdict.kind === 'ineligible')
  const named = together.named.filter((verdict) => verdict.kind === 'eligible')
  const eligible = [...named, ...together.along]
  if (eligible.length === 0) return refuse({ code: 'nothing-eligible', ineligible })
  const salt = [...command.targetVersions].flat().sort().join(' ')
  const waves = assignWaves(membersOf(view, eligible), command.policy, salt)
  if (!waves.ok) return waves
  const rollout = newRollout(command.policy, waves.value.waves, now)
  const expiresAt = now + (command.expiresInMs ?? upgradeExpiryMs(view.settings.actionExpiry))
  const { targetVersions, window } = command
  const action = { targetVersions, window, createdAt: now, expiresAt }
  const zones = zonesOf(view, command)
  const closed = closedZones(new Set(zones.values()), view, command, now)
  const upgrades = eligible.map((each) => {
    const wave = waves.value.waveOf.get(each.endpointId) ?? 0
    const zone = zones.get(each.endpointId) ?? ''
    const open = wave === 0 ? 'awaiting-berth' : 'earlier-wave-unfinished'
    const reason = closed.get(zone) ?? open
    return queueUpgrade(each, { command, now, expiresAt, wave, zone, reason })
  })
  const platforms = new Map<Platform, number>()
  for (const { release } of eligible) {
    const { platform } = release.target
    platforms.set(platform, (platforms.get(platform) ?? 0) + 1)
  }
  const along = together.along.map((each) => each.endpointId)
  return accept({ action, rollout, upgrades, platforms, ineligible, along })
}

function probationMeant(
  { probationS }: CreateUpgradeActionView,
  { policy: { probationMinutes } }: CreateUpgradeAction,
): number {
  return probationMinutes === null ? probationS : probationMinutes * 60
}

function assessAll(view: CreateUpgradeActionView, command: CreateUpgradeAction): Assessed {
  const candidates = new Map(view.candidates.map((candidate) => [candidate.id, candidate]))
  const { scope } = command
  const rules = { ...command, releases: view.releases, catalogue: view.catalogue }
  const assess = (candidate: UpgradeCandidate) => {
    const cluster = candidate.deleted ? null : candidate.cluster
    const verdict = assessEligibility(candidate, targetsOf(candidate, command), rules)
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

function targetsOf(
  { id, target }: UpgradeCandidate,
  { targetVersions, ownTargets }: CreateUpgradeAction,
): ReadonlyMap<Platform, AgentVersion> {
  const own = ownTargets?.get(id)
  return own === undefined ? targetVersions : new Map([[target.platform, own]])
}

function membersOf(
  view: CreateUpgradeActionView,
  eligible: readonly Eligible[],
): readonly WaveMember[] {
  const all = new Map([...view.candidates, ...view.mates].map((each) => [each.id, each]))
  return eligible.map(({ endpointId }) => {
    const candidate = all.get(endpointId)
    invariant(candidate !== undefined, 'who is eligible was a candidate')
    const { platform, arch } = candidate.target
    return {
      endpointId,
      target: `${platform} ${arch}`,
      distributionId: candidate.distributionId,
      tags: [...candidate.tags.server, ...candidate.tags.agent],
      isConnected: candidate.connection === 'connected',
      cluster: candidate.cluster?.uid ?? null,
    }
  })
}

function zonesOf(
  view: CreateUpgradeActionView,
  { window }: CreateUpgradeAction,
): ReadonlyMap<EndpointId, string> {
  const { timeZone } = view.settings.rollout
  return new Map(
    [...view.candidates, ...view.mates].map((each) => {
      return [each.id, zoneOf(window, { default: timeZone, endpoint: each.timeZone })]
    }),
  )
}

/** Why nothing may begin there now; each zone is looked at once, however many endpoints it has. */
function closedZones(
  zones: ReadonlySet<string>,
  { settings }: CreateUpgradeActionView,
  { window }: CreateUpgradeAction,
  now: number,
): ReadonlyMap<string, WaitingReason> {
  const { closedDays } = settings.rollout
  const closed = new Map<string, WaitingReason>()
  for (const zone of zones) {
    const hours = openness({ window, zone, closedDays }, now)
    if (hours.kind === 'closed') closed.set(zone, hours.reason)
  }
  return closed
}

type Order = {
  readonly command: CreateUpgradeAction
  readonly now: number
  readonly expiresAt: number
  readonly wave: number
  readonly zone: string
  readonly reason: WaitingReason
}

/** One for all that have none: so the store sees that they are alike. */
const NO_STEPS: Upgrade['steps'] = []

function queueUpgrade(eligible: Eligible, order: Order): Omit<Upgrade, 'actionId'> {
  const { window, retrySkipped } = order.command
  const [first, ...others] = eligible.path
  const steps = others.length === 0 ? NO_STEPS : others
  return {
    endpointId: eligible.endpointId,
    wave: order.wave,
    zone: order.zone,
    state: 'queued',
    fromVersion: eligible.fromVersion,
    targetVersion: first.version,
    manifestDigest: first.manifestDigest,
    steps,
    notBefore: null,
    attemptId: null,
    attempts: 0,
    reason: order.reason,
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
