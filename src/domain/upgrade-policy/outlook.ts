/** What each policy wants as releases and endpoints stand, and who is behind. Pure. */
import type { Instant } from '../../base/clock.ts'
import type { UpgradePolicyId } from '../../base/ids.ts'
import { PLATFORMS, type Target } from '../../base/platform.ts'
import { type AgentVersion, compareVersions } from '../../base/version.ts'
import type { Configuration } from '../configuration/configuration.ts'
import { isVersionEnabled } from '../configuration/critical-environment.ts'
import { isForTarget, type Release } from '../release/release.ts'
import type { UpgradePolicy } from './upgrade-policy.ts'
import { buildFor, type PlatformWish, wishFor } from './wanted-version.ts'

/** How many endpoints that a policy governs have a version, by what they run on. */
export type CensusRow = {
  readonly policyId: UpgradePolicyId
  readonly target: Target
  /** Null: they have not checked in yet. */
  readonly version: AgentVersion | null
  readonly count: number
}

export type OutlookView = {
  readonly policies: readonly UpgradePolicy[]
  /** All, withdrawn ones included. */
  readonly releases: readonly Release[]
  readonly census: readonly CensusRow[]
  readonly settings: Pick<Configuration, 'criticalEnvironment'>
}

/** A build, and the versions from which endpoints of its target ought to come to it. */
export type Behind = {
  readonly target: Target
  readonly release: Release
  readonly fromVersions: readonly AgentVersion[]
}

export type PolicyOutlook = {
  readonly policy: UpgradePolicy
  readonly wishes: readonly PlatformWish[]
  /** How many endpoints it governs. */
  readonly endpoints: number
  /** How many of them have what it wants. */
  readonly fulfilled: number
  readonly behind: readonly Behind[]
}

export function outlooksOf(view: OutlookView, now: Instant): readonly PolicyOutlook[] {
  const { criticalEnvironment } = view.settings
  const releases = view.releases.filter(({ version }) => {
    return isVersionEnabled(criticalEnvironment, version)
  })
  return view.policies.map((policy) => {
    const own = view.census.filter(({ policyId }) => policyId === policy.id)
    return outlookOf(policy, releases, own, now)
  })
}

function outlookOf(
  policy: UpgradePolicy,
  releases: readonly Release[],
  census: readonly CensusRow[],
  now: Instant,
): PolicyOutlook {
  const { platforms } = policy.rules
  const wishes = (platforms.length === 0 ? PLATFORMS : platforms)
    .map((platform) => wishFor(policy, platform, releases, now))
    .filter(({ platform, version, next }) => {
      const isThere = census.some(({ target }) => target.platform === platform)
      return isThere || version !== null || next !== null
    })
  let endpoints = 0
  let fulfilled = 0
  const behind: Behind[] = []
  const byTarget = Map.groupBy(census, ({ target: { platform, arch, libc } }) =>
    [platform, arch, libc].join(' '),
  )
  for (const rows of byTarget.values()) {
    endpoints += sum(rows)
    const release = releaseOf(policy, wishes, { releases, rows }, now)
    if (release === null) continue
    fulfilled += sum(rows.filter(({ version }) => version === release.version))
    const fromVersions = rows.flatMap(({ version }) => {
      return version !== null && mayCome(policy, version, release) ? [version] : []
    })
    if (fromVersions.length > 0) behind.push({ target: release.target, release, fromVersions })
  }
  return { policy, wishes, endpoints, fulfilled, behind }
}

function releaseOf(
  { rules }: UpgradePolicy,
  wishes: readonly PlatformWish[],
  of: { readonly releases: readonly Release[]; readonly rows: readonly CensusRow[] },
  now: Instant,
): Release | null {
  const [first] = of.rows
  const wish = wishes.find(({ platform }) => platform === first?.target.platform)
  if (first === undefined || wish === undefined || wish.version === null) return null
  const builds = of.releases.filter((release) => isForTarget(release, first.target))
  return buildFor(rules, wish.version, builds, now)
}

function mayCome({ rules }: UpgradePolicy, from: AgentVersion, { version }: Release): boolean {
  return compareVersions(from, version) < 0 || (mayGoBack(rules) && from !== version)
}

export function mayGoBack({ versions }: UpgradePolicy['rules']): boolean {
  return versions.kind === 'pinned' && versions.allowDowngrade
}

function sum(rows: readonly CensusRow[]): number {
  return rows.reduce((total, { count }) => total + count, 0)
}
