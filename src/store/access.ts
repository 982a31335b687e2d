import { sql } from 'kysely'
import type { Access } from '../domain/access/grants.ts'
import { BUILT_IN_ROLES } from '../domain/access/role.ts'
import { type ApiKey, loadApiKeys } from './api-keys.ts'
import type { Reader, Writer } from './open.ts'
import { loadRoles, type StoredRole } from './roles.ts'
import { loadUserGroups, loadUsers, type StoredGroup, type StoredUser } from './users.ts'

export type StoredAccess = Pick<Access, 'roles'> & {
  readonly keys: readonly ApiKey[]
  readonly customRoles: readonly StoredRole[]
  readonly users: readonly StoredUser[]
  readonly groups: readonly StoredGroup[]
}

/**
 * Everything that says who may do what. Whoever decides on it reads it in a serializable
 * transaction: its rules are about rows that are not there.
 */
export async function loadAccess(reader: Reader): Promise<StoredAccess> {
  const customRoles = await loadRoles(reader)
  return {
    keys: await loadApiKeys(reader),
    customRoles,
    roles: [...BUILT_IN_ROLES, ...customRoles],
    users: await loadUsers(reader),
    groups: await loadUserGroups(reader),
  }
}

/**
 * Those who change it come one after the other: left to collide, a dozen at once would fail each
 * other until one of them gave up. To be asked first in the transaction, before it sees anything;
 * readers wait for nobody.
 */
export async function lockAccess(writer: Writer): Promise<void> {
  await sql`lock table role in exclusive mode`.execute(writer)
}
