/** Values for the tests of this room: every field said once, tests say what differs. */
import type { Digest } from '../base/digest.ts'
import { digestOf } from '../base/digest.ts'
import type { AttemptId, DistributionId, EndpointId, RunId, UpgradeActionId } from '../base/ids.ts'
import type { AgentVersion } from '../base/version.ts'
import type { EndpointFacts, EndpointState } from './endpoint/endpoint.ts'
import type { CheckIn } from './endpoint/receive-check-in.ts'
import { NO_FLOORS } from './release/floors.ts'
import type { Release } from './release/release.ts'
import { NO_POLICY } from './rollout/policy.ts'
import { newRollout, type Rollout } from './rollout/rollout.ts'
import type { CreateUpgradeAction } from './upgrade/create-upgrade-action.ts'
import type { AttemptProgress } from './upgrade/record-outcome.ts'
import type { Upgrade } from './upgrade/upgrade.ts'

export const version = (text: string): AgentVersion => text as AgentVersion
export const digest = (text: string): Digest => digestOf(text)
export const LINUX = { platform: 'linux', arch: 'x64', libc: 'glibc' } as const
export const ENDPOINT = '00000000000000000000000000000001' as EndpointId
export const DISTRIBUTION = '0000000000000000000000000000000d' as DistributionId
export const RUN = '000000000000000000000000000000f1' as RunId
export const ATTEMPT = '000000000000000000000000000000a1' as AttemptId
export const NEW_ATTEMPT = '000000000000000000000000000000a2' as AttemptId
/** A Monday, 03:00 UTC. */
export const NOW = Date.parse('2026-11-23T03:00:00Z')

export const sampleFacts = (facts: Partial<EndpointFacts> = {}): EndpointFacts => ({
  hostname: 'db-1',
  target: LINUX,
  osName: 'Debian GNU/Linux',
  osVersion: '12',
  kernel: '6.1.0',
  kind: 'server',
  ipv4: ['10.0.0.1'],
  ipv6: [],
  macAddresses: ['52:54:00:00:00:01'],
  users: [],
  domain: '',
  machineId: 'm1',
  timeZone: 'Europe/Berlin',
  endpointTags: [],
  installedAt: NOW,
  ...facts,
})

export const sampleState = (state: Partial<EndpointState> = {}): EndpointState => ({
  version: version('1.0.0.1'),
  manifestDigest: digest('release 1'),
  facts: sampleFacts(),
  factsDigest: digest('facts'),
  health: { status: 'healthy', details: [] },
  skipped: [],
  runId: RUN,
  previousRunId: null,
  ...state,
})

export const sampleCheckIn = (checkIn: Partial<CheckIn> = {}): CheckIn => ({
  runId: RUN,
  version: version('1.0.0.1'),
  manifestDigest: digest('release 1'),
  factsDigest: digest('facts'),
  facts: null,
  health: { status: 'healthy', details: [] },
  attempt: null,
  skipped: [],
  newAttemptId: NEW_ATTEMPT,
  ...checkIn,
})

export const sampleUpgrade = (upgrade: Partial<Upgrade> = {}): Upgrade => ({
  actionId: 7 as UpgradeActionId,
  endpointId: ENDPOINT,
  wave: 0,
  zone: 'UTC',
  state: 'queued',
  fromVersion: version('1.0.0.1'),
  targetVersion: version('1.0.0.2'),
  manifestDigest: digest('release 2'),
  steps: [],
  notBefore: null,
  attemptId: null,
  attempts: 0,
  reason: 'awaiting-check-in',
  message: null,
  percent: 0,
  bytesDone: 0,
  bytesTotal: 0,
  retrySkipped: false,
  window: null,
  expiresAt: NOW + 86_400_000,
  deadlineAt: null,
  cancelRequestedAt: null,
  changedAt: NOW - 1000,
  ...upgrade,
})

export const sampleRollout = (rollout: Partial<Rollout> = {}): Rollout => ({
  actionId: 7 as UpgradeActionId,
  ...newRollout(NO_POLICY, [{ name: 'all', size: 1, budget: null }], NOW),
  state: 'running',
  reason: 'in-progress',
  ...rollout,
})

/** Of one endpoint, without a policy. */
export const sampleOrder = (order: Partial<CreateUpgradeAction> = {}): CreateUpgradeAction => ({
  endpointIds: [ENDPOINT],
  targetVersions: new Map([['linux', version('1.0.0.2')]]),
  window: null,
  retrySkipped: false,
  allowDowngrade: false,
  supersede: false,
  excludedTags: [],
  policy: NO_POLICY,
  expiresInMs: null,
  scope: null,
  ...order,
})

export const sampleProgress = (progress: Partial<AttemptProgress> = {}): AttemptProgress => ({
  attemptId: ATTEMPT,
  state: 'downloading',
  percent: 40,
  bytesDone: 400,
  bytesTotal: 1000,
  reason: null,
  message: null,
  ...progress,
})

export const sampleRelease = (release: Partial<Release> = {}): Release => ({
  manifestDigest: digest('release 2'),
  version: version('1.0.0.2'),
  target: LINUX,
  publishedAt: NOW,
  withdrawnAt: null,
  floors: NO_FLOORS,
  ...release,
})
