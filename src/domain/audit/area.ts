/**
 * Where a person looks for an entry of the audit log: the area of what was changed. Actions are
 * called `noun.verb`; every noun has its area here.
 */
export const AUDIT_AREAS = [
  'action-center',
  'agent-configuration',
  'api-key',
  'auth',
  'distributions',
  'endpoint-management',
  'permissions',
  'public-api',
  'system',
] as const
export type AuditArea = (typeof AUDIT_AREAS)[number]

const AREA_OF_NOUN: Readonly<Record<string, AuditArea>> = {
  'api-key': 'api-key',
  call: 'public-api',
  certificate: 'distributions',
  auth: 'auth',
  configuration: 'agent-configuration',
  distribution: 'distributions',
  endpoint: 'endpoint-management',
  package: 'distributions',
  release: 'distributions',
  role: 'permissions',
  rollout: 'action-center',
  tag: 'endpoint-management',
  upgrade: 'action-center',
  'upgrade-action': 'action-center',
  'upgrade-policy': 'action-center',
  user: 'permissions',
  'user-group': 'permissions',
}

/** What is in no area of its own is the system's. */
export function auditArea(action: string): AuditArea {
  const noun = action.split('.', 1)[0] ?? ''
  return Object.hasOwn(AREA_OF_NOUN, noun) ? (AREA_OF_NOUN[noun] ?? 'system') : 'system'
}

/** `create` of `distribution.create`. */
export function auditVerb(action: string): string {
  return action.split('.')[1] ?? ''
}
