/** Users, groups and roles in the wire's words. */
import type * as z from 'zod'
import type { roleObject, userGroupObject, userObject } from '../../../contract/public/rbac.ts'
import { type Role, roleKey } from '../../../domain/access/role.ts'
import type { StoredAccess } from '../../../store/access.ts'
import type { StoredGroup, StoredUser } from '../../../store/users.ts'

/** Single sign-on comes with the console; until then there is one kind of users. */
const USER_TYPE = 'CSP'

export function userIn(access: StoredAccess, user: StoredUser): z.infer<typeof userObject> {
  const uses = access.keys
    .filter((key) => key.userEmail === user.email)
    .map((key) => key.lastUsedAt ?? 0)
  const lastUse = Math.max(0, ...uses)
  const groups = access.groups.filter((group) => group.members.includes(user.email))
  return {
    user_email: user.email,
    user_first_name: user.firstName,
    user_last_name: user.lastName,
    role_name: user.role ?? '',
    last_logged_in: lastUse === 0 ? null : lastUse,
    user_type: USER_TYPE,
    groups: groups.map((group) => group.name),
    scope: [...(user.scope?.tags ?? [])],
  }
}

/** Keys of nobody are users of their own, as they are in the original. */
export function roleIn(access: StoredAccess, role: Role): z.infer<typeof roleObject> {
  const key = roleKey(role.name)
  const has = (each: { readonly role: string | null }) =>
    each.role !== null && roleKey(each.role) === key
  const keys = access.keys.filter((each) => each.userEmail === null && has(each))
  const stored = access.customRoles.find((each) => roleKey(each.name) === key)
  return {
    pretty_name: role.name,
    permissions: [...role.permissions],
    insert_time: stored?.createdAt ?? 0,
    update_time: stored?.updatedAt ?? null,
    created_by: stored?.createdBy ?? 'Drydock',
    description: role.description,
    groups: access.groups.filter(has).map((group) => group.name),
    users: [
      ...access.users.filter(has).map((user) => user.email),
      ...keys.map((each) => `Public API - ${each.id}`),
    ],
    is_built_in: role.isBuiltIn,
  }
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
