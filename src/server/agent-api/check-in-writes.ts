/**
 * Check-ins that change something, decided and saved for all who call in the same moment together:
 * one transaction, in a fixed number of statements. A fleet that is upgraded tells of five changes
 * for each endpoint; a transaction for each would wait for the database a dozen times.
 *
 * Guaranteed: what is decided is decided on rows that are held; a check-in that the database will
 * not take fails alone; two of one endpoint see each other in the order in which they came.
 */
import { Batcher } from '../../base/batcher.ts'
import type { Clock, Instant } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import type { CheckInLimits } from '../../domain/endpoint/check-in-view.ts'
import type { Endpoint } from '../../domain/endpoint/endpoint.ts'
import {
  type CheckIn,
  type CheckInReceived,
  decideReceiveCheckIn,
} from '../../domain/endpoint/receive-check-in.ts'
import { type AuditEntry, SERVER_PARTY, saveAudit } from '../../store/audit.ts'
import {
  lockCheckInViews,
  reloadCluster,
  type StoredCheckInView,
  saveCheckIns,
} from '../../store/check-ins.ts'
import { holdClusters } from '../../store/clusters.ts'
import type { Database, Writer } from '../../store/open.ts'
import { type Credential, isAuthentic } from './credential.ts'
import { createProgressPace, type ProgressPace } from './progress-pace.ts'

export type CheckInWrite = {
  readonly credential: Credential
  readonly checkIn: CheckIn
  readonly limits: CheckInLimits
  readonly now: Instant
}

export type CheckInWritten =
  /** Null: the credential is not, or no longer, an endpoint's. */
  | { readonly kind: 'decided'; readonly received: CheckInReceived | null }
  | { readonly kind: 'failed'; readonly error: unknown }

export type CheckInWrites = Batcher<CheckInWrite, CheckInWritten>

// Endpoints whose rows one batch holds, for some milliseconds.
const BATCH_MAX = 200
/** One is decided on while the database works on another. */
const BATCHES_AT_ONCE_MAX = 3

type Needs = { readonly database: Pick<Database, 'write'>; readonly pace: ProgressPace }

export function createCheckInWrites(
  database: Pick<Database, 'write'>,
  clock: Pick<Clock, 'monotonic'>,
): CheckInWrites {
  const needs = { database, pace: createProgressPace(clock) }
  return new Batcher((writes) => writeInTurn(needs, writes), {
    itemsMax: BATCH_MAX,
    sideBySide: {
      batchesMax: BATCHES_AT_ONCE_MAX,
      keyOf: ({ credential }) => credential.endpointId,
    },
  })
}

/** The second of an endpoint is decided on what its first one made true. */
async function writeInTurn(
  needs: Needs,
  writes: readonly CheckInWrite[],
): Promise<readonly CheckInWritten[]> {
  const done = new Map<CheckInWrite, CheckInWritten>()
  let rest = writes
  while (rest.length > 0) {
    const round = new Map(rest.toReversed().map((write) => [write.credential.endpointId, write]))
    const turn = [...round.values()]
    const written = await writeTogether(needs, turn)
    for (const [index, write] of turn.entries()) done.set(write, written[index] ?? NOT_WRITTEN)
    rest = rest.filter((write) => !done.has(write))
  }
  return writes.map((write) => done.get(write) ?? NOT_WRITTEN)
}

const NOT_WRITTEN: CheckInWritten = {
  kind: 'failed',
  error: new Error('the batch gave no outcome for it'),
}

/** What the database refuses to take is looked for by halves, and refused alone. */
async function writeTogether(
  needs: Needs,
  writes: readonly CheckInWrite[],
): Promise<readonly CheckInWritten[]> {
  try {
    const received = await needs.database.write((tx) => {
      return decideAndSave(tx, needs.pace, writes)
    })
    return received.map((each) => ({ kind: 'decided', received: each }))
  } catch (error) {
    // Best effort: those that can be saved are; to whom it failed, it is rethrown by the door.
    if (writes.length === 1 || error instanceof Fault) {
      return writes.map(() => ({ kind: 'failed', error }))
    }
    const half = Math.ceil(writes.length / 2)
    const first = await writeTogether(needs, writes.slice(0, half))
    return [...first, ...(await writeTogether(needs, writes.slice(half)))]
  }
}

async function decideAndSave(
  tx: Writer,
  pace: ProgressPace,
  writes: readonly CheckInWrite[],
): Promise<readonly (CheckInReceived | null)[]> {
  const views = await lockCheckInViews(tx, writes.map(viewAsk))
  const decided = writes.map((write) => {
    const held = views.get(write.credential.endpointId)
    if (held === undefined || !isAuthentic(held, write.credential)) return null
    return { write, held, received: decide(held, write) }
  })
  const known = decided.filter((each) => each !== null)
  await save(
    tx,
    pace,
    known.filter(({ received }) => !received.takesLead),
  )
  const leaders = known.filter(({ received }) => received.takesLead)
  // Behind the endpoints' rows: in this order everywhere, so that no two wait for each other.
  if (leaders.length > 0) await holdClusters(tx)
  const led = new Map<CheckInWrite, CheckInReceived>()
  for (const { write, held } of leaders) {
    // Behind that: whoever of the cluster led first has been saved.
    const cluster = await reloadCluster(tx, held)
    const received = decide({ ...held, cluster }, write)
    await save(tx, pace, [{ write, held, received }])
    led.set(write, received)
  }
  return decided.map((each) => (each === null ? null : (led.get(each.write) ?? each.received)))
}

type Decided = {
  readonly write: CheckInWrite
  readonly held: StoredCheckInView
  readonly received: CheckInReceived
}

function viewAsk({ credential, checkIn }: CheckInWrite) {
  const { endpointId } = credential
  return { endpointId, attemptId: checkIn.attempt?.attemptId ?? null }
}

function decide(held: StoredCheckInView, { checkIn, limits, now }: CheckInWrite): CheckInReceived {
  return decideReceiveCheckIn(held, checkIn, limits, now)
}

async function save(tx: Writer, pace: ProgressPace, decided: readonly Decided[]): Promise<void> {
  await saveCheckIns(
    tx,
    decided.map(({ write, received }) => {
      return { endpointId: write.credential.endpointId, received, at: write.now }
    }),
    (endpointId) => pace.tells(endpointId),
  )
  for (const { write, held, received } of decided) {
    if (received.isRestored) await saveAudit(tx, restored(held.endpoint, write.now))
  }
}

function restored({ id, state }: Endpoint, now: Instant): AuditEntry {
  return {
    at: now,
    by: { ...SERVER_PARTY, name: `endpoint:${id}` },
    action: 'endpoint.restore',
    subject: id,
    result: 'success',
    reason: null,
    description: `Restored ${state.facts.hostname}, which was deleted and checked in again`,
    before: { deleted: true },
    after: { deleted: false, hostname: state.facts.hostname },
  }
}
