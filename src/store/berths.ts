import { holdName } from './leases.ts'
import type { Reader, Writer } from './open.ts'

/** How many upgrades hold a berth (`holdsBerth`), counted in an index of just these. */
export async function countBerthsTaken(reader: Reader): Promise<number> {
  const row = await reader
    .selectFrom('upgrade')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('finished_at', 'is', null)
    .where('deadline_at', 'is not', null)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/**
 * Like `countBerthsTaken`, and nobody else takes one until this transaction ends. Whoever calls it
 * has locked its endpoint before and locks none after, so that nobody waits in a circle.
 */
export async function lockBerthsTaken(writer: Writer): Promise<number> {
  await holdName(writer, 'berths')
  // A statement of its own: it sees what those who held the name before have committed.
  return await countBerthsTaken(writer)
}
