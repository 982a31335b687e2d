import { sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { Writer } from './open.ts'

/**
 * Forgets at most `limit` upgrades of actions that were ordered before that time, and the actions
 * that have none left, with their rollouts. What is open stays, and so does the newest of each
 * endpoint: by it people see how the last one went. How many upgrades were forgotten.
 */
export async function deleteOldUpgrades(
  writer: Writer,
  old: { readonly before: Instant; readonly limit: number },
): Promise<number> {
  const gone = await sql`
    delete from upgrade using (
      select action_id, endpoint_id
      from upgrade join upgrade_action on id = action_id
      where created_at < ${old.before} and finished_at is not null and exists (
        select from upgrade as later
        where later.endpoint_id = upgrade.endpoint_id and later.action_id > upgrade.action_id
      )
      limit ${old.limit}
    ) as old
    where upgrade.action_id = old.action_id and upgrade.endpoint_id = old.endpoint_id
    `.execute(writer)
  await sql`
    with gone as (
      delete from upgrade_action where created_at < ${old.before}
        and not exists (select from upgrade where action_id = id) returning id
    )
    delete from rollout using gone where action_id = id`.execute(writer)
  return Number(gone.numAffectedRows ?? 0)
}
