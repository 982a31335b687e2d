import type { Instant } from '../../base/clock.ts'
import type { Digest } from '../../base/digest.ts'
import type { DistributionId, EndpointId, RunId } from '../../base/ids.ts'
import type { Target } from '../../base/platform.ts'
import type { AgentVersion } from '../../base/version.ts'

/** What an endpoint tells about its machine; times are milliseconds UTC. */
export type EndpointFacts = {
  readonly hostname: string
  readonly target: Target
  readonly osName: string
  readonly osVersion: string
  readonly kernel: string
  readonly kind: 'server' | 'workstation'
  readonly ipv4: readonly string[]
  readonly ipv6: readonly string[]
  readonly macAddresses: readonly string[]
  readonly users: readonly string[]
  readonly domain: string
  /** The installation's own id; empty when the machine has none. */
  readonly machineId: string
  readonly timeZone: string
  readonly endpointTags: readonly string[]
  readonly installedAt: Instant
  /** Absent where the agent is on a machine of its own. */
  readonly cluster?: EndpointCluster
}

/** The DaemonSet whose pod an agent runs in: its agents have one image, and move together. */
export type EndpointCluster = {
  readonly name: string
  /** The DaemonSet's own; empty while the agent cannot read it. */
  readonly uid: string
  readonly namespace: string
  readonly daemonSet: string
  /** Whether its agents may move the image. */
  readonly mayUpgrade: boolean
}

export type Health = {
  readonly status: 'healthy' | 'unhealthy'
  readonly details: readonly { readonly title: string; readonly reason: string }[]
}

/** A version that failed on this endpoint and is not tried again until told. */
export type SkippedVersion = { readonly manifestDigest: Digest; readonly reason: string }

/** What an endpoint is doing; changes with its check-ins. */
export type EndpointState = {
  /** Null until the first check-in after enrolment. */
  readonly version: AgentVersion | null
  readonly manifestDigest: Digest | null
  readonly facts: EndpointFacts
  readonly factsDigest: Digest
  readonly health: Health
  readonly skipped: readonly SkippedVersion[]
  readonly runId: RunId
  /** The life of the agent before this one; it coming back betrays a copied identity. */
  readonly previousRunId: RunId | null
}

export type Endpoint = {
  readonly id: EndpointId
  readonly distributionId: DistributionId
  readonly state: EndpointState
}

/**
 * How long without a check-in an endpoint still counts as connected, and as merely disconnected.
 */
export type ConnectionLimits = { readonly connectedMs: number; readonly lostMs: number }

/** The public API's documented defaults: ten minutes, thirty days. */
export const CONNECTION_LIMITS: ConnectionLimits = {
  connectedMs: 10 * 60_000,
  lostMs: 30 * 86_400_000,
}

export const CONNECTION_STATUSES = ['connected', 'disconnected', 'lost'] as const
export type ConnectionStatus = (typeof CONNECTION_STATUSES)[number]

/**
 * Last seen far in the future: a clock ran ahead then, and nobody knows since when the endpoint is
 * silent. Its next check-in puts that right; until then it is not called connected.
 */
export function connectionStatus(
  lastSeen: Instant,
  now: Instant,
  limits: ConnectionLimits,
): ConnectionStatus {
  const silence = now - lastSeen
  if (Math.abs(silence) < limits.connectedMs) return 'connected'
  return silence < limits.lostMs ? 'disconnected' : 'lost'
}
