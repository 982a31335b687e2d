import type { StoredGroup, StoredUser } from '../../../store/users.ts'

/** A user as the audit log tells it. */
export function userFacts(user: StoredUser): Readonly<Record<string, unknown>> {
  const { email, firstName, lastName, role, scope } = user
  return { email, firstName, lastName, role, scope }
}

export function groupFacts(group: StoredGroup): Readonly<Record<string, unknown>> {
  const { name, description, role, members } = group
  return { name, description, role, members }
}
