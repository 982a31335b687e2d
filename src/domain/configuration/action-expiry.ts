import { accept, type Result, refuse } from '../../base/result.ts'
import { ACTION_EXPIRY_MS } from '../upgrade/upgrade-action.ts'

/**
 * For how many hours an action of each kind waits for its endpoints. Upgrades are the only kind
 * that there is here; what is set for others is kept for whoever reads it back.
 */
export type ActionExpiry = { readonly hours: Readonly<Record<string, number>> }

export type ActionExpiryRefusal = {
  readonly code: 'action-types-too-many'
  readonly most: number
}

const HOUR_MS = 3_600_000
/** The original names fewer than twenty kinds. */
export const ACTION_TYPES_MAX = 50
const UPGRADE = 'agent_upgrade'

/** What upgrades have in the original: thirty days, which is also the most. */
export const ACTION_EXPIRY_DEFAULT: ActionExpiry = {
  hours: { [UPGRADE]: ACTION_EXPIRY_MS / HOUR_MS },
}

export function changeActionExpiry(
  present: ActionExpiry,
  change: ActionExpiry,
): Result<ActionExpiry, ActionExpiryRefusal> {
  const hours = { ...present.hours, ...change.hours }
  if (Object.keys(hours).length > ACTION_TYPES_MAX) {
    return refuse({ code: 'action-types-too-many', most: ACTION_TYPES_MAX })
  }
  return accept({ hours })
}

export function upgradeExpiryMs(expiry: ActionExpiry): number {
  const hours = expiry.hours[UPGRADE]
  return hours === undefined ? ACTION_EXPIRY_MS : hours * HOUR_MS
}
