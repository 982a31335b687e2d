/** Made-up access for the tests of this folder. */
import type { Actor } from './actor.ts'
import type { Access, KeyGrant } from './grants.ts'
import type { Permission } from './permission.ts'
import { ADMINISTRATOR, BUILT_IN_ROLES, type Role } from './role.ts'
import type { Scope } from './scope.ts'

export const NOW = Date.parse('2026-11-22T08:00:00Z')

export function role(name: string, ...permissions: readonly Permission[]): Role {
  return { name, description: '', permissions: new Set(permissions), isBuiltIn: false }
}

export function key(id: number, given: Partial<KeyGrant> = {}): KeyGrant {
  return { id, role: ADMINISTRATOR, scope: null, userEmail: null, expiresAt: null, ...given }
}

export function access(given: Partial<Access> = {}): Access {
  const roles = [...BUILT_IN_ROLES, ...(given.roles ?? [])]
  return { keys: [key(1)], users: [], groups: [], ...given, roles }
}

export function actor(
  given: {
    readonly id?: number
    readonly role?: string
    readonly scope?: Scope
    readonly userEmail?: string | null
  } = {},
  roles: readonly Role[] = [],
): Actor {
  const name = given.role ?? ADMINISTRATOR
  const found = [...BUILT_IN_ROLES, ...roles].find((each) => each.name === name) ?? role(name)
  const { id = 1, scope = null, userEmail = null } = given
  return { kind: 'api-key', name: 'test', id, role: found, scope, userEmail }
}
