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
