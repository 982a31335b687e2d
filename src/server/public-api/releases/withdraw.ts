import type { Clock, Instant } from '../../../base/clock.ts'
import type { Digest } from '../../../base/digest.ts'
import type { UpgradeActionId } from '../../../base/ids.ts'
import { accept } from '../../../base/result.ts'
import type { AgentVersion } from '../../../base/version.ts'
import {
  type WithdrawReleaseRequest,
  withdrawReleaseCall,
} from '../../../contract/public/releases.ts'
import { actorName } from '../../../domain/access/actor.ts'
import { decideWithdrawReleases } from '../../../domain/release/withdraw-releases.ts'
import { decideHaltWithdrawn } from '../../../domain/rollout/steer-rollout.ts'
import { saveAudits } from '../../../store/audit.ts'
import { loadUnbegun, saveBerthsTakenBack } from '../../../store/berths.ts'
import { holdEndpoints } from '../../../store/endpoint-changes.ts'
import type { Database, Writer } from '../../../store/open.ts'
import {
  lockReleases,
  type ReleaseNamed,
  type StoredRelease,
  saveReleasesWithdrawn,
} from '../../../store/releases.ts'
import { countRunning, loadRolloutsTo, loadWaysBack } from '../../../store/rollout-counts.ts'
import { holdRollouts, loadRollouts, saveRollout } from '../../../store/rollouts.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'

/**
 * `POST releases/withdraw`: no new distribution and no upgrade uses it from now on, and rollouts on
 * the way to it halt. What runs it goes on; the answer says how many do, and which actions can be
 * taken back.
 */
export const withdrawReleaseRoute: PublicRoute<
  { readonly database: Database; readonly clock: Clock; readonly wakePolicies: () => void },
  typeof withdrawReleaseCall
> = {
  call: withdrawReleaseCall,
  permission: 'releases.edit',
  isEverywhere: true, // Whatever waits for it anywhere is held.
  async answer(needs, request) {
    const withdrawnReason = request.data.reason ?? null
    const answered = await needs.database.write(async (tx) => {
      // Before everything, as everybody does who changes rollouts.
      await holdRollouts(tx)
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
      const digests = decided.value.named.map(({ manifestDigest }) => manifestDigest)
      const halted = await haltRolloutsTo(tx, digests, { message: withdrawnReason, now })
      const waysBack = await loadWaysBack(tx, digests)
      return accept({
        releases: decided.value.named.map(render),
        halted: halted.map((actionId) => ({ group_action_id: actionId })),
        running_count: await countRunning(tx, digests),
        ways_back: waysBack.map(({ actionId, endpoints }) => {
          return { group_action_id: actionId, endpoints_count: endpoints }
        }),
      })
    })
    if (answered.ok) needs.wakePolicies()
    return answered
  },
}

/** Those that it halted, now or before; berths and offers that nobody took up go back. */
async function haltRolloutsTo(
  tx: Writer,
  digests: readonly Digest[],
  steering: { readonly message: string | null; readonly now: Instant },
): Promise<readonly UpgradeActionId[]> {
  const before = [...(await loadRollouts(tx, await loadRolloutsTo(tx, digests))).values()]
  const steered = before.map((rollout) => {
    return { before: rollout, ...decideHaltWithdrawn(rollout, steering) }
  })
  const halting = steered.filter(({ takesBack }) => takesBack)
  const ids = halting.map(({ rollout }) => rollout.actionId)
  await holdEndpoints(tx, await loadUnbegun(tx, ids))
  for (const { rollout, before: was } of halting) {
    await saveRollout(tx, was, rollout)
    await saveBerthsTakenBack(tx, rollout.actionId, 'rollout-halted', steering.now)
  }
  const halted = steered.filter(({ rollout }) => rollout.reason === 'release-withdrawn')
  return halted.map(({ rollout }) => rollout.actionId)
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
