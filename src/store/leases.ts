import type { Instant } from '../base/clock.ts'
import type { Writer } from './open.ts'

/** Whoever else holds the name waits until this transaction ends. */
export async function holdName(writer: Writer, name: string): Promise<void> {
  const lease = { name, owner: '', until: 0 }
  await writer
    .insertInto('lease')
    .values(lease)
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ until: 0 }))
    .execute()
}

/**
 * Takes the lease of that name, or keeps it, until `until`: false when another owner holds it. An
 * owner that dies loses it by time; what is done under a lease must be harmless when two do it,
 * because clocks differ. Everybody takes a lease for the same length: one that ends more than
 * another length after ours would was taken by a clock that ran ahead, and is free.
 */
export async function takeLease(
  writer: Writer,
  lease: { readonly name: string; readonly owner: string; readonly until: Instant },
  now: Instant,
): Promise<boolean> {
  const { owner, until } = lease
  const untilMax = until + (until - now)
  const row = await writer
    .insertInto('lease')
    .values(lease)
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ owner, until })
        .where((where) =>
          where.or([
            where('lease.owner', '=', owner),
            where('lease.until', '<=', now),
            where('lease.until', '>', untilMax),
          ]),
        ),
    )
    .returning('name')
    .executeTakeFirst()
  return row !== undefined
}
