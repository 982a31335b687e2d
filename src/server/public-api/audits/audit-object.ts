/** An entry of the audit log as the documented row shows it. */
import type * as z from 'zod'
import type { managementLog } from '../../../contract/public/audits.ts'
import type { ListedAudit } from '../../../store/audit-list.ts'

export type ManagementLog = z.infer<typeof managementLog>

export function renderAudit(entry: ListedAudit): ManagementLog {
  const { by, result } = entry
  const name = keptIn(entry, 'name')
  const endpoints = endpointsOf(entry)
  const [hostname = null] = endpoints.endpoint_count === 1 ? endpoints.endpoint_names : []
  return {
    AUDIT_ID: entry.id,
    AUDIT_OWNER_NAME: by.name,
    AUDIT_OWNER_EMAIL: by.email ?? '',
    AUDIT_ASSET_JSON: assetJson(entry),
    AUDIT_ASSET_NAMES: typeof name === 'string' ? name : endpoints.endpoint_names.join(', '),
    AUDIT_HOSTNAME: hostname,
    AUDIT_RESULT: result === 'success' ? 'SUCCESS' : 'FAIL',
    AUDIT_REASON: entry.reason,
    AUDIT_DESCRIPTION: entry.description === '' ? entry.action : entry.description,
    AUDIT_ENTITY: entityOf(entry.area),
    AUDIT_ENTITY_SUBTYPE: subtypeOf(entry.verb),
    AUDIT_SESSION_ID: null,
    AUDIT_CASE_ID: null,
    AUDIT_INSERT_TIME: entry.at,
    AUDIT_SEVERITY: result === 'success' ? 'SEV_010_INFO' : 'SEV_020_LOW',
    AUDIT_LINK: null,
    AUDIT_SOURCE_IP: by.address,
    AUDIT_USER_AGENT: by.userAgent,
    AUDIT_USER_ROLES: by.role === null ? [] : [by.role],
    AUDIT_ADDITIONAL_INFORMATION: endpoints,
    AUDIT_OBJECT_ID: entry.subject,
    AUDIT_SEQUENCE: entry.sequence,
    AUDIT_HASH: entry.hash,
  }
}

function assetJson({ before, after }: ListedAudit): string | null {
  if (before === null && after === null) return null
  return JSON.stringify({ before, after })
}

/** `hostname` is kept of one endpoint, `deleted` of several, `endpoints` says how many. */
function endpointsOf(entry: ListedAudit) {
  const named = [keptIn(entry, 'deleted'), entry.after, entry.before].flat()
  const names = new Set(
    named.map((each) => textIn(each, 'hostname')).filter((name) => name !== null),
  )
  const count = keptIn(entry, 'endpoints')
  return {
    endpoint_names: [...names],
    endpoint_count: typeof count === 'number' ? count : names.size,
  }
}

function textIn(value: unknown, key: string): string | null {
  const found = fieldOf(value, key)
  return typeof found === 'string' ? found : null
}

/** As it became, else as it was. */
function keptIn({ before, after }: ListedAudit, key: string): unknown {
  return fieldOf(after, key) ?? fieldOf(before, key)
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

/** `endpoint-management` is `ENDPOINT_MANAGEMENT`. */
function entityOf(area: string): string {
  return area.replaceAll('-', '_').toUpperCase()
}

export function areaOf(entity: string): string {
  return entity.trim().replaceAll('_', '-').toLowerCase()
}

/** `set-role` is `Set Role`. */
function subtypeOf(verb: string): string {
  return verb
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join(' ')
}

export function verbOf(subtype: string): string {
  return subtype.trim().replaceAll(/[ _]/g, '-').toLowerCase()
}
