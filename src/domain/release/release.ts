import type { Digest } from '../../base/digest.ts'
import type { Target } from '../../base/platform.ts'
import type { AgentVersion } from '../../base/version.ts'
import { compareVersions } from '../../base/version.ts'
import type { ReleaseFloors } from './floors.ts'

/** A version of the agent offered for one target. Its manifest digest is its identity. */
export type Release = {
  readonly manifestDigest: Digest
  readonly version: AgentVersion
  readonly target: Target
  /** Milliseconds UTC. */
  readonly publishedAt: number
  /** Milliseconds UTC, null while it is offered. */
  readonly withdrawnAt: number | null
  readonly floors: ReleaseFloors
}

export function isForTarget(release: Release, target: Target): boolean {
  return (
    release.target.platform === target.platform &&
    release.target.arch === target.arch &&
    release.target.libc === target.libc
  )
}

/** The newest of the releases that are still offered; undefined when there is none. */
export function newestRelease(releases: readonly Release[]): Release | undefined {
  return releases
    .filter((release) => release.withdrawnAt === null)
    .toSorted((left, right) => compareVersions(right.version, left.version))[0]
}
