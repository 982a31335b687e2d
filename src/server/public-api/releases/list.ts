import { accept } from '../../../base/result.ts'
import { compareVersions } from '../../../base/version.ts'
import { listReleasesCall, type ReleaseObject } from '../../../contract/public/releases.ts'
import type { Database, Reader } from '../../../store/open.ts'
import { loadEnvelope, loadReleases, type StoredRelease } from '../../../store/releases.ts'
import type { PublicRoute } from '../../http/route.ts'
import { manifestIn } from '../../release-content.ts'

/** `POST releases/list`: the catalogue, oldest version first, withdrawn ones included. */
export const listReleasesRoute: PublicRoute<
  { readonly database: Database },
  typeof listReleasesCall
> = {
  call: listReleasesCall,
  permission: 'releases.view',
  async answer(needs, request) {
    const platform = request.data.platform ?? undefined
    const stored = await loadReleases(needs.database.read, { platform })
    const releases: ReleaseObject[] = []
    for (const release of stored.toSorted(byVersion)) {
      releases.push(await render(needs.database.read, release))
    }
    return accept({ releases })
  },
}

function byVersion(left: StoredRelease, right: StoredRelease): number {
  return (
    compareVersions(left.version, right.version) ||
    Number(left.publishedAt) - Number(right.publishedAt) ||
    (left.manifestDigest < right.manifestDigest ? -1 : 1)
  )
}

async function render(reader: Reader, release: StoredRelease): Promise<ReleaseObject> {
  const { manifestDigest, target } = release
  const envelope = (await loadEnvelope(reader, manifestDigest)) ?? new Uint8Array()
  const manifest = manifestIn(envelope, manifestDigest)
  return {
    manifest_digest: manifestDigest,
    version: release.version,
    ...target,
    notes: release.notes,
    published_at: release.publishedAt,
    published_by: release.publishedBy,
    withdrawn_at: release.withdrawnAt,
    launcher: manifest.launcher.digest,
    files: manifest.files.map(({ path, digest, executable }) => ({ path, digest, executable })),
    payload: manifest.payload,
  }
}
