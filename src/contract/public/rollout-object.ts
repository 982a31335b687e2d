/**
 * A rollout as it stands, wherever an upgrade action is told; and the plan of one that was only
 * tried (`dry_run`).
 */
import * as z from 'zod'
import { toldRolloutPolicy } from './rollout.ts'

export const rolloutObject = z.object({
  /** `scheduled`, `running`, `paused`, `halted`, `finished` or `cancelled` (docs/vocabulary.md). */
  state: z.string(),
  /** A code of docs/reasons.md. */
  reason: z.string(),
  /** What whoever did it said, or what the halt came of. */
  message: z.string().nullable(),
  policy: toldRolloutPolicy,
  /** In order; the canary, where there is one, is the first. */
  waves: z.array(
    z.object({
      name: z.string(),
      size: z.int(),
      /** With so many failures in it the rollout halts; null: there is no budget. */
      budget: z.int().nullable(),
      /** How many endpoints of it are in each state. */
      counts: z.record(z.string(), z.int()),
      /** Why it did no more when it was last looked at: a code of docs/reasons.md. */
      hold: z.string(),
    }),
  ),
  /** The last wave that may begin, counted from 0. */
  current_wave: z.int(),
  /** When the watch over the wave that is done ends; null: nothing is watched. */
  soak_until: z.int().nullable(),
  changed_at: z.int(),
})
export type RolloutObject = z.output<typeof rolloutObject>

export const upgradePlan = z.object({
  waves: z.array(
    z.object({
      name: z.string(),
      size: z.int(),
      budget: z.int().nullable(),
      /** The first hundred. */
      endpoint_ids: z.array(z.string()),
      /** When its first endpoint may begin; null: as things are, never. */
      begins_at: z.int().nullable(),
    }),
  ),
  /** The first hundred, in the order of their turn. */
  endpoints: z.array(
    z.object({
      endpoint_id: z.string(),
      wave: z.int(),
      wave_name: z.string(),
      target_version: z.string(),
      /** Another one where the target cannot be reached at once. */
      step_version: z.string(),
      /** In which its hours are read; empty: not known. */
      zone: z.string(),
      /** When it may begin; null: not as things are, or it is not heard of. */
      begins_at: z.int().nullable(),
      /** When its closed hours end; null: they are open now, or nobody can tell. */
      opens_at: z.int().nullable(),
      /** Heard of lately. */
      is_heard_of: z.boolean(),
      text: z.string(),
    }),
  ),
  /** Not heard of lately: they are in the waves, and in no estimate. */
  offline_count: z.int(),
  /** When the last of the others is done; null: as things are, some never begin. */
  ends_at: z.int().nullable(),
  /** What the estimate stands on. */
  assumed: z.object({
    /** How long one upgrade takes. */
    upgrade_s: z.int(),
    /** Upgrades of the last month that this is the median of; 0: none, it is assumed. */
    measured_upgrades: z.int(),
    check_in_interval_s: z.int(),
  }),
})
export type UpgradePlan = z.output<typeof upgradePlan>
