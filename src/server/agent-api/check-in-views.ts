/**
 * What requests of agents need to know, read for all who call in the same moment together. Most
 * check-ins say what is known, of an endpoint without an open upgrade: one narrow query shows that,
 * and nothing else is read for them.
 */
import { Batcher } from '../../base/batcher.ts'
import { CLOCK_ERROR_MS_MAX, type Instant } from '../../base/clock.ts'
import type { Digest } from '../../base/digest.ts'
import { loadCheckInViews, type StoredCheckInView } from '../../store/check-ins.ts'
import { saveLastSeen } from '../../store/endpoints.ts'
import { type KnownEndpoint, loadKnownEndpoints } from '../../store/known-endpoints.ts'
import type { Database } from '../../store/open.ts'
import { type Credential, isAuthentic } from './credential.ts'

/** What one request asks the shared read for. */
export type ViewAsk = {
  readonly credential: Credential
  /** Null: this request is no check-in, and asks only whether it may come in. */
  readonly checkIn: {
    readonly fingerprint: Digest
    readonly isInAttempt: boolean
    readonly at: Instant
  } | null
}

export type ViewAnswer =
  /** The credential is not, or no longer, an endpoint's. */
  | { readonly kind: 'refused' }
  /** It may come in; if it is a check-in, it says nothing new and there is nothing for it. */
  | { readonly kind: 'nothing-new' }
  /** It tells of an attempt, which nearly always changes something: that is decided once, held. */
  | { readonly kind: 'in-attempt' }
  | { readonly kind: 'view'; readonly view: StoredCheckInView }

export type CheckInViews = Batcher<ViewAsk, ViewAnswer>

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
  return new Batcher((asks) => answerTogether(database, asks), { itemsMax: BATCH_MAX })
}

async function answerTogether(
  database: Database,
  asks: readonly ViewAsk[],
): Promise<readonly ViewAnswer[]> {
  const ids = [...new Set(asks.map((ask) => ask.credential.endpointId))]
  const known = await loadKnownEndpoints(database.read, ids)
  const admitted = asks.filter((ask) => isAdmitted(ask, known.get(ask.credential.endpointId)))
  const isNews = (ask: ViewAsk) => hasNews(ask, known.get(ask.credential.endpointId))
  const looked = admitted.filter((ask) => isNews(ask) && !isInAttempt(ask))
  const views = await loadCheckInViews(database.read, looked.map(viewAsk))
  await keepLastSeen(
    database,
    admitted.filter((ask) => !isInAttempt(ask)),
    known,
  )
  const inside = new Set(admitted)
  return asks.map((ask) => {
    if (!inside.has(ask)) return { kind: 'refused' }
    if (isInAttempt(ask)) return { kind: 'in-attempt' }
    if (!isNews(ask)) return { kind: 'nothing-new' }
    const view = views.get(ask.credential.endpointId)
    // Gone between the two reads.
    return view === undefined ? { kind: 'refused' } : { kind: 'view', view }
  })
}

/** A check-in brings a deleted endpoint back; until then it is nobody's. */
function isAdmitted(ask: ViewAsk, known: KnownEndpoint | undefined): boolean {
  if (known?.isDeleted === true && ask.checkIn === null) return false
  return isAuthentic(known ?? null, ask.credential)
}

function hasNews(ask: ViewAsk, known: KnownEndpoint | undefined): boolean {
  if (ask.checkIn === null || known === undefined) return false
  if (known.isDeleted || known.hasOpenUpgrade) return true
  return known.fingerprint !== ask.checkIn.fingerprint
}

function isInAttempt(ask: ViewAsk): boolean {
  return ask.checkIn?.isInAttempt === true
}

function viewAsk({ credential }: ViewAsk) {
  return { endpointId: credential.endpointId, attemptId: null }
}

async function keepLastSeen(
  database: Database,
  asks: readonly ViewAsk[],
  known: Awaited<ReturnType<typeof loadKnownEndpoints>>,
): Promise<void> {
  const stale = asks.flatMap(({ credential, checkIn }) => {
    const lastSeen = known.get(credential.endpointId)?.lastSeen ?? 0
    if (checkIn === null || !isStale(lastSeen, checkIn.at)) return []
    return [{ id: credential.endpointId, at: checkIn.at }]
  })
  if (stale.length === 0) return
  const latest = Math.max(...stale.map(({ at }) => at))
  const ids = stale.map(({ id }) => id)
  await database.write((tx) => saveLastSeen(tx, ids, latest))
}

/** Also what a clock that ran ahead wrote: it is put right by the first check-in after it. */
function isStale(lastSeen: Instant, at: Instant): boolean {
  return at - lastSeen >= LAST_SEEN_GRAIN_MS || lastSeen - at > CLOCK_ERROR_MS_MAX
}
