/** Every route names the permission it needs; a role is a set of them. */

/** What a role may see or change. */
export const AREAS = [
  /** Installation packages. */
  'distributions',
  /** Versions of the agent: publishing, withdrawing. */
  'releases',
  /** Endpoints: their names, tags, deletion. */
  'endpoints',
  /** Upgrade actions. */
  'upgrades',
  /** The audit log and the agents' reports. */
  'audits',
  /** Settings of the instance. */
  'configurations',
  /** Users, roles and API keys. */
  'access',
] as const
export type Area = (typeof AREAS)[number]

/** Whoever may edit an area may view it. */
export type Permission = `${Area}.view` | `${Area}.edit`

export const PERMISSIONS: readonly Permission[] = AREAS.flatMap((area): readonly Permission[] => [
  `${area}.view`,
  `${area}.edit`,
])

export function isPermission(text: string): text is Permission {
  return PERMISSIONS.some((permission) => permission === text)
}

export function grants(granted: ReadonlySet<Permission>, needed: Permission): boolean {
  if (granted.has(needed)) return true
  const [area] = needed.split('.')
  return needed.endsWith('.view') && granted.has(`${area}.edit` as Permission) // The other half.
}
