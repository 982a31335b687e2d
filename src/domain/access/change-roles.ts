/** Roles of the operator's own. Refusals in the order of their unions. */
import type { Instant } from '../../base/clock.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { Actor } from './actor.ts'
import { type Access, findRole } from './grants.ts'
import { type BeyondOwn, beyondOwn } from './hand-out.ts'
import { type LastLiveKey, locksOut } from './last-editor.ts'
import type { Permission } from './permission.ts'
import { type Role, roleKey } from './role.ts'

export type RoleUnknown = { readonly code: 'role-unknown'; readonly names: readonly string[] }
type RoleBuiltIn = { readonly code: 'role-built-in'; readonly name: string }

export type CreateRoleRefusal = { readonly code: 'role-exists'; readonly name: string } | BeyondOwn
export type UpdateRoleRefusal = RoleUnknown | RoleBuiltIn | BeyondOwn | LastLiveKey
export type DeleteRoleRefusal =
  | RoleUnknown
  | RoleBuiltIn
  | {
      readonly code: 'role-in-use'
      readonly name: string
      readonly keys: number
      readonly users: number
      readonly groups: number
    }

/** A role is for the whole instance: only who sees all endpoints may make or change one. */
const EVERYWHERE = null

export function decideCreateRole(
  access: Access,
  command: { readonly actor: Actor } & Pick<Role, 'name' | 'description' | 'permissions'>,
): Result<Role, CreateRoleRefusal> {
  const { actor, name, description, permissions } = command
  const there = findRole(access.roles, name)
  if (there !== null) return refuse({ code: 'role-exists', name: there.name })
  const beyond = beyondOwn(actor, { permissions, scope: EVERYWHERE })
  if (beyond !== null) return refuse(beyond)
  return accept({ name: name.trim(), description, permissions, isBuiltIn: false })
}

export function decideUpdateRole(
  access: Access,
  command: {
    readonly actor: Actor
    readonly name: string
    /** Undefined: as it was. */
    readonly description: string | undefined
    readonly permissions: ReadonlySet<Permission> | undefined
  },
  now: Instant,
): Result<{ readonly before: Role; readonly after: Role }, UpdateRoleRefusal> {
  const { actor, name } = command
  const before = findRole(access.roles, name)
  if (before === null) return refuse({ code: 'role-unknown', names: [name] })
  if (before.isBuiltIn) return refuse({ code: 'role-built-in', name: before.name })
  const permissions = command.permissions ?? before.permissions
  const after = { ...before, permissions, description: command.description ?? before.description }
  const beyond = beyondOwn(actor, { permissions, scope: EVERYWHERE })
  if (beyond !== null) return refuse(beyond)
  const roles = access.roles.map((role) => (role === before ? after : role))
  if (locksOut(access, { ...access, roles }, now)) return refuse({ code: 'last-live-key' })
  return accept({ before, after })
}

export function decideDeleteRole(access: Access, name: string): Result<Role, DeleteRoleRefusal> {
  const role = findRole(access.roles, name)
  if (role === null) return refuse({ code: 'role-unknown', names: [name] })
  if (role.isBuiltIn) return refuse({ code: 'role-built-in', name: role.name })
  const having = <Holder extends { readonly role: string | null }>(holders: readonly Holder[]) =>
    holders.filter((each) => each.role !== null && roleKey(each.role) === roleKey(name)).length
  const keys = having(access.keys)
  const users = having(access.users)
  const groups = having(access.groups)
  if (keys + users + groups === 0) return accept(role)
  return refuse({ code: 'role-in-use', name: role.name, keys, users, groups })
}
