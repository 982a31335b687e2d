/**
 * Who may do what, all of it: keys, roles, users and groups, and what each key comes to. A key of a
 * user may never do more than its user at that moment, so taking a role from somebody takes effect
 * on all their keys; a key of nobody may do what its role says.
 */
import type { Instant } from '../../base/clock.ts'
import { grants, PERMISSIONS, type Permission } from './permission.ts'
import { type Role, roleKey } from './role.ts'
import { type Scope, sharedScope } from './scope.ts'

/** A key that was not deleted. */
export type KeyGrant = {
  readonly id: number
  /** A role's name. */
  readonly role: string
  readonly scope: Scope
  readonly userEmail: string | null
  readonly expiresAt: Instant | null
}

export type User = {
  /** As it is found: without letter case. */
  readonly email: string
  readonly role: string | null
  readonly scope: Scope
}

export type UserGroup = {
  readonly name: string
  readonly role: string | null
  readonly members: readonly string[]
}

export type Access = {
  readonly keys: readonly KeyGrant[]
  /** Built-in ones and those of the operator. */
  readonly roles: readonly Role[]
  readonly users: readonly User[]
  readonly groups: readonly UserGroup[]
}

export type Grant = { readonly role: Role; readonly scope: Scope }

export function emailKey(email: string): string {
  return email.trim().toLowerCase()
}

export function findRole(roles: readonly Role[], name: string): Role | null {
  const wanted = roleKey(name)
  return roles.find((role) => roleKey(role.name) === wanted) ?? null
}

/** What each key may do now, by its id. A role or user that is gone grants nothing. */
export function resolveGrants(access: Access): ReadonlyMap<number, Grant> {
  const roles = new Map(access.roles.map((role) => [roleKey(role.name), role]))
  const users = new Map(access.users.map((user) => [user.email, user]))
  const granted = permissionsOfUsers(access, roles)
  return new Map(
    access.keys.map((key) => {
      const role = roles.get(roleKey(key.role)) ?? noRole(key.role)
      if (key.userEmail === null) return [key.id, { role, scope: key.scope }]
      const user = users.get(key.userEmail)
      const permissions = shared(role.permissions, granted.get(key.userEmail) ?? new Set())
      const scope = sharedScope(key.scope, user?.scope ?? null)
      return [key.id, { role: { ...role, permissions }, scope }]
    }),
  )
}

/** A role that is gone grants nothing. */
export function noRole(name: string): Role {
  return { name, description: '', permissions: new Set(), isBuiltIn: false }
}

/** Of the user's own role and those of the groups; only of users who are there. */
function permissionsOfUsers(
  access: Access,
  roles: ReadonlyMap<string, Role>,
): ReadonlyMap<string, ReadonlySet<Permission>> {
  const granted = new Map(access.users.map((user) => [user.email, new Set<Permission>()]))
  const give = (email: string, name: string | null) => {
    const role = name === null ? undefined : roles.get(roleKey(name))
    for (const permission of role?.permissions ?? []) granted.get(email)?.add(permission)
  }
  for (const user of access.users) give(user.email, user.role)
  for (const group of access.groups) {
    for (const email of group.members) give(email, group.role)
  }
  return granted
}

/** Who may edit an area and meets somebody who may view it may view it. */
function shared(left: ReadonlySet<Permission>, right: ReadonlySet<Permission>): Set<Permission> {
  return new Set(PERMISSIONS.filter((each) => grants(left, each) && grants(right, each)))
}
