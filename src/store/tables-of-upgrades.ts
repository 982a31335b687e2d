/** Orders, how they are carried out, and each endpoint's part; a part of `tables.ts`. */
import type { Generated } from 'kysely'
import type { Json } from './json-column.ts'

export type UpgradeActionTable = {
  readonly id: Generated<number>
  readonly target_versions: Json<Record<string, string>>
  readonly window: Json<unknown>
  readonly created_by: string
  readonly created_at: number
  readonly expires_at: number
}

/** How an action is carried out: one for each. */
export type RolloutTable = {
  readonly action_id: number
  readonly state: string
  readonly reason: string
  readonly message: string | null
  readonly policy: Json<unknown>
  readonly waves: Json<unknown>
  readonly current_wave: number
  readonly soak_since: number | null
  readonly forgiven: Json<readonly number[]>
  readonly generation: number
  readonly holds: Json<readonly string[]>
  readonly changed_at: number
}

export type UpgradePolicyTable = {
  readonly id: Generated<number>
  readonly name: string
  /** The name by which it is found (`policyKey`). */
  readonly name_key: string
  readonly priority: number
  readonly is_enabled: boolean
  readonly rules: Json<unknown>
  readonly generation: number
  /** Why its last order was refused; null: it was not. */
  readonly refusal: string | null
  readonly created_by: string
  readonly created_at: number
  readonly changed_by: string
  readonly changed_at: number
}

/** Which upgrade actions a policy ordered, and by which generation of its rules. */
export type UpgradePolicyOrderTable = {
  readonly action_id: number
  readonly policy_id: number
  readonly generation: number
}

export type UpgradeTable = {
  readonly action_id: number
  readonly endpoint_id: string
  readonly wave: Generated<number>
  /** IANA zone in which its hours are read; empty: not known. */
  readonly zone: Generated<string>
  readonly state: string
  readonly from_version: string
  readonly target_version: string
  readonly manifest_digest: string
  /** Versions that follow, each with its manifest digest. */
  readonly steps: Json<readonly { readonly version: string; readonly manifestDigest: string }[]>
  readonly not_before: number | null
  readonly attempt_id: string | null
  readonly attempts: number
  readonly reason: string | null
  readonly message: string | null
  readonly percent: number
  readonly bytes_done: number
  readonly bytes_total: number
  readonly retry_skipped: boolean
  readonly window: Json<unknown>
  readonly expires_at: number
  readonly deadline_at: number | null
  /** When somebody wanted it stopped while its endpoint was at work on it. */
  readonly cancel_requested_at: number | null
  readonly changed_at: number
  /** Null while it is open; an endpoint has at most one open upgrade. */
  readonly finished_at: number | null
}
