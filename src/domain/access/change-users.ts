/**
 * Users and their groups: what a role means for somebody takes effect on their keys at once, so
 * each of these is also a change of keys. Refusals in the order of their unions.
 */
import type { Instant } from '../../base/clock.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { Actor } from './actor.ts'
import type { RoleUnknown } from './change-roles.ts'
import { type Access, emailKey, findRole, type User, type UserGroup } from './grants.ts'
import { type BeyondOwn, beyondOwn } from './hand-out.ts'
import { type LastLiveKey, locksOut } from './last-editor.ts'
import type { Role } from './role.ts'

export type UserUnknown = { readonly code: 'user-unknown'; readonly emails: readonly string[] }
export type GroupUnknown = { readonly code: 'group-unknown'; readonly names: readonly string[] }

export type CreateUserRefusal =
  | { readonly code: 'user-exists'; readonly email: string }
  | RoleUnknown
  | BeyondOwn
export type SetUserRoleRefusal = RoleUnknown | UserUnknown | BeyondOwn | LastLiveKey
export type DeleteUserRefusal = UserUnknown | LastLiveKey
export type SetUserGroupRefusal = RoleUnknown | UserUnknown | BeyondOwn | LastLiveKey
export type DeleteUserGroupRefusal = GroupUnknown | LastLiveKey

export function decideCreateUser(
  access: Access,
  command: { readonly actor: Actor } & User,
): Result<User, CreateUserRefusal> {
  const email = emailKey(command.email)
  if (access.users.some((user) => user.email === email)) {
    return refuse({ code: 'user-exists', email })
  }
  const named = namedRole(access, command.role)
  if (!named.ok) return named
  const role = named.value
  const { scope } = command
  const beyond = beyondOwn(command.actor, { permissions: permissionsOf(role), scope })
  if (beyond !== null) return refuse(beyond)
  return accept({ email, role: role?.name ?? null, scope })
}

/** Null takes the role away. */
export function decideSetUserRole(
  access: Access,
  command: {
    readonly actor: Actor
    readonly emails: readonly string[]
    readonly role: string | null
  },
  now: Instant,
): Result<{ readonly before: readonly User[]; readonly role: string | null }, SetUserRoleRefusal> {
  const named = namedRole(access, command.role)
  if (!named.ok) return named
  const found = namedUsers(access, command.emails)
  if (!found.ok) return found
  const role = named.value
  for (const { scope } of role === null ? [] : found.value) {
    const beyond = beyondOwn(command.actor, { permissions: permissionsOf(role), scope })
    if (beyond !== null) return refuse(beyond)
  }
  const users = access.users.map((user) =>
    found.value.includes(user) ? { ...user, role: role?.name ?? null } : user,
  )
  if (locksOut(access, { ...access, users }, now)) return refuse({ code: 'last-live-key' })
  return accept({ before: found.value, role: role?.name ?? null })
}

/** The keys of a user who goes, go too: one who comes back does not find them alive. */
export function decideDeleteUser(
  access: Access,
  email: string,
  now: Instant,
): Result<{ readonly user: User; readonly revoked: readonly number[] }, DeleteUserRefusal> {
  const found = namedUsers(access, [email])
  if (!found.ok) return found
  const [user] = found.value as readonly [User] // One was asked for, and is there.
  const isOf = (key: { readonly userEmail: string | null }) => key.userEmail === user.email
  const users = access.users.filter((each) => each !== user)
  const keys = access.keys.filter((key) => !isOf(key))
  if (locksOut(access, { ...access, users, keys }, now)) return refuse({ code: 'last-live-key' })
  return accept({ user, revoked: access.keys.filter(isOf).map((key) => key.id) })
}

/** Made, or changed to exactly this. */
export function decideSetUserGroup(
  access: Access,
  command: { readonly actor: Actor } & UserGroup,
  now: Instant,
): Result<{ readonly before: UserGroup | null; readonly after: UserGroup }, SetUserGroupRefusal> {
  const named = namedRole(access, command.role)
  if (!named.ok) return named
  const found = namedUsers(access, command.members)
  if (!found.ok) return found
  const role = named.value
  const before = findGroup(access, command.name)
  // A group is for the whole instance: whoever has a scope hands out beyond it.
  const beyond = beyondOwn(command.actor, { permissions: permissionsOf(role), scope: null })
  if (beyond !== null) return refuse(beyond)
  const name = before?.name ?? command.name.trim()
  const members = found.value.map((user) => user.email)
  const after: UserGroup = { name, role: role?.name ?? null, members }
  const groups = [...access.groups.filter((group) => group !== before), after]
  if (locksOut(access, { ...access, groups }, now)) return refuse({ code: 'last-live-key' })
  return accept({ before, after })
}

export function decideDeleteUserGroup(
  access: Access,
  name: string,
  now: Instant,
): Result<UserGroup, DeleteUserGroupRefusal> {
  const group = findGroup(access, name)
  if (group === null) return refuse({ code: 'group-unknown', names: [name] })
  const groups = access.groups.filter((each) => each !== group)
  if (locksOut(access, { ...access, groups }, now)) return refuse({ code: 'last-live-key' })
  return accept(group)
}

export function groupKey(name: string): string {
  return name.trim().toLowerCase()
}

export function findGroup<Group extends { readonly name: string }>(
  access: { readonly groups: readonly Group[] },
  name: string,
): Group | null {
  return access.groups.find((group) => groupKey(group.name) === groupKey(name)) ?? null
}

function namedRole(access: Access, name: string | null): Result<Role | null, RoleUnknown> {
  if (name === null) return accept(null)
  const role = findRole(access.roles, name)
  return role === null ? refuse({ code: 'role-unknown', names: [name] }) : accept(role)
}

/** Each once, however often it was named. */
function namedUsers(
  access: Access,
  emails: readonly string[],
): Result<readonly User[], UserUnknown> {
  const users = new Map(access.users.map((user) => [user.email, user]))
  const wanted = [...new Set(emails.map(emailKey))]
  const missing = wanted.filter((email) => !users.has(email))
  if (missing.length > 0) return refuse({ code: 'user-unknown', emails: missing })
  return accept(wanted.flatMap((email) => users.get(email) ?? []))
}

function permissionsOf(role: Role | null): Role['permissions'] {
  return role?.permissions ?? new Set()
}
