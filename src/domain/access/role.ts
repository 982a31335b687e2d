import { PERMISSIONS, type Permission } from './permission.ts'

export type Role = {
  /** As people and keys name it; letter case does not tell roles apart. */
  readonly name: string
  readonly description: string
  readonly permissions: ReadonlySet<Permission>
  /** Built in: it can be neither changed nor deleted. */
  readonly isBuiltIn: boolean
}

export const ADMINISTRATOR = 'Instance Administrator'
const views = PERMISSIONS.filter((permission) => permission.endsWith('.view'))

function builtIn(name: string, description: string, permissions: readonly Permission[]): Role {
  return { name, description, permissions: new Set(permissions), isBuiltIn: true }
}

/** Those that every instance has. */
export const BUILT_IN_ROLES: readonly Role[] = [
  builtIn(ADMINISTRATOR, 'Everything.', PERMISSIONS),
  builtIn(
    'Deployment Admin',
    'Builds installation packages, publishes versions, looks after endpoints and their upgrades.',
    [
      ...views.filter((permission) => permission !== 'access.view'),
      'distributions.edit',
      'releases.edit',
      'endpoints.edit',
      'upgrades.edit',
    ],
  ),
  builtIn(
    'Operator',
    'Upgrades endpoints, and names and tags them; builds and publishes nothing.',
    [
      ...views.filter((permission) => permission !== 'access.view'),
      'endpoints.edit',
      'upgrades.edit',
    ],
  ),
  builtIn(
    'Viewer',
    'Looks at everything but users, roles and keys.',
    views.filter((permission) => permission !== 'access.view'),
  ),
]

/** What the first versions called the one role they had; keys of theirs still carry the name. */
const OLD_NAMES: ReadonlyMap<string, string> = new Map([['administrator', ADMINISTRATOR]])

/** The name that a role is found by. */
export function roleKey(name: string): string {
  const folded = name.trim().toLowerCase()
  return (OLD_NAMES.get(folded) ?? folded).toLowerCase()
}
