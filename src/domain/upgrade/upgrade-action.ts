import type { Instant } from '../../base/clock.ts'
import type { UpgradeActionId } from '../../base/ids.ts'
import type { Platform } from '../../base/platform.ts'
import type { AgentVersion } from '../../base/version.ts'
import type { Window } from './window.ts'

/** One order: endpoints, target versions, an optional window. */
export type UpgradeAction = {
  readonly id: UpgradeActionId
  readonly targetVersions: ReadonlyMap<Platform, AgentVersion>
  readonly window: Window | null
  readonly createdAt: Instant
  /** What has not started by then never will. */
  readonly expiresAt: Instant
}

const DAY_MS = 86_400_000

/**
 * The public API's own default for upgrade actions, and the most that can be set: thirty days, then
 * pending becomes expired.
 */
export const ACTION_EXPIRY_MS = 30 * DAY_MS
