import { accept, type Result, refuse } from '../../base/result.ts'
import { CONNECTION_LIMITS, type ConnectionLimits } from '../endpoint/endpoint.ts'

/** After how many days without a check-in an endpoint counts as lost, and is deleted. */
export type AgentStatus = { readonly lostAfterDays: number; readonly deletedAfterDays: number }

export type AgentStatusRefusal = {
  readonly code: 'retention-too-short'
  readonly lostAfterDays: number
  readonly deletedAfterDays: number
}

const DAY_MS = 86_400_000

/** The documented defaults. */
export const AGENT_STATUS_DEFAULT: AgentStatus = {
  lostAfterDays: CONNECTION_LIMITS.lostMs / DAY_MS,
  deletedAfterDays: 180,
}

/** Nothing is deleted that is not called lost first, for a day at least. */
export function changeAgentStatus(
  present: AgentStatus,
  change: { readonly [Field in keyof AgentStatus]: number | null },
): Result<AgentStatus, AgentStatusRefusal> {
  const lostAfterDays = change.lostAfterDays ?? present.lostAfterDays
  const deletedAfterDays = change.deletedAfterDays ?? present.deletedAfterDays
  if (deletedAfterDays <= lostAfterDays) {
    return refuse({ code: 'retention-too-short', lostAfterDays, deletedAfterDays })
  }
  return accept({ lostAfterDays, deletedAfterDays })
}

export function connectionLimits(status: AgentStatus): ConnectionLimits {
  return { ...CONNECTION_LIMITS, lostMs: status.lostAfterDays * DAY_MS }
}

export function deletedAfterMs(status: AgentStatus): number {
  return status.deletedAfterDays * DAY_MS
}

const DELETED_AT_ONCE = 10
const DELETED_SHARE = 0.01

/**
 * How many endpoints one run may delete because they are lost. If time itself is wrong, the whole
 * fleet looks lost: a hundredth of it an hour leaves a person most of a day to notice.
 */
export function lostDeletionsMax(endpoints: number): number {
  return Math.max(DELETED_AT_ONCE, Math.floor(endpoints * DELETED_SHARE))
}
