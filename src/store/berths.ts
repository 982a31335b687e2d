import type { Reader } from './open.ts'

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
