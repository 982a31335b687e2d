/** Nobody may hand out more than they have: neither permissions nor endpoints. */
import type { Actor } from './actor.ts'
import { grants, type Permission } from './permission.ts'
import { isWithin, type Scope } from './scope.ts'

export type BeyondOwn = {
  readonly code: 'beyond-own-permissions'
  /** Those that the actor lacks; none: it is the endpoints that are too many, or the owner. */
  readonly missing: readonly Permission[]
}

/** Null: they may. */
export function beyondOwn(
  actor: Pick<Actor, 'role' | 'scope'>,
  given: { readonly permissions: ReadonlySet<Permission>; readonly scope: Scope },
): BeyondOwn | null {
  const missing = [...given.permissions].filter((each) => !grants(actor.role.permissions, each))
  if (missing.length === 0 && isWithin(given.scope, actor.scope)) return null
  return { code: 'beyond-own-permissions', missing }
}

/**
 * Of a key, whose secret somebody is about to get. One of nobody would outlive what the user of
 * whoever gets it loses.
 */
export function keyBeyondOwn(
  actor: Pick<Actor, 'role' | 'scope' | 'userEmail'>,
  key: {
    readonly permissions: ReadonlySet<Permission>
    readonly scope: Scope
    readonly userEmail: string | null
  },
): BeyondOwn | null {
  const beyond = beyondOwn(actor, key)
  if (beyond !== null || key.userEmail !== null || actor.userEmail === null) return beyond
  return { code: 'beyond-own-permissions', missing: [] }
}
