/** Upgrades for the tests of this folder. */
import type { Digest } from '../../base/digest.ts'
import type { EndpointId, UpgradeActionId } from '../../base/ids.ts'
import type { AgentVersion } from '../../base/version.ts'
import type { Upgrade } from '../upgrade/upgrade.ts'

/** As it is right after the order. */
export function testUpgrade(more: Partial<Upgrade> = {}): Upgrade {
  return {
    actionId: 17 as UpgradeActionId,
    endpointId: 'a'.repeat(32) as EndpointId,
    ...{ wave: 0, zone: 'UTC', state: 'queued' },
    fromVersion: '1.0.0.1' as AgentVersion,
    targetVersion: '1.0.0.2' as AgentVersion,
    manifestDigest: '2'.repeat(64) as Digest,
    ...{ steps: [], notBefore: null, attemptId: null, attempts: 0 },
    ...{ reason: 'awaiting-berth', message: null, percent: 0, bytesDone: 0, bytesTotal: 0 },
    ...{ retrySkipped: false, window: null, expiresAt: 0, deadlineAt: null },
    ...{ cancelRequestedAt: null, changedAt: 0 },
    ...more,
  }
}
