import type { Clock } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { ARTIFACT_BYTES_MAX } from '../contract/schema.ts'
import type { Artifacts } from '../store/artifacts.ts'
import type { Database } from '../store/open.ts'
import { loadArtifacts, type StoredArtifact, saveArtifact } from '../store/releases.ts'
import type { RequestRefusal } from './http/refusal.ts'

export type StoreArtifactNeeds = {
  readonly database: Database
  readonly artifacts: Pick<Artifacts, 'putStream'>
  readonly clock: Clock
}

/**
 * Takes in content that is announced by its digest: its bytes first, then its row, so that a row
 * always has its bytes. Repeatable; whatever is refused or cut leaves nothing.
 */
export async function storeArtifact(
  needs: StoreArtifactNeeds,
  digest: Digest,
  source: AsyncIterable<Uint8Array>,
): Promise<Result<StoredArtifact, RequestRefusal>> {
  const expectation = { limitBytes: ARTIFACT_BYTES_MAX, digest }
  const put = await needs.artifacts.putStream(source, expectation, (stored) =>
    needs.database.write((tx) => saveArtifact(tx, stored, needs.clock.now())),
  )
  if (!put.ok) {
    if (put.refusal.code === 'too-large') {
      return refuse({ code: 'body-too-large', limitBytes: put.refusal.limitBytes })
    }
    const { expected, actual } = put.refusal
    return refuse({ code: 'digest-mismatch', expected: String(expected), actual: String(actual) })
  }
  // Whoever was first named the member; releases refer to that one.
  const stored = await loadArtifacts(needs.database.read, [digest])
  return accept(stored.get(digest) ?? put.value)
}
