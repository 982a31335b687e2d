import type { Clock } from '../../../base/clock.ts'
import type { Random } from '../../../base/random.ts'
import { accept, type Result, refuse } from '../../../base/result.ts'
import { generateApiKeyCall } from '../../../contract/public/api-keys.ts'
import type { FieldError } from '../../../contract/schema.ts'
import { ADMINISTRATOR } from '../../../domain/access/role.ts'
import { saveNewApiKey } from '../../../store/api-keys.ts'
import { saveAudit } from '../../../store/audit.ts'
import type { Database } from '../../../store/open.ts'
import type { InstanceSecret } from '../../../store/secret.ts'
import { audited } from '../../http/audited.ts'
import { type KeyRing, keptOfApiKey, newApiKey } from '../../http/authenticate.ts'
import type { PublicRoute } from '../../http/route.ts'

type Needs = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'seal'>
  readonly clock: Clock
  readonly random: Random
  readonly keyRing: KeyRing
}

/** A key that was meant to be able to do less must not be given everything. */
const ADMINISTRATOR_NAMES = ['administrator', ADMINISTRATOR.toLowerCase()]

/** `POST api_keys/generate`: makes a key. The reply is the only time that it is told. */
export const generateApiKeyRoute: PublicRoute<Needs, typeof generateApiKeyCall> = {
  call: generateApiKeyCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const { security_level: level, expiration, comment, roles } = request.data
    const now = needs.clock.now()
    const expiresAt = expiration ?? null
    const checked = check({ roles: roles ?? [], expiresAt, now })
    if (!checked.ok) return refuse({ code: 'invalid-request', errors: checked.refusal })
    const mode = level ?? 'standard'
    const key = newApiKey(needs.random)
    const kept = keptOfApiKey(key, mode, needs.secret)
    const about = { name: comment ?? '', role: ADMINISTRATOR, createdAt: now, expiresAt }
    const id = await needs.database.write(async (tx) => {
      const given = await saveNewApiKey(tx, { mode, ...kept, ...about })
      const change = { action: 'api-key.generate', subject: String(given) }
      const after = { mode, name: about.name, role: about.role, expiresAt }
      const description = `Generated ${mode} API key ${given} with the role ${about.role}`
      await saveAudit(tx, audited(request, now, { ...change, description, after }))
      return given
    })
    needs.keyRing.forget()
    return accept({ id, key })
  },
}

function check(asked: {
  readonly roles: readonly string[]
  readonly expiresAt: number | null
  readonly now: number
}): Result<void, readonly FieldError[]> {
  const strange = asked.roles.find((role) => !ADMINISTRATOR_NAMES.includes(role.toLowerCase()))
  if (strange !== undefined) {
    return bad('roles', `there is no role ${strange} yet: the only one is ${ADMINISTRATOR}`)
  }
  if (asked.expiresAt !== null && asked.expiresAt <= asked.now) {
    return bad('expiration', 'it lies in the past; milliseconds since 1970, UTC')
  }
  return accept(undefined)
}

function bad(field: string, msg: string): Result<never, readonly FieldError[]> {
  return refuse([{ type: 'value_error', loc: ['request_data', field], msg }])
}
