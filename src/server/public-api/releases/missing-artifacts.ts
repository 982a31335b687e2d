import type { Clock } from '../../../base/clock.ts'
import { type Digest, isDigest } from '../../../base/digest.ts'
import { accept, refuse } from '../../../base/result.ts'
import { parse } from '../../../contract/parse.ts'
import { missingArtifacts } from '../../../contract/public/releases.ts'
import { saveArtifactsWanted } from '../../../store/releases.ts'
import type { PublicRoute } from '../../http/route.ts'
import { type CatalogueNeeds, loadPresentArtifacts } from '../../present-artifacts.ts'

/**
 * `POST releases/missing_artifacts`: which of these the server does not have, so that only those
 * are sent.
 */
export const missingArtifactsRoute: PublicRoute<CatalogueNeeds & { readonly clock: Clock }> = {
  method: 'POST',
  path: '/public_api/v1/releases/missing_artifacts',
  permission: 'releases.edit',
  async answer(needs, request) {
    const parsed = parse(missingArtifacts, request.data, ['request_data'])
    if (!parsed.ok) return refuse({ code: 'invalid-request', errors: parsed.refusal })
    const asked = new Set<Digest>(parsed.value.digests.filter(isDigest))
    const present = await loadPresentArtifacts(needs, [...asked])
    // What is there need not be sent, so it must not be removed before it is published.
    await needs.database.write((tx) =>
      saveArtifactsWanted(tx, [...present.keys()], needs.clock.now()),
    )
    return accept({ missing: [...asked].filter((digest) => !present.has(digest)) })
  },
}
