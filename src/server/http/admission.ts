/**
 * Who may come in: the key is good, it does not ask too often, the licence covers the call, the
 * role grants it, the scope is wide enough. In this order, so that the same request always gets the
 * same answer; only then is the body looked at.
 */

import { accept, type Result, refuse } from '../../base/result.ts'
import { KEY_CALLS_AT_ONCE_MAX } from '../../contract/public/limits.ts'
import type { Actor } from '../../domain/access/actor.ts'
import { covers, type Licence } from '../../domain/access/licence.ts'
import { grants } from '../../domain/access/permission.ts'
import type { KeyRing } from './authenticate.ts'
import type { Headers } from './exchange.ts'
import type { RateLimit } from './rate-limit.ts'
import type { ApiRefusal } from './refusal.ts'
import type { Demands } from './route.ts'
import { createTurns, type Turns } from './turns.ts'

export type Admission = {
  /** The actor is told of a refusal too, where the key was good. */
  admit(headers: Headers, demands: Demands): Promise<Admitted>
  readonly turns: Turns
}

export type Admitted = {
  /** Null: nobody we know. */
  readonly actor: Actor | null
  readonly verdict: Result<Actor, ApiRefusal>
}

type Needs = {
  readonly keyRing: Pick<KeyRing, 'authenticate'>
  readonly rateLimit: RateLimit
  readonly licence: Licence
}

export function createAdmission(needs: Needs): Admission {
  return {
    turns: createTurns(KEY_CALLS_AT_ONCE_MAX),
    async admit(headers, demands) {
      const known = await needs.keyRing.authenticate(headers)
      if (!known.ok) return { actor: null, verdict: known }
      const actor = known.value
      return { actor, verdict: verdictOn(needs, actor, demands) }
    },
  }
}

function verdictOn(needs: Needs, actor: Actor, demands: Demands): Result<Actor, ApiRefusal> {
  const retryAfterS = needs.rateLimit.take(actor.id)
  if (retryAfterS !== null) return refuse({ code: 'rate-limited', retryAfterS })
  const { permission, licensed, isEverywhere } = demands
  if (licensed !== undefined && !covers(needs.licence, licensed)) {
    return refuse({ code: 'licence-missing', feature: licensed })
  }
  if (permission !== null && !grants(actor.role.permissions, permission)) {
    return refuse({ code: 'forbidden', permission })
  }
  if (isEverywhere && actor.scope !== null) return refuse({ code: 'scope-too-narrow' })
  return accept(actor)
}
