/** A report of an endpoint as the documented row shows it. */
import type * as z from 'zod'
import type { agentsReport } from '../../../contract/public/audits.ts'
import { REPORT_KINDS, type ReportKind } from '../../../domain/report/agent-report.ts'
import type { ListedReport } from '../../../store/agent-report-list.ts'

export type AgentsReport = z.infer<typeof agentsReport>

type Told = { readonly category: string; readonly type: string; readonly subtype: string }

/** The original's words, where it has them; deleting and restoring are actions of ours. */
const TOLD: Readonly<Record<ReportKind, Told>> = {
  install: { category: 'Audit', type: 'Installation', subtype: 'Install' },
  upgrade: { category: 'Audit', type: 'Installation', subtype: 'Upgrade' },
  delete: { category: 'Audit', type: 'Action', subtype: 'Delete Endpoint' },
  restore: { category: 'Audit', type: 'Action', subtype: 'Restore Endpoint' },
  'copied-identity': { category: 'Monitoring', type: 'Agent service', subtype: 'Copied identity' },
  healthy: { category: 'Status', type: 'Agent status', subtype: 'Fully protected' },
  unhealthy: { category: 'Status', type: 'Agent status', subtype: 'Partially protected' },
}

const SEVERITIES = {
  informational: 'Informational',
  low: 'Low',
  medium: 'Medium',
  high: 'High',
} as const

export function renderReport(report: ListedReport): AgentsReport {
  const { category, type, subtype } = TOLD[report.kind]
  return {
    TIMESTAMP: floatOf(report),
    RECEIVEDTIME: floatOf(report),
    ENDPOINTID: report.endpointId,
    ENDPOINTNAME: report.endpointName,
    DOMAIN: report.domain,
    TRAPSVERSION: report.version,
    XDRVERSION: report.version,
    CATEGORY: category,
    TYPE: type,
    SUBTYPE: subtype,
    RESULT: report.result === 'success' ? 'Success' : 'Failed',
    REASON: report.reason,
    SEVERITY: SEVERITIES[report.severity],
    DESCRIPTION: describe(report),
  }
}

/**
 * Strict clients want a number with a fraction: it counts the reports within the millisecond, so
 * that those of one moment keep their order.
 */
function floatOf({ at, id }: ListedReport): number {
  return at + ((id % 999) + 1) / 1000
}

function describe({ kind, result, version, endpointName, message }: ListedReport): string {
  const more = message === null ? '' : `: ${message}`
  switch (kind) {
    case 'install':
      return `Agent version ${version} installed on ${endpointName}`
    case 'upgrade':
      return result === 'success'
        ? `Agent upgraded to version ${version} on ${endpointName}`
        : `Agent upgrade failed on ${endpointName}, which has version ${version}${more}`
    case 'delete':
      return `${endpointName} was deleted`
    case 'restore':
      return `${endpointName} was deleted and checked in again`
    case 'copied-identity':
      return `${endpointName} spoke with a copied identity and got one of its own`
    case 'healthy':
      return `The agent on ${endpointName} is well`
    case 'unhealthy':
      return `The agent on ${endpointName} is not well${more}`
  }
}

/** The kinds whose word in this column is one of the texts, in any letter case. */
export function kindsWith(part: keyof Told, texts: readonly string[]): readonly ReportKind[] {
  const wanted = new Set(texts.map((text) => text.trim().toLowerCase().replaceAll('_', ' ')))
  return REPORT_KINDS.filter((kind) => wanted.has(TOLD[kind][part].toLowerCase()))
}

/** In the order of their words in this column. */
export function kindsBy(part: keyof Told): readonly ReportKind[] {
  return REPORT_KINDS.toSorted((left, right) => (TOLD[left][part] < TOLD[right][part] ? -1 : 1))
}
