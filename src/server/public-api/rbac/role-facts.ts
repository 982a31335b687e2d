import type { Role } from '../../../domain/access/role.ts'

/** A role as the audit log tells it. */
export function roleFacts(role: Role): Readonly<Record<string, unknown>> {
  const { name, description, permissions } = role
  return { name, description, permissions: [...permissions] }
}
