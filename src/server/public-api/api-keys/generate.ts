import type { Random } from '../../../base/random.ts'
import { accept, type Result, refuse } from '../../../base/result.ts'
import { generateApiKeyCall } from '../../../contract/public/api-keys.ts'
import { API_KEYS_MAX } from '../../../contract/public/limits.ts'
import { actorName } from '../../../domain/access/actor.ts'
import {
  decideGenerateApiKey,
  type GenerateApiKeyRefusal,
} from '../../../domain/access/generate-api-key.ts'
import { forgetRevokedApiKeys, saveNewApiKey } from '../../../store/api-keys.ts'
import { saveAudit } from '../../../store/audit.ts'
import type { InstanceSecret } from '../../../store/secret.ts'
import { type ChangeAccessNeeds, changeAccess, refuseBeyond } from '../../change-access.ts'
import { audited } from '../../http/audited.ts'
import { keptOfApiKey, newApiKey } from '../../http/authenticate.ts'
import type { ApiRefusal } from '../../http/refusal.ts'
import type { PublicRoute } from '../../http/route.ts'
import { keyFacts } from './key-facts.ts'

type Needs = ChangeAccessNeeds & {
  readonly secret: Pick<InstanceSecret, 'seal'>
  readonly random: Random
}

/** Long after anybody would ask; the audit log knows it for longer. */
const REVOKED_KEPT_MS = 90 * 24 * 3_600_000

/** `POST api_keys/generate`: makes a key. The reply is the only time that it is told. */
export const generateApiKeyRoute: PublicRoute<Needs, typeof generateApiKeyCall> = {
  call: generateApiKeyCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const { data, actor } = request
    const now = needs.clock.now()
    const [role = null, ...others] = data.roles ?? []
    if (others.length > 0) return badField('roles', 'a key has exactly one role: make one of both')
    const mode = data.security_level ?? 'standard'
    const key = newApiKey(needs.random)
    const kept = keptOfApiKey(key, mode, needs.secret)
    return changeAccess(needs, async (tx, access) => {
      const full = refuseBeyond(access.keys.length, { what: 'API keys', most: API_KEYS_MAX })
      if (full !== null) return full
      const scope = data.scope
      const asked = { userEmail: data.user_email, expiresAt: data.expiration }
      const decided = decideGenerateApiKey(access, { actor, role, scope, ...asked }, now)
      if (!decided.ok) return refused(decided.refusal)
      const made = { mode, name: data.comment ?? '', ...decided.value } as const
      const written = { ...kept, ...made, createdAt: now, createdBy: actorName(actor) }
      const id = await saveNewApiKey(tx, written)
      await forgetRevokedApiKeys(tx, now - REVOKED_KEPT_MS)
      const change = { action: 'api-key.generate', subject: String(id), after: keyFacts(made) }
      const description = `Generated ${mode} API key ${id} with the role ${made.role}`
      await saveAudit(tx, audited(request, now, { ...change, description }))
      return accept({ id, key })
    })
  },
}

/** What the request names and is not there, is told by its place. */
function refused(refusal: GenerateApiKeyRefusal): Result<never, ApiRefusal> {
  if (refusal.code === 'role-unknown') {
    return badField('roles', `there is no role ${refusal.names.join(', ')}`)
  }
  if (refusal.code === 'user-unknown') {
    return badField('user_email', `there is no user ${refusal.emails.join(', ')}`)
  }
  return refuse(refusal)
}

function badField(field: string, msg: string): Result<never, ApiRefusal> {
  const error = { type: 'value_error', loc: ['request_data', field], msg }
  return refuse({ code: 'invalid-request', errors: [error] })
}
