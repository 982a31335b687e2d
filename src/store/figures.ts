import type { Scope } from '../domain/access/scope.ts'
import { isInScope } from './endpoint-query.ts'
import type { Reader } from './open.ts'

/** How many there are of what an operator watches. */
export type Figures = {
  readonly outboxDepth: number
  readonly upgradesByState: ReadonlyMap<string, number>
}

export async function loadFigures(reader: Reader): Promise<Figures> {
  const outbox = await reader
    .selectFrom('outbox')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  const upgrades = await reader
    .selectFrom('upgrade')
    .select((select) => ['state', select.fn.countAll<number>().as('count')])
    .groupBy('state')
    .execute()
  return {
    outboxDepth: outbox.count,
    upgradesByState: new Map(upgrades.map((row) => [row.state, row.count])),
  }
}

/** Those in the scope that were not deleted. */
export async function countEndpoints(reader: Reader, scope: Scope = null): Promise<number> {
  const { count } = await reader
    .selectFrom('endpoint')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('deleted_at', 'is', null)
    .where(isInScope(scope))
    .executeTakeFirstOrThrow()
  return count
}

/** Throws the fault of a database that does not answer. */
export async function checkDatabase(reader: Reader): Promise<{ readonly isReleased: boolean }> {
  const row = await reader.selectFrom('release').select('version').limit(1).executeTakeFirst()
  return { isReleased: row !== undefined }
}
