/** An API key as the audit log tells it: everything but its secret. */
import type { ApiKey } from '../../../store/api-keys.ts'
import type { AuditedChange } from '../../http/audited.ts'

export function keyFacts(
  key: Pick<ApiKey, 'mode' | 'name' | 'role' | 'scope' | 'userEmail' | 'expiresAt'>,
): Readonly<Record<string, unknown>> {
  const { mode, name, role, scope, userEmail, expiresAt } = key
  return { mode, name, role, scope, userEmail, expiresAt }
}

export function keyDeleted(key: ApiKey): AuditedChange {
  return {
    action: 'api-key.delete',
    subject: String(key.id),
    description: `Deleted API key ${key.id}`,
    before: keyFacts(key),
  }
}
