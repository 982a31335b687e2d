/**
 * Which version a policy wants for a platform, and which build of it a target gets. A release
 * counts from the policy's delay after it was published until it is withdrawn; that of the past
 * tells since when the present version is wanted, that of the future which comes next.
 */
import type { Instant } from '../../base/clock.ts'
import type { Platform } from '../../base/platform.ts'
import { type AgentVersion, compareVersions } from '../../base/version.ts'
import type { Release } from '../release/release.ts'
import type { PolicyRules, UpgradePolicy, VersionRule } from './upgrade-policy.ts'

export type PlatformWish = {
  readonly platform: Platform
  /** Null: there is none that counts. */
  readonly version: AgentVersion | null
  /** Null: there is none. */
  readonly since: Instant | null
  /** What is wanted after that, as releases stand; null: nothing else is under way. */
  readonly next: { readonly version: AgentVersion; readonly at: Instant } | null
}

/** Releases that may be offered at all, withdrawn ones included. */
export function wishFor(
  { rules, changedAt }: Pick<UpgradePolicy, 'rules' | 'changedAt'>,
  platform: Platform,
  releases: readonly Release[],
  now: Instant,
): PlatformWish {
  const own = releases.filter(({ target }) => target.platform === platform)
  const versionAt = (at: Instant) => wantedAt(rules, own, at)
  const version = versionAt(now)
  const turns = [...new Set(own.flatMap((each) => turnsOf(each, rules)))].sort(ascending)
  const next = turns.find((at) => at > now && ![version, null].includes(versionAt(at)))
  const nextVersion = next === undefined ? null : versionAt(next)
  const began = turns.findLast((at) => at <= now && versionAt(at - 1) !== version)
  return {
    platform,
    version,
    since: version === null ? null : Math.max(began ?? changedAt, changedAt),
    next: next === undefined || nextVersion === null ? null : { version: nextVersion, at: next },
  }
}

/**
 * What endpoints of a target get, where the platform's version is this one: that build, or the
 * newest before it that there is for them.
 */
export function buildFor(
  rules: PolicyRules,
  version: AgentVersion,
  builds: readonly Release[],
  now: Instant,
): Release | null {
  const reachable = builds.filter(
    (build) =>
      counts(build, rules, now) &&
      isOfRule(rules.versions, build.version) &&
      compareVersions(build.version, version) <= 0,
  )
  return (
    reachable.toSorted((left, right) => compareVersions(right.version, left.version))[0] ?? null
  )
}

function wantedAt(
  rules: PolicyRules,
  releases: readonly Release[],
  at: Instant,
): AgentVersion | null {
  const versions = new Set(
    releases.filter((each) => counts(each, rules, at)).map((each) => each.version),
  )
  const newestFirst = [...versions]
    .filter((version) => isOfRule(rules.versions, version))
    .sort((left, right) => compareVersions(right, left))
  return newestFirst[rules.versions.kind === 'one-before' ? 1 : 0] ?? null
}

function isOfRule(rule: VersionRule, version: AgentVersion): boolean {
  if (rule.kind === 'pinned') return version === rule.version
  return rule.kind !== 'line' || version.startsWith(`${rule.line}.`)
}

function counts(release: Release, { delayMs }: PolicyRules, at: Instant): boolean {
  if (release.withdrawnAt !== null && release.withdrawnAt <= at) return false
  return release.publishedAt + delayMs <= at
}

/** When it begins and ends to count. */
function turnsOf({ publishedAt, withdrawnAt }: Release, { delayMs }: PolicyRules): Instant[] {
  const begins = publishedAt + delayMs
  return withdrawnAt === null ? [begins] : [begins, withdrawnAt]
}

function ascending(left: number, right: number): number {
  return left - right
}
