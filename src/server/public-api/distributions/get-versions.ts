import { PLATFORMS, type Platform } from '../../../base/platform.ts'
import { accept } from '../../../base/result.ts'
import { type AgentVersion, compareVersions } from '../../../base/version.ts'
import { getVersionsCall } from '../../../contract/public/distributions.ts'
import { isVersionEnabled } from '../../../domain/configuration/critical-environment.ts'
import type { Release } from '../../../domain/release/release.ts'
import { loadConfiguration } from '../../../store/configuration.ts'
import type { Database } from '../../../store/open.ts'
import { loadReleases } from '../../../store/releases.ts'
import type { PublicRoute } from '../../http/route.ts'

/** Always there, if only empty: clients look at all three. Others are where they have versions. */
const ALWAYS_NAMED: readonly Platform[] = ['windows', 'linux', 'macos']

/**
 * `POST distributions/get_versions`: what can be ordered, ascending, so that the last is the
 * newest.
 */
export const getVersionsRoute: PublicRoute<
  { readonly database: Database },
  typeof getVersionsCall
> = {
  call: getVersionsCall,
  permission: 'distributions.view',
  async answer(needs) {
    const { criticalEnvironment } = await loadConfiguration(needs.database.read)
    const all = await loadReleases(needs.database.read, {})
    const releases = all.filter(({ version }) => isVersionEnabled(criticalEnvironment, version))
    const versions = PLATFORMS.map(
      (platform) => [platform, versionsFor(releases, platform)] as const,
    )
    return accept(
      Object.fromEntries(
        versions.filter(([name, each]) => ALWAYS_NAMED.includes(name) || each.length > 0),
      ),
    )
  },
}

function versionsFor(releases: readonly Release[], platform: Platform): readonly AgentVersion[] {
  const offered = releases.filter(
    (release) => release.target.platform === platform && release.withdrawnAt === null,
  )
  return [...new Set(offered.map((release) => release.version))].toSorted(compareVersions)
}
