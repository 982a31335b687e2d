import type { Digest } from '../base/digest.ts'
import type { Artifacts } from '../store/artifacts.ts'
import type { Database } from '../store/open.ts'
import { loadArtifacts, type StoredArtifact } from '../store/releases.ts'

export type CatalogueNeeds = {
  readonly database: Database
  readonly artifacts: Pick<Artifacts, 'has'>
}

/** Files looked for at a time. */
const LOOKS_AT_ONCE = 32

/**
 * Those of the artifacts that are both known and there. One whose bytes were lost counts as absent,
 * so that sending it again mends the store.
 */
export async function loadPresentArtifacts(
  needs: CatalogueNeeds,
  digests: readonly Digest[],
): Promise<ReadonlyMap<Digest, StoredArtifact>> {
  const known = [...(await loadArtifacts(needs.database.read, digests)).values()]
  const present = new Map<Digest, StoredArtifact>()
  for (let at = 0; at < known.length; at += LOOKS_AT_ONCE) {
    const some = known.slice(at, at + LOOKS_AT_ONCE)
    const there = await Promise.all(some.map((each) => needs.artifacts.has(each.gzipDigest)))
    for (const [index, artifact] of some.entries()) {
      if (there[index] === true) present.set(artifact.digest, artifact)
    }
  }
  return present
}
