import type { Digest } from '../../../base/digest.ts'
import { accept } from '../../../base/result.ts'
import type { AgentVersion } from '../../../base/version.ts'
import {
  PUBLISH_BYTES_MAX,
  type PublishReleaseRequest,
  publishReleaseCall,
} from '../../../contract/public/releases.ts'
import type { ReleaseFloors } from '../../../domain/release/floors.ts'
import { partyOf } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import {
  type PublishNeeds,
  publishRelease as publish,
  type ReleaseOrder,
} from '../../publish-release.ts'

/**
 * `POST releases/publish`: makes a version of what was uploaded. Publishing the very same again is
 * harmless.
 */
export const publishReleaseRoute: PublicRoute<PublishNeeds, typeof publishReleaseCall> = {
  call: publishReleaseCall,
  permission: 'releases.edit',
  bodyBytesMax: PUBLISH_BYTES_MAX,
  async answer(needs, request) {
    const published = await publish(
      needs,
      toOrder(request.data),
      partyOf(request.actor, request.origin),
    )
    if (!published.ok) return published
    const { isNew, release } = published.value
    const { manifestDigest, version } = release
    return accept({ manifest_digest: manifestDigest, version, is_new: isNew })
  },
}

function toOrder(wire: PublishReleaseRequest): ReleaseOrder {
  const { platform, arch, libc } = wire
  return {
    // The schema checked the spelling of versions and digests.
    version: wire.version as AgentVersion,
    target: { platform, arch, libc },
    notes: wire.notes ?? null,
    launcher: wire.launcher as Digest,
    files: wire.files.map((file) => ({ ...file, digest: file.digest as Digest })),
    payload: wire.payload ?? null,
    floors: wire.floors == null ? null : toFloors(wire.floors),
  }
}

function toFloors(wire: NonNullable<PublishReleaseRequest['floors']>): ReleaseFloors {
  const { os_version: osVersion = null, kernel = null, agent_version: agentVersion = null } = wire
  return { osVersion, kernel, agentVersion: agentVersion as AgentVersion | null } // As above.
}
