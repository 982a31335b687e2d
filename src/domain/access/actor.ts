import type { Role } from './role.ts'
import type { Scope } from './scope.ts'

/** Who asks: the API key that signed the request, with what it may do. */
export type Actor = {
  readonly kind: 'api-key'
  readonly id: number
  readonly name: string
  readonly role: Role
  /** Which endpoints it may see and change. */
  readonly scope: Scope
  /** Of the user whose key it is; null for a key of nobody. */
  readonly userEmail: string | null
}

/** As audit entries and `created_by` name it. */
export function actorName(actor: Pick<Actor, 'kind' | 'id'>): string {
  return `${actor.kind}:${actor.id}`
}
