/** Which upgrades of an action are ordered once more, and which are taken back. */
import type { EndpointId, UpgradeActionId } from '../../base/ids.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import { type AgentVersion, compareVersions } from '../../base/version.ts'
import { finalVersion, type Upgrade, type UpgradeState } from '../upgrade/upgrade.ts'

export type TryAgainRefusal =
  | { readonly code: 'nothing-to-retry'; readonly actionId: UpgradeActionId }
  | {
      readonly code: 'nothing-to-revert'
      readonly actionId: UpgradeActionId
      /** They succeeded, and run another version now. */
      readonly movedOn: number
    }

export type TryAgain = {
  /** Where each is to go. */
  readonly targets: ReadonlyMap<EndpointId, AgentVersion>
  /** One of them goes to an older version than it came from. */
  readonly isDowngrade: boolean
}

const RETRIED: ReadonlySet<UpgradeState> = new Set([
  'rolled-back',
  'failed',
  'timed-out',
  'expired',
])

/** What failed, was given up or was never heard to begin goes to where it was to go. */
export function decideRetry(
  actionId: UpgradeActionId,
  upgrades: readonly Upgrade[],
): Result<TryAgain, TryAgainRefusal> {
  const meant = upgrades.filter(({ state }) => RETRIED.has(state))
  if (meant.length === 0) return refuse({ code: 'nothing-to-retry', actionId })
  const targets = new Map(meant.map((each) => [each.endpointId, finalVersion(each)]))
  const isDowngrade = meant.some((each) => {
    return compareVersions(finalVersion(each), each.fromVersion) < 0
  })
  return accept({ targets, isDowngrade })
}

export type Reverted = TryAgain & {
  /** How many of those that succeeded run another version now, and are left as they are. */
  readonly movedOn: number
}

/** Who came to its version with the action, and still has it, goes to where it came from. */
export function decideRevert(
  actionId: UpgradeActionId,
  upgrades: readonly Upgrade[],
  versions: ReadonlyMap<EndpointId, AgentVersion | null>,
): Result<Reverted, TryAgainRefusal> {
  const succeeded = upgrades.filter((each) => {
    return each.state === 'succeeded' && each.fromVersion !== finalVersion(each)
  })
  const meant = succeeded.filter((each) => versions.get(each.endpointId) === finalVersion(each))
  const movedOn = succeeded.length - meant.length
  if (meant.length === 0) return refuse({ code: 'nothing-to-revert', actionId, movedOn })
  const targets = new Map(meant.map((each) => [each.endpointId, each.fromVersion]))
  return accept({ targets, isDowngrade: true, movedOn })
}
