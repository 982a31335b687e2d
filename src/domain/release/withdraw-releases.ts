import type { Instant } from '../../base/clock.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { Release } from './release.ts'

export type WithdrawReleasesRefusal = { readonly code: 'release-unknown' }

export type ReleasesWithdrawn<Stored extends Release> = {
  /** Those that were offered until now, as they are from now on. */
  readonly withdrawn: readonly Stored[]
  /** All that were named: those, and what was withdrawn before, which stays as it was. */
  readonly named: readonly Stored[]
}

/**
 * No new distribution and no upgrade uses them from now on; what runs them goes on. Doing it again
 * changes nothing.
 */
export function decideWithdrawReleases<Stored extends Release>(
  named: readonly Stored[],
  now: Instant,
): Result<ReleasesWithdrawn<Stored>, WithdrawReleasesRefusal> {
  if (named.length === 0) return refuse({ code: 'release-unknown' })
  const all = named.map((release) => ({ ...release, withdrawnAt: release.withdrawnAt ?? now }))
  const withdrawn = all.filter((_release, index) => named[index]?.withdrawnAt === null)
  return accept({ withdrawn, named: all })
}
