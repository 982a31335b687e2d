/** Upgrade policies, and what each of them ordered. */
import { type Selectable, sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { UpgradeActionId, UpgradePolicyId } from '../base/ids.ts'
import type { Platform } from '../base/platform.ts'
import type { AgentVersion } from '../base/version.ts'
import { isOver, type RolloutState, type Wave } from '../domain/rollout/rollout.ts'
import type { PolicyOrder, PolicyProof } from '../domain/upgrade-policy/follow-releases.ts'
import { policyKey } from '../domain/upgrade-policy/set-upgrade-policy.ts'
import {
  inPrecedence,
  type PolicyRules,
  type UpgradePolicy,
} from '../domain/upgrade-policy/upgrade-policy.ts'
import { saveEvents } from './events.ts'
import { holdName } from './leases.ts'
import type { Reader, Writer } from './open.ts'
import { storedDigest } from './releases.ts'
import type { UpgradePolicyTable } from './tables-of-upgrades.ts'

export type StoredPolicy = UpgradePolicy & {
  /** The code by which its last order was refused; null: it was not. */
  readonly refusal: string | null
}

/** Nobody else changes a policy until this transaction ends: names and numbers are decided on. */
export async function holdUpgradePolicies(writer: Writer): Promise<void> {
  await holdName(writer, 'upgrade-policies-changed')
}

/** Who comes first governs. */
export async function loadUpgradePolicies(reader: Reader): Promise<readonly StoredPolicy[]> {
  const rows = await reader.selectFrom('upgrade_policy').selectAll().execute()
  return inPrecedence(rows.map(policyOf))
}

/** Whether there is one that may order something. */
export async function hasEnabledPolicy(reader: Reader): Promise<boolean> {
  const row = await reader
    .selectFrom('upgrade_policy')
    .select('id')
    .where('is_enabled', '=', true)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Its id. */
export async function saveNewUpgradePolicy(
  writer: Writer,
  policy: Omit<UpgradePolicy, 'id'>,
): Promise<UpgradePolicyId> {
  const { createdBy: created_by, createdAt: created_at } = policy
  const row = await writer
    .insertInto('upgrade_policy')
    .values({ ...rowOf(policy), created_by, created_at, refusal: null })
    .returning('id')
    .executeTakeFirstOrThrow()
  await saveChanged(writer, policy)
  return row.id as UpgradePolicyId // Branding what the store just gave.
}

export async function saveUpgradePolicy(writer: Writer, policy: UpgradePolicy): Promise<void> {
  await writer
    .updateTable('upgrade_policy')
    .set({ ...rowOf(policy), refusal: null })
    .where('id', '=', policy.id)
    .execute()
  await saveChanged(writer, policy)
}

/** What it ordered goes on, as an action of its own. */
export async function deleteUpgradePolicy(
  writer: Writer,
  policy: UpgradePolicy,
  by: { readonly changedBy: string; readonly changedAt: Instant },
): Promise<void> {
  await writer.deleteFrom('upgrade_policy').where('id', '=', policy.id).execute()
  await saveChanged(writer, { ...policy, ...by })
}

async function saveChanged(
  writer: Writer,
  { name, changedBy, changedAt }: Pick<UpgradePolicy, 'name' | 'changedBy' | 'changedAt'>,
): Promise<void> {
  await saveEvents(writer, changedAt, [{ type: 'upgrade-policy.changed', name, by: changedBy }])
}

/** Why what it wants is not ordered. Says whether that is news. */
export async function savePolicyRefusal(
  writer: Writer,
  id: UpgradePolicyId,
  refusal: string | null,
): Promise<boolean> {
  const done = await writer
    .updateTable('upgrade_policy')
    .set({ refusal })
    .where('id', '=', id)
    .where(sql<boolean>`refusal is distinct from ${refusal}::text`)
    .executeTakeFirst()
  return Number(done.numUpdatedRows) > 0
}

/** The caller made the action in the same transaction, from the policy as it is there. */
export async function savePolicyOrder(
  writer: Writer,
  { id, generation }: UpgradePolicy,
  actionId: UpgradeActionId,
): Promise<void> {
  const order = { action_id: actionId, policy_id: id, generation }
  await writer.insertInto('upgrade_policy_order').values(order).execute()
}

/** Of each policy those that are not finished, and the newest. */
export async function loadPolicyOrders(
  reader: Reader,
  policyIds: readonly UpgradePolicyId[],
  heardSince: Instant,
): Promise<readonly PolicyOrder[]> {
  if (policyIds.length === 0) return []
  const rows = await reader
    .selectFrom('upgrade_policy_order as ordered')
    .innerJoin('upgrade_action', 'upgrade_action.id', 'ordered.action_id')
    .innerJoin('rollout', 'rollout.action_id', 'ordered.action_id')
    .select(['ordered.policy_id', 'ordered.generation', 'ordered.action_id'])
    .select(['upgrade_action.created_at', 'upgrade_action.target_versions'])
    .select(['rollout.state', 'rollout.waves', 'rollout.current_wave'])
    .where(sql<boolean>`ordered.policy_id = any(${[...policyIds]}::bigint[])`)
    .where(
      sql<boolean>`(rollout.state <> 'finished' or ordered.action_id in (
        select max(action_id) from upgrade_policy_order group by policy_id))`,
    )
    .orderBy('ordered.action_id', 'desc')
    .execute()
  const open = rows.filter(({ state }) => !isOver(state as RolloutState))
  const awaited = await loadAwaited(
    reader,
    open.map((row) => row.action_id),
    heardSince,
  )
  return rows.map((row) => {
    // What is branded was checked before it was stored.
    const waves = row.waves as readonly Wave[]
    return {
      policyId: row.policy_id as UpgradePolicyId,
      generation: row.generation,
      actionId: row.action_id as UpgradeActionId,
      createdAt: row.created_at,
      targetVersions: new Map(Object.entries(row.target_versions) as [Platform, AgentVersion][]),
      state: row.state as RolloutState,
      isSettled: row.current_wave >= waves.length - 1 && !awaited.has(row.action_id),
    }
  })
}

/** Actions of which something is under way, or could be: its endpoint is heard of. */
async function loadAwaited(
  reader: Reader,
  actionIds: readonly number[],
  heardSince: Instant,
): Promise<ReadonlySet<number>> {
  const { rows } = await sql<{ id: number }>`
    select id from unnest(${[...actionIds]}::bigint[]) as given(id)
    where exists (
      select from upgrade join liveness on liveness.endpoint_id = upgrade.endpoint_id
      where upgrade.action_id = given.id and finished_at is null
        and (deadline_at is not null or last_seen >= ${heardSince})
    )`.execute(reader)
  return new Set(rows.map(({ id }) => id))
}

/** How builds fared in what a policy ordered: one row for each of them that it ordered. */
export async function loadPolicyProofs(
  reader: Reader,
  { id, generation }: Pick<UpgradePolicy, 'id' | 'generation'>,
  builds: readonly Digest[],
): Promise<readonly PolicyProof[]> {
  const { rows } = await sql<{ digest: string; succeeded: boolean; failed: boolean }>`
    select given.digest,
      ${existsOrdered(id, sql`state = 'succeeded'`)} as succeeded,
      ${existsOrdered(
        id,
        sql`state in ('rolled-back', 'failed', 'timed-out') and generation = ${generation}`,
      )} as failed
    from unnest(${[...builds]}::text[]) as given(digest)`.execute(reader)
  return rows.map((row) => ({
    policyId: id,
    manifestDigest: storedDigest(row.digest),
    hasSucceeded: row.succeeded,
    hasFailed: row.failed,
  }))
}

function existsOrdered(id: UpgradePolicyId, such: ReturnType<typeof sql>) {
  return sql`exists (
    select from upgrade_policy_order as ordered join upgrade using (action_id)
    where ordered.policy_id = ${id} and upgrade.manifest_digest = given.digest and ${such}
  )`
}

function rowOf(policy: Omit<UpgradePolicy, 'id'>) {
  return {
    name: policy.name,
    name_key: policyKey(policy.name),
    priority: policy.priority,
    is_enabled: policy.isEnabled,
    rules: JSON.stringify(policy.rules),
    generation: policy.generation,
    changed_by: policy.changedBy,
    changed_at: policy.changedAt,
  }
}

/** The reverse of `rowOf`. */
function policyOf(row: Selectable<UpgradePolicyTable>): StoredPolicy {
  return {
    id: row.id as UpgradePolicyId, // What is branded was checked before it was stored.
    name: row.name,
    priority: row.priority,
    isEnabled: row.is_enabled,
    rules: row.rules as PolicyRules,
    generation: row.generation,
    refusal: row.refusal,
    createdBy: row.created_by,
    createdAt: row.created_at,
    changedBy: row.changed_by,
    changedAt: row.changed_at,
  }
}
