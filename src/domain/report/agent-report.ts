/**
 * What endpoints are reported to have gone through, for `audits/agents_reports`: a row for each
 * thing that a person would look for later, written with what caused it.
 */
import type { EndpointId } from '../../base/ids.ts'
import type { Health } from '../endpoint/endpoint.ts'
import type { Upgrade, UpgradeState } from '../upgrade/upgrade.ts'

export const REPORT_KINDS = [
  /** The agent came onto the machine, or came back to it. */
  'install',
  'upgrade',
  /** It was deleted from the fleet. */
  'delete',
  /** A deleted endpoint checked in again. */
  'restore',
  /** Two machines spoke with one identity. */
  'copied-identity',
  'healthy',
  'unhealthy',
] as const
export type ReportKind = (typeof REPORT_KINDS)[number]

export type ReportSeverity = 'informational' | 'low' | 'medium' | 'high'

export type AgentReport = {
  readonly endpointId: EndpointId
  readonly kind: ReportKind
  readonly result: 'success' | 'failure'
  /** A code of docs/reasons.md, or what the agent calls it. */
  readonly reason: string | null
  /** A sentence from the endpoint. */
  readonly message: string | null
  readonly severity: ReportSeverity
}

/** Of what went as it should. */
export function plainReport(endpointId: EndpointId, kind: ReportKind): AgentReport {
  const severity = kind === 'copied-identity' ? 'medium' : 'informational'
  return { endpointId, kind, result: 'success', reason: null, message: null, severity }
}

const ENDED: Partial<Record<UpgradeState, 'success' | 'failure'>> = {
  succeeded: 'success',
  'rolled-back': 'failure',
  failed: 'failure',
  'timed-out': 'failure',
}

/** Null while it goes on, and where nothing was done on the endpoint: cancelled, expired. */
export function reportOfUpgrade(before: UpgradeState, upgrade: Upgrade): AgentReport | null {
  const result = ENDED[upgrade.state]
  if (result === undefined || before === upgrade.state) return null
  const { endpointId, reason, message } = upgrade
  const severity = result === 'success' ? 'informational' : 'medium'
  return { endpointId, kind: 'upgrade', result, reason, message, severity }
}

/** Null when it is as it was. */
export function reportOfHealth(
  endpointId: EndpointId,
  before: Health,
  after: Health,
): AgentReport | null {
  if (before.status === after.status) return null
  if (after.status === 'healthy') return plainReport(endpointId, 'healthy')
  const [first] = after.details
  const reason = first?.title ?? null
  const message = first?.reason ?? null
  const about = { endpointId, reason, message, severity: 'medium' } as const
  return { ...about, kind: 'unhealthy', result: 'failure' }
}
