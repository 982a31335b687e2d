/**
 * Artifacts that were uploaded and never published. Their rows go first, each with an effect in the
 * same transaction that removes the bytes; so a kill in between delays that, and a row always has
 * its bytes. Only what the database says is removed: a server that was started on another database
 * by mistake removes nothing.
 */
import type { Clock } from '../../base/clock.ts'
import { isDigest } from '../../base/digest.ts'
import { invariant } from '../../base/invariant.ts'
import type { Log } from '../../base/log.ts'
import type { Artifacts } from '../../store/artifacts.ts'
import type { Database } from '../../store/open.ts'
import { saveEffect } from '../../store/outbox.ts'
import { deleteUnpublishedArtifacts, isMemberKnown } from '../../store/releases.ts'

/** Between the first upload of a release and its publication lie minutes, or a person's night. */
export const UNPUBLISHED_MS_MAX = 24 * 3_600_000
const BATCH_MAX = 100

/** Level-triggered, and safe to run on several servers at once. */
export async function forgetUnpublishedArtifacts(needs: {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly wakeWorker: () => void
}): Promise<void> {
  for (;;) {
    const now = needs.clock.now()
    const wanted = { before: now - UNPUBLISHED_MS_MAX, limit: BATCH_MAX }
    const gone = await needs.database.write(async (tx) => {
      const digests = await deleteUnpublishedArtifacts(tx, wanted)
      for (const digest of digests) {
        await saveEffect(tx, { kind: 'remove-artifact', subject: digest }, now)
      }
      return digests
    })
    if (gone.length === 0) return
    needs.log.info({ count: gone.length }, 'artifacts that were never published are removed')
    needs.wakeWorker()
  }
}

/** Performs the effect; what was uploaded again meanwhile stays. */
export async function removeArtifact(
  needs: { readonly database: Database; readonly artifacts: Pick<Artifacts, 'remove'> },
  subject: string,
): Promise<void> {
  invariant(isDigest(subject), 'an effect to remove an artifact names a gzip member')
  await needs.artifacts.remove(subject, () => isMemberKnown(needs.database.read, subject))
}
