/**
 * What the event stream tells: that something became true, in the transaction that made it so. An
 * event names what it is about and how that stands now; whoever wants more asks for it.
 */
import type { Instant } from '../../base/clock.ts'
import type { DistributionId, EndpointId, UpgradeActionId } from '../../base/ids.ts'
import type { Permission } from '../access/permission.ts'

export type FleetEvent =
  | {
      readonly type: 'upgrade.changed'
      readonly endpointId: EndpointId
      readonly actionId: UpgradeActionId
      readonly state: string
      readonly reason: string | null
      readonly message: string | null
      readonly percent: number
      readonly targetVersion: string
      /** Absent where an older server wrote it. */
      readonly attempts?: number
      readonly bytesDone?: number
      readonly bytesTotal?: number
      /** When the next try may begin; null: nothing but its turn keeps it. */
      readonly notBefore?: Instant | null
    }
  | {
      readonly type: 'upgrade-action.created' | 'upgrade-action.cancelled'
      readonly actionId: UpgradeActionId
      /** As audit entries name it: `api-key:1`. */
      readonly by: string
      /** How many upgrades were queued, or cancelled. */
      readonly upgrades: number
    }
  | {
      readonly type: 'rollout.changed'
      readonly actionId: UpgradeActionId
      readonly state: string
      readonly reason: string
      readonly message: string | null
      /** The name of the wave that it is at. */
      readonly wave: string
    }
  | {
      readonly type: 'endpoint.enrolled' | 'endpoint.deleted' | 'endpoint.restored'
      readonly endpointId: EndpointId
      readonly hostname: string
    }
  | {
      readonly type: 'distribution.ready' | 'distribution.failed' | 'distribution.deleted'
      readonly distributionId: DistributionId
      readonly name: string
      /** Why it failed; null otherwise. */
      readonly reason: string | null
    }
  | {
      readonly type: 'release.published' | 'release.withdrawn'
      readonly manifestDigest: string
      readonly version: string
      readonly platform: string
      readonly arch: string
      readonly libc: string
    }
  | {
      readonly type: 'upgrade-policy.changed'
      /** Made, changed or deleted: what it is now, or that it is gone, is there to be asked for. */
      readonly name: string
      readonly by: string
    }
  | {
      readonly type: 'configuration.changed'
      /** Which settings: the call's own name, `auto_upgrade`. */
      readonly name: string
      readonly by: string
    }

export type FleetEventType = FleetEvent['type']

/** What somebody must be allowed to see to be told of each. */
export const EVENT_PERMISSIONS: Readonly<Record<FleetEventType, Permission>> = {
  'upgrade.changed': 'upgrades.view',
  'upgrade-action.created': 'upgrades.view',
  'upgrade-action.cancelled': 'upgrades.view',
  'rollout.changed': 'upgrades.view',
  'endpoint.enrolled': 'endpoints.view',
  'endpoint.deleted': 'endpoints.view',
  'endpoint.restored': 'endpoints.view',
  'distribution.ready': 'distributions.view',
  'distribution.failed': 'distributions.view',
  'distribution.deleted': 'distributions.view',
  'release.published': 'releases.view',
  'release.withdrawn': 'releases.view',
  'upgrade-policy.changed': 'upgrades.view',
  'configuration.changed': 'configurations.view',
}
