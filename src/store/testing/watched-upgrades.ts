/** Upgrades with what their rollouts say, read without the code that is to be watched. */
import { sql } from 'kysely'
import type { RolloutState, Wave } from '../../domain/rollout/rollout.ts'
import type { Window } from '../../domain/upgrade/window.ts'
import type { Database } from '../open.ts'

export type WatchedUpgrade = {
  readonly action_id: number
  readonly endpoint_id: string
  readonly wave: number
  readonly zone: string
  readonly state: string
  readonly reason: string | null
  readonly attempt_id: string | null
  readonly deadline_at: number | null
  readonly expires_at: number
  readonly changed_at: number
  readonly finished_at: number | null
  readonly window: Window | null
  readonly manifest_digest: string
  readonly rollout_state: RolloutState
  readonly current_wave: number
  readonly waves: readonly Wave[]
  readonly max_concurrent: number | null
}

export async function loadWatchedUpgrades(database: Database): Promise<readonly WatchedUpgrade[]> {
  const rows = await sql<WatchedUpgrade>`
    select upgrade.action_id, endpoint_id, wave, zone, upgrade.state, upgrade.reason, attempt_id,
      deadline_at, upgrade.expires_at, upgrade.changed_at, finished_at, "window", manifest_digest,
      rollout.state as rollout_state, current_wave, waves,
      (policy ->> 'maxConcurrent')::integer as max_concurrent
    from upgrade join rollout on rollout.action_id = upgrade.action_id
    order by upgrade.action_id, endpoint_id`.execute(database.read)
  return rows.rows
}

export async function loadEndpointIds(reader: Database['read']): Promise<readonly string[]> {
  const rows = await reader.selectFrom('endpoint').select('id').orderBy('id').execute()
  return rows.map(({ id }) => id)
}
