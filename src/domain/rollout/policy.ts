/**
 * How an upgrade action is to be carried out, as whoever orders it says. An order that says nothing
 * has the policy of the instance's settings, which is one wave without a budget unless somebody set
 * another.
 */

/** So many endpoints, or so many of each hundred of the action's. */
export type Share =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'percent'; readonly percent: number }

/**
 * A group of endpoints that follows the one before it: until so many percent of the action's
 * endpoints are in a wave, those in earlier waves included; or those that have a tag.
 */
export type WaveRule =
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'tag'; readonly tag: string }

/** Of each wave. Where both are said the smaller one counts; both null: there is no budget. */
export type FailureBudget = { readonly count: number | null; readonly percent: number | null }

export type RolloutPolicy = {
  /** The first wave, chosen to cover what there is; null: there is none. */
  readonly canary: Share | null
  /** In order; endpoints that no rule takes are a last wave of their own. */
  readonly waves: readonly WaveRule[]
  /** How many of the action's endpoints are upgraded at once; null: as the instance has it. */
  readonly maxConcurrent: number | null
  /** How long a wave that is done is watched before the next one begins. */
  readonly soakMinutes: number
  readonly failureBudget: FailureBudget
  /** How long a new version may take to prove itself; null: as the server has it. */
  readonly probationMinutes: number | null
  /** How often one endpoint tries, where a try ended before the switch for want of something. */
  readonly maxAttempts: number
  /** Bytes a second for each endpoint's download; null: as fast as it goes. */
  readonly downloadRate: number | null
}

export const NO_POLICY: RolloutPolicy = {
  canary: null,
  waves: [],
  maxConcurrent: null,
  soakMinutes: 0,
  failureBudget: { count: null, percent: null },
  probationMinutes: null,
  maxAttempts: 1,
  downloadRate: null,
}

/** How many endpoints a share is of so many; one at least, where there is one. */
export function sizeOf(share: Share, endpoints: number): number {
  const wanted = share.kind === 'count' ? share.count : Math.ceil((share.percent * endpoints) / 100)
  return Math.min(endpoints, Math.max(1, wanted))
}

/**
 * How many endpoints of a wave of so many may fail: with the last of them the rollout halts. Null:
 * there is no budget. One at least, because a wave that may try nothing never ends.
 */
export function budgetOf(budget: FailureBudget, endpoints: number): number | null {
  const { count, percent } = budget
  const ofPercent = percent === null ? null : Math.floor((percent * endpoints) / 100)
  const limits = [count, ofPercent].filter((limit) => limit !== null)
  return limits.length === 0 ? null : Math.max(1, Math.min(...limits))
}
