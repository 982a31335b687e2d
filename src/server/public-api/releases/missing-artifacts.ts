import type { Clock } from '../../../base/clock.ts'
import { type Digest, isDigest } from '../../../base/digest.ts'
import { accept } from '../../../base/result.ts'
import { missingArtifactsCall } from '../../../contract/public/releases.ts'
import { saveArtifactsWanted } from '../../../store/releases.ts'
import type { PublicRoute } from '../../http/route.ts'
import { type CatalogueNeeds, loadPresentArtifacts } from '../../present-artifacts.ts'

/**
 * `POST releases/missing_artifacts`: which of these the server does not have, so that only those
 * are sent.
 */
export const missingArtifactsRoute: PublicRoute<
  CatalogueNeeds & { readonly clock: Clock },
  typeof missingArtifactsCall
> = {
  call: missingArtifactsCall,
  permission: 'releases.edit',
  async answer(needs, request) {
    const asked = new Set<Digest>(request.data.digests.filter(isDigest))
    const present = await loadPresentArtifacts(needs, [...asked])
    // What is there need not be sent, so it must not be removed before it is published.
    await needs.database.write((tx) =>
      saveArtifactsWanted(tx, [...present.keys()], needs.clock.now()),
    )
    return accept({ missing: [...asked].filter((digest) => !present.has(digest)) })
  },
}
