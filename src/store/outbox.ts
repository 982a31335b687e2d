/**
 * The outbox: what must happen outside the database is first a row, written in the transaction that
 * wants it. A worker takes a row by moving its due time ahead (that is its lease), performs it, and
 * deletes it. A worker that dies leaves a row that falls due again, so every effect is performed at
 * least once and must be repeatable. Several servers may take at once: the update re-checks the due
 * time it read, so each row has one taker. Leases and back-offs are shorter than
 * `CLOCK_ERROR_MS_MAX`: a row that is due later than that was put off by a clock that ran ahead,
 * and is due now.
 */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import { CLOCK_ERROR_MS_MAX, type Instant } from '../base/clock.ts'
import type { Reader, Writer } from './open.ts'
import type { Tables } from './tables.ts'

export type EffectKind = 'build-distribution' | 'remove-artifact'

export type Effect = {
  readonly id: number
  readonly kind: EffectKind
  /** The id of what it is about. */
  readonly subject: string
  readonly attempts: number
}

export async function saveEffect(
  writer: Writer,
  effect: { readonly kind: EffectKind; readonly subject: string },
  now: Instant,
): Promise<void> {
  await writer
    .insertInto('outbox')
    .values({ ...effect, created_at: now, due_at: now, attempts: 0, last_error: null })
    .execute()
}

/**
 * Takes up to `limit` due effects; they are this worker's until `leaseMs` from now. A taking that a
 * crash forgets leaves rows that are due at once, so nobody waits for the disk here. The writer's
 * transaction may do nothing else.
 */
export async function takeEffects(
  writer: Writer,
  take: { readonly limit: number; readonly leaseMs: number },
  now: Instant,
): Promise<readonly Effect[]> {
  await sql`set local synchronous_commit to off`.execute(writer)
  const due = writer
    .selectFrom('outbox')
    .select('id')
    .where((where) => isDue(where, now))
    .orderBy('due_at')
    .limit(take.limit)
    .forUpdate()
    .skipLocked()
  const rows = await writer
    .updateTable('outbox')
    .set((update) => ({
      due_at: now + take.leaseMs,
      attempts: update('attempts', '+', 1),
    }))
    .where('id', 'in', due)
    .where((where) => isDue(where, now))
    .returning(['id', 'kind', 'subject', 'attempts'])
    .execute()
  return rows.map((row) => ({ ...row, kind: row.kind as EffectKind }))
}

function isDue(
  where: ExpressionBuilder<Pick<Tables, 'outbox'>, 'outbox'>,
  now: Instant,
): Expression<SqlBool> {
  return where.or([where('due_at', '<=', now), where('due_at', '>', now + CLOCK_ERROR_MS_MAX)])
}

export async function saveEffectDone(writer: Writer, id: number): Promise<void> {
  await writer.deleteFrom('outbox').where('id', '=', id).execute()
}

export async function saveEffectFailed(
  writer: Writer,
  failure: { readonly id: number; readonly error: string; readonly dueAt: Instant },
): Promise<void> {
  await writer
    .updateTable('outbox')
    .set({ last_error: failure.error, due_at: failure.dueAt })
    .where('id', '=', failure.id)
    .execute()
}

/** When the next effect falls due; undefined when there is none. */
export async function loadNextDue(reader: Reader): Promise<Instant | undefined> {
  const row = await reader
    .selectFrom('outbox')
    .select('due_at')
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst()
  return row?.due_at
}
