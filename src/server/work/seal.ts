/**
 * Gives committed audit entries their places in the chain, and committed events their positions. It
 * runs on every server and needs no lease: whoever seals holds the row of the head, and another
 * who comes meanwhile finds nothing left to do. Looking costs one narrow query.
 */
import { loadUnsealed, type MacOfHead, sealAudit } from '../../store/audit-chain.ts'
import { sealEvents } from '../../store/events.ts'
import type { Database } from '../../store/open.ts'

/** What is true is told within a second of its commit, and its entry sealed. */
export const SEAL_EVERY_MS = 400
/** Small enough that the head is held for milliseconds. */
const AUDIT_BATCH_MAX = 500
const EVENTS_BATCH_MAX = 5_000

/** Says when there is more to do at once; null when all is sealed. */
export async function seal(needs: {
  readonly database: Database
  readonly macOf: MacOfHead
}): Promise<number | null> {
  const { database, macOf } = needs
  const unsealed = await loadUnsealed(database.read)
  const events = unsealed.events
    ? await database.write((tx) => sealEvents(tx, EVENTS_BATCH_MAX))
    : 0
  const entries = unsealed.audit
    ? await database.write((tx) => sealAudit(tx, macOf, AUDIT_BATCH_MAX))
    : 0
  return events === EVENTS_BATCH_MAX || entries === AUDIT_BATCH_MAX ? 0 : null
}
