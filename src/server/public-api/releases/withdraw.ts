import type { Clock } from '../../../base/clock.ts'
import type { Digest } from '../../../base/digest.ts'
import { accept } from '../../../base/result.ts'
import type { AgentVersion } from '../../../base/version.ts'
import {
  type WithdrawReleaseRequest,
  withdrawReleaseCall,
} from '../../../contract/public/releases.ts'
import { actorName } from '../../../domain/access/actor.ts'
import { decideWithdrawReleases } from '../../../domain/release/withdraw-releases.ts'
import { saveAudits } from '../../../store/audit.ts'
import type { Database } from '../../../store/open.ts'
import {
  lockReleases,
  type ReleaseNamed,
  type StoredRelease,
  saveReleasesWithdrawn,
} from '../../../store/releases.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'

/** `POST releases/withdraw`: no new distribution and no upgrade uses it from now on. */
export const withdrawReleaseRoute: PublicRoute<
  { readonly database: Database; readonly clock: Clock },
  typeof withdrawReleaseCall
> = {
  call: withdrawReleaseCall,
  permission: 'releases.edit',
  isEverywhere: true, // Whatever waits for it anywhere is held.
  async answer(needs, request) {
    const withdrawnReason = request.data.reason ?? null
    return await needs.database.write(async (tx) => {
      const now = needs.clock.now()
      const named = await lockReleases(tx, namedBy(request.data))
      const by = { withdrawnBy: actorName(request.actor), withdrawnReason }
      const told = named.map((each) => (each.withdrawnAt === null ? { ...each, ...by } : each))
      const decided = decideWithdrawReleases(told, now)
      if (!decided.ok) return decided
      const { withdrawn } = decided.value
      await saveReleasesWithdrawn(tx, withdrawn, now)
      const entries = withdrawn.map((release) => audited(request, now, changeOf(release)))
      await saveAudits(tx, entries)
      return accept({ releases: decided.value.named.map(render) })
    })
  },
}

/** The schema checked what is branded here. */
function namedBy(wire: WithdrawReleaseRequest): ReleaseNamed {
  const { platform, arch, libc } = wire
  return {
    manifestDigest: (wire.manifest_digest ?? undefined) as Digest | undefined,
    version: (wire.version ?? undefined) as AgentVersion | undefined,
    target: {
      platform: platform ?? undefined,
      arch: arch ?? undefined,
      libc: libc ?? undefined,
    },
  }
}

function changeOf(release: StoredRelease) {
  const { manifestDigest, version, target, withdrawnAt, withdrawnReason } = release
  const about = { version, ...target }
  return {
    action: 'release.withdraw',
    subject: manifestDigest,
    description: `Withdrew version ${version} for ${target.platform} ${target.arch}`,
    before: { ...about, withdrawnAt: null },
    after: { ...about, withdrawnAt, withdrawnReason },
  }
}

function render(release: StoredRelease) {
  return {
    manifest_digest: release.manifestDigest,
    version: release.version,
    ...release.target,
    withdrawn_at: release.withdrawnAt,
    withdrawn_by: release.withdrawnBy,
    withdrawn_reason: release.withdrawnReason,
  }
}
