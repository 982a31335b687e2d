/**
 * The way from one version to another. Most releases can be reached at once; one with a floor for
 * the agent's version cannot be reached from below it, and is then reached through a version in
 * between, which has floors of its own.
 */
import type { Digest } from '../../base/digest.ts'
import type { Target } from '../../base/platform.ts'
import { type AgentVersion, compareVersions } from '../../base/version.ts'
import { belowFloors, type FloorReason } from '../release/floors.ts'
import { isForTarget, type Release } from '../release/release.ts'
import type { UpgradeStep } from './upgrade.ts'

/** Versions on the way, the last one included: a way of more is planned by people. */
export const STEPS_MAX = 4

type Walker = {
  readonly version: AgentVersion
  readonly target: Target
  readonly osVersion: string
  readonly kernel: string
  /** Manifest digests that failed there. */
  readonly skipped: readonly Digest[]
}

/**
 * The versions to go through, the release last; or why it cannot be reached. Of several ways the
 * one of the fewest steps, and through the newest versions.
 */
export function stepsTo(
  from: Walker,
  release: Release,
  catalogue: readonly Release[],
): readonly [UpgradeStep, ...UpgradeStep[]] | FloorReason {
  const below = belowFloors(release.floors, from)
  const last: UpgradeStep = { version: release.version, manifestDigest: release.manifestDigest }
  if (below === null) return [last]
  if (below !== 'agent-below-floor') return below
  for (let between = 1; between < STEPS_MAX; between += 1) {
    const way = wayThrough(from, release, { catalogue, between })
    const [first, ...others] = way ?? []
    if (first !== undefined) return [first, ...others, last]
  }
  return below
}

/** Exactly so many versions in between; null: there is no such way. */
function wayThrough(
  from: Walker,
  release: Release,
  within: { readonly catalogue: readonly Release[]; readonly between: number },
): readonly UpgradeStep[] | null {
  const { catalogue, between } = within
  if (between === 0) return belowFloors(release.floors, from) === null ? [] : null
  const steps = catalogue.filter((each) => isBetween(each, from, release))
  const newestFirst = steps.sort((left, right) => compareVersions(right.version, left.version))
  for (const step of newestFirst) {
    // It must carry on to the release, and be reached itself.
    if (belowFloors(release.floors, { ...from, version: step.version }) !== null) continue
    const before = wayThrough(from, step, { catalogue, between: between - 1 })
    if (before === null) continue
    return [...before, { version: step.version, manifestDigest: step.manifestDigest }]
  }
  return null
}

function isBetween(step: Release, from: Walker, release: Release): boolean {
  return (
    step.withdrawnAt === null &&
    isForTarget(step, from.target) &&
    compareVersions(step.version, from.version) > 0 &&
    compareVersions(step.version, release.version) < 0 &&
    !from.skipped.includes(step.manifestDigest)
  )
}
