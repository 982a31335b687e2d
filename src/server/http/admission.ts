/**
 * Who may come in: the key is good, the licence covers the call, the role grants it. In this order,
 * so that the same request always gets the same answer.
 */
import { accept, type Result, refuse } from '../../base/result.ts'
import type { Actor } from '../../domain/access/actor.ts'
import { grants } from '../../domain/access/permission.ts'
import type { KeyRing } from './authenticate.ts'
import type { Headers } from './exchange.ts'
import type { ApiRefusal } from './refusal.ts'
import type { Demands } from './route.ts'

export type Admission = {
  /** The actor is told of a refusal too, where the key was good. */
  admit(headers: Headers, demands: Demands): Promise<Admitted>
}

export type Admitted = {
  /** Null: nobody we know. */
  readonly actor: Actor | null
  readonly verdict: Result<Actor, ApiRefusal>
}

export function createAdmission(needs: { readonly keyRing: KeyRing }): Admission {
  return {
    async admit(headers, demands) {
      const known = await needs.keyRing.authenticate(headers)
      if (!known.ok) return { actor: null, verdict: known }
      const actor = known.value
      return { actor, verdict: verdictOn(actor, demands) }
    },
  }
}

function verdictOn(actor: Actor, demands: Demands): Result<Actor, ApiRefusal> {
  const { permission } = demands
  if (permission !== null && !grants(actor.role.permissions, permission)) {
    return refuse({ code: 'forbidden', permission })
  }
  return accept(actor)
}
