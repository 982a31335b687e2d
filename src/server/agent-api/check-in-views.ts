import { Batcher } from '../../base/batcher.ts'
import { CLOCK_ERROR_MS_MAX, type Instant } from '../../base/clock.ts'
import type { AttemptId, EndpointId } from '../../base/ids.ts'
import { loadCheckInViews, type StoredCheckInView } from '../../store/check-ins.ts'
import { loadLastSeen, saveLastSeen } from '../../store/endpoints.ts'
import type { Database } from '../../store/open.ts'
import { type Credential, isAuthentic } from './credential.ts'

/** What one request asks the shared read for. */
export type ViewAsk = {
  readonly credential: Credential
  readonly attemptId: AttemptId | null
  /** When the endpoint was heard from; null: this request is no check-in. */
  readonly seenAt: Instant | null
}

/** The view of an endpoint whose credential is right; null for every other request. */
export type CheckInViews = Batcher<ViewAsk, { readonly view: StoredCheckInView | null }>

/**
 * `last_seen` is kept to this grain: an endpoint that does nothing but check in costs one row write
 * in that time, however often it calls. Far below the ten minutes after which it counts as
 * disconnected.
 */
export const LAST_SEEN_GRAIN_MS = 30_000

// Small enough that a batch stays one short query, large enough for ten thousand check-ins a
// second.
const BATCH_MAX = 500

export function createCheckInViews(database: Database): CheckInViews {
  return new Batcher((asks) => loadTogether(database, asks), { itemsMax: BATCH_MAX })
}

async function loadTogether(
  database: Database,
  asks: readonly ViewAsk[],
): Promise<readonly { readonly view: StoredCheckInView | null }[]> {
  const wanted = asks.map((ask) => {
    return { endpointId: ask.credential.endpointId, attemptId: ask.attemptId }
  })
  const views = await loadCheckInViews(database.read, wanted)
  const answers = asks.map((ask) => {
    const view = views.get(ask.credential.endpointId) ?? null
    return { view: isAuthentic(view, ask.credential) ? view : null }
  })
  const heard = asks.filter((_, index) => answers[index]?.view !== null)
  await keepLastSeen(database, heard)
  return answers
}

async function keepLastSeen(database: Database, asks: readonly ViewAsk[]): Promise<void> {
  const seen = new Map<EndpointId, Instant>()
  for (const { credential, seenAt } of asks) {
    if (seenAt !== null) seen.set(credential.endpointId, seenAt)
  }
  const known = await loadLastSeen(database.read, [...seen.keys()])
  const stale = [...seen].filter(([id, at]) => isStale(known.get(id) ?? 0, at))
  const latest = Math.max(...stale.map(([, at]) => at))
  if (stale.length === 0) return
  const ids = stale.map(([id]) => id)
  await database.write((tx) => saveLastSeen(tx, ids, latest))
}

/** Also what a clock that ran ahead wrote: it is put right by the first check-in after it. */
function isStale(lastSeen: Instant, at: Instant): boolean {
  return at - lastSeen >= LAST_SEEN_GRAIN_MS || lastSeen - at > CLOCK_ERROR_MS_MAX
}
