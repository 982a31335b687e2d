/**
 * Users, groups and roles in the wire's words. All of a list at once, so that many users with many
 * keys cost one walk over each.
 */
import type * as z from 'zod'
import type { roleObject, userGroupObject, userObject } from '../../../contract/public/rbac.ts'
import { type Role, roleKey } from '../../../domain/access/role.ts'
import type { StoredAccess } from '../../../store/access.ts'
import type { StoredGroup, StoredUser } from '../../../store/users.ts'

/** Single sign-on comes with the console; until then there is one kind of users. */
const USER_TYPE = 'CSP'

export type UserObject = z.infer<typeof userObject>
export type RoleObject = z.infer<typeof roleObject>

export function usersIn(access: StoredAccess, users: readonly StoredUser[]): UserObject[] {
  const lastUses = new Map<string, number>()
  for (const { userEmail, lastUsedAt } of access.keys) {
    if (userEmail === null || lastUsedAt === null) continue
    lastUses.set(userEmail, Math.max(lastUses.get(userEmail) ?? 0, lastUsedAt))
  }
  const groups = new Map<string, string[]>()
  for (const group of access.groups) {
    for (const email of group.members) addTo(groups, email, group.name)
  }
  return users.map((user) => ({
    user_email: user.email,
    user_first_name: user.firstName,
    user_last_name: user.lastName,
    role_name: user.role ?? '',
    last_logged_in: lastUses.get(user.email) ?? null,
    user_type: USER_TYPE,
    groups: groups.get(user.email) ?? [],
    scope: [...(user.scope?.tags ?? [])],
  }))
}

/** Keys of nobody are users of their own, as they are in the original. */
export function rolesIn(access: StoredAccess, roles: readonly Role[]): RoleObject[] {
  const users = new Map<string, string[]>()
  const groups = new Map<string, string[]>()
  for (const { role, email } of access.users) {
    if (role !== null) addTo(users, roleKey(role), email)
  }
  for (const { role, userEmail, id } of access.keys) {
    if (userEmail === null) addTo(users, roleKey(role), `Public API - ${id}`)
  }
  for (const { role, name } of access.groups) {
    if (role !== null) addTo(groups, roleKey(role), name)
  }
  const stored = new Map(access.customRoles.map((role) => [roleKey(role.name), role]))
  return roles.map((role) => {
    const key = roleKey(role.name)
    return {
      pretty_name: role.name,
      permissions: [...role.permissions],
      insert_time: stored.get(key)?.createdAt ?? 0,
      update_time: stored.get(key)?.updatedAt ?? null,
      created_by: stored.get(key)?.createdBy ?? 'Drydock',
      description: role.description,
      groups: groups.get(key) ?? [],
      users: users.get(key) ?? [],
      is_built_in: role.isBuiltIn,
    }
  })
}

export function groupIn(group: StoredGroup): z.infer<typeof userGroupObject> {
  return {
    group_name: group.name,
    description: group.description === '' ? null : group.description,
    pretty_name: group.name,
    insert_time: group.createdAt,
    update_time: group.updatedAt,
    user_email: [...group.members],
    source: 'Custom',
    role_name: group.role,
  }
}

function addTo(lists: Map<string, string[]>, key: string, item: string): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}
