import type { Clock, Instant } from '../../base/clock.ts'
import type { EndpointId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import { SERVER_PARTY, saveAudit } from '../../store/audit.ts'
import type { ChangedEndpoint } from '../../store/endpoint-changes.ts'
import type { Database, Reader } from '../../store/open.ts'
import { deleteSilentEndpoints } from '../../store/silent-endpoints.ts'

/** Endpoints whose rows are held at once; each batch has its entry in the audit log. */
const BATCH_MAX = 100

export type DeletionNeeds = {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
}

export type Deletion = {
  readonly find: (reader: Reader, limit: number) => Promise<readonly EndpointId[]>
  /** Whoever was heard from after this stays. */
  readonly silentSince: Instant
  readonly most: number
  /** Why, for the audit log: "it was silent for 180 days". */
  readonly because: string
}

/** Deletes what it finds, in batches, and no more than `most`; how many. */
export async function deleteSilent(needs: DeletionNeeds, deletion: Deletion): Promise<number> {
  // Once: among a hundred thousand, looking takes longer than deleting.
  const ids = await deletion.find(needs.database.read, deletion.most)
  let deleted = 0
  for (let from = 0; from < ids.length; from += BATCH_MAX) {
    deleted += await deleteBatch(needs, deletion, ids.slice(from, from + BATCH_MAX))
  }
  const { because } = deletion
  if (deleted > 0) needs.log.warn({ deleted, because }, 'the server deleted endpoints by itself')
  return deleted
}

async function deleteBatch(
  needs: DeletionNeeds,
  deletion: Deletion,
  ids: readonly EndpointId[],
): Promise<number> {
  const now = needs.clock.now()
  return await needs.database.write(async (tx) => {
    const moment = { since: deletion.silentSince, now }
    const deleted = await deleteSilentEndpoints(tx, ids, moment)
    if (deleted.length > 0) await saveAudit(tx, entryOf(deleted, deletion.because, now))
    return deleted.length
  })
}

function entryOf(deleted: readonly ChangedEndpoint[], because: string, at: Instant) {
  const [first] = deleted
  const isOne = deleted.length === 1 && first !== undefined
  const what = isOne ? first.hostname : `${deleted.length} endpoints`
  return {
    at,
    by: SERVER_PARTY,
    action: 'endpoint.delete',
    subject: isOne ? first.id : '',
    result: 'success' as const,
    reason: null,
    description: `Deleted ${what}: ${because}`,
    before: {
      endpoints: deleted.length,
      deleted: deleted.map(({ id, hostname }) => ({ endpoint_id: id, hostname })),
    },
    after: null,
  }
}
