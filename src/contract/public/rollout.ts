/**
 * How an upgrade is rolled out, wherever it may be said: `rollout` of `endpoints/upgrade` and of
 * policies, and the instance's own setting. What is absent or null is as the instance has it, so
 * that what was told can be sent back; where there is to be none at all, although the instance has
 * one, `"none"` says so.
 */
import * as z from 'zod'
import { tagName } from '../agent/installation.ts'
import { whole } from '../schema.ts'
import {
  ATTEMPTS_MAX,
  DOWNLOAD_RATE_MAX,
  DOWNLOAD_RATE_MIN,
  PARALLEL_UPGRADES_MAX,
  PROBATION_MINUTES_MAX,
  SOAK_MINUTES_MAX,
  WAVES_MAX,
} from './limits.ts'

/** In place of a value: there is to be none. */
export const NONE = 'none'

const endpointCount = whole(1, PARALLEL_UPGRADES_MAX)
const wholePercent = whole(1, 100)
// Of a wave of thousands, one in a hundred may be too many.
const budgetRight = 'a number above 0, to 100'
const budgetPercent = z.number(budgetRight).gt(0, budgetRight).max(100, budgetRight)

const countOrPercent = 'exactly one of count and percent: {"count": 5} or {"percent": 1}'
const share = z
  .strictObject({ count: endpointCount.optional(), percent: wholePercent.optional() })
  .refine(({ count, percent }) => (count === undefined) !== (percent === undefined), countOrPercent)

type Wave = { readonly percent?: number | undefined; readonly tag?: string | undefined }
const percentOrTag =
  'exactly one of a percent from 1 to 100 (10 or {"percent": 10}) and a tag ({"tag": "lab"})'
const wave = z.union(
  [
    wholePercent.transform((percent): Wave => ({ percent })),
    z
      .strictObject({ percent: wholePercent.optional(), tag: tagName.optional() })
      .refine(({ percent, tag }) => (percent === undefined) !== (tag === undefined), percentOrTag),
  ],
  percentOrTag,
)

function checkWaves(waves: readonly Wave[], context: z.RefinementCtx): void {
  const tags = new Set<string>()
  let reached: number | null = null
  for (const [index, { percent, tag }] of waves.entries()) {
    const complain = (message: string) =>
      context.addIssue({ code: 'custom', path: [index], message })
    if (tag !== undefined && tags.has(tag)) complain(`the tag ${tag} has a wave already`)
    if (tag !== undefined) tags.add(tag)
    if (percent === undefined) continue
    if (reached !== null && percent <= reached) {
      complain(`percents are cumulative: ${percent} must be more than the ${reached} before it`)
    }
    reached = percent
  }
}

const failureBudget = z.strictObject({
  count: endpointCount.nullish(),
  percent: budgetPercent.nullish(),
})

const WHOLE = 'a whole number'
const BUDGET = 'count, percent or both: {"count": 5, "percent": 2}'

function orNone<Schema extends z.ZodType>(schema: Schema, right: string) {
  return z.union([z.literal(NONE), schema], `"none", or ${right}`).nullish()
}

export const rolloutPolicy = z.strictObject({
  /** The first wave: so many endpoints, chosen to cover what there is. */
  canary: orNone(share, countOrPercent),
  /**
   * Cumulative percents of the action's endpoints (a bare number is one), or tags. Empty: all at
   * once.
   */
  waves: z
    .array(wave)
    .max(WAVES_MAX, `at most ${WAVES_MAX} waves`)
    .superRefine(checkWaves)
    .nullish(),
  /** Of this action; the instance has its own limit besides. */
  max_concurrent: orNone(endpointCount, WHOLE),
  /** How long a wave that is done is watched before the next one begins. */
  soak_minutes: whole(0, SOAK_MINUTES_MAX).nullish(),
  /** Of each wave, as a whole: what it does not name has no limit; the smaller of both counts. */
  failure_budget: orNone(failureBudget, BUDGET),
  /** How long a new version may take to prove itself; none: as the server has it. */
  probation_minutes: orNone(whole(1, PROBATION_MINUTES_MAX), WHOLE),
  max_attempts: whole(1, ATTEMPTS_MAX).nullish(),
  /** Bytes a second of each endpoint. */
  download_rate: orNone(whole(DOWNLOAD_RATE_MIN, DOWNLOAD_RATE_MAX), WHOLE),
})
export type RolloutPolicyRequest = z.output<typeof rolloutPolicy>

const toldShare = z.union([z.object({ count: z.int() }), z.object({ percent: z.number() })])
const toldWave = z.union([z.object({ percent: z.number() }), z.object({ tag: z.string() })])

/** As it holds, every field said; null: there is none. */
export const toldRolloutPolicy = z.object({
  canary: toldShare.nullable(),
  waves: z.array(toldWave),
  max_concurrent: z.int().nullable(),
  soak_minutes: z.int(),
  failure_budget: z.object({ count: z.int().nullable(), percent: z.number().nullable() }),
  probation_minutes: z.int().nullable(),
  max_attempts: z.int(),
  download_rate: z.int().nullable(),
})
export type ToldRolloutPolicy = z.output<typeof toldRolloutPolicy>
