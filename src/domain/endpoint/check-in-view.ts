/** What a check-in is decided on, beside what the agent says. */
import type { Rollout } from '../rollout/rollout.ts'
import type { ClusterView } from '../upgrade/cluster-upgrade.ts'
import type { Upgrade } from '../upgrade/upgrade.ts'
import type { ClosedDays } from '../upgrade/window.ts'
import type { Endpoint } from './endpoint.ts'

export type CheckInView = {
  readonly endpoint: Endpoint
  /** Somebody deleted it; that it checks in again brings it back. */
  readonly isDeleted: boolean
  /** The upgrade that waits or runs here; there is at most one. */
  readonly open: Upgrade | null
  /**
   * The upgrade whose attempt the check-in speaks of, whatever its state; null: the server knows no
   * such.
   */
  readonly reported: Upgrade | null
  /** Whether the open upgrade's release is still offered. */
  readonly isReleaseOffered: boolean
  /** How the open upgrade's action is carried out; null: there is no open upgrade. */
  readonly rollout: Rollout | null
  /** Of an endpoint in a cluster that has an open upgrade. */
  readonly cluster: ClusterView | null
}

export type CheckInLimits = {
  readonly intervalS: number
  readonly probationS: number
  /** Days on which nothing begins. */
  readonly closedDays: readonly ClosedDays[]
  /** Of upgrades without a window: an IANA zone, or `endpoint`. */
  readonly timeZone: string
}
