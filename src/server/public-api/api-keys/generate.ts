import type { Clock } from '../../../base/clock.ts'
import type { Random } from '../../../base/random.ts'
import { accept, type Result, refuse } from '../../../base/result.ts'
import { parse } from '../../../contract/parse.ts'
import { generateApiKey } from '../../../contract/public/api-keys.ts'
import type { FieldError } from '../../../contract/schema.ts'
import { actorName } from '../../../domain/access/permission.ts'
import { saveNewApiKey } from '../../../store/api-keys.ts'
import { saveAudit } from '../../../store/audit.ts'
import type { Database } from '../../../store/open.ts'
import type { InstanceSecret } from '../../../store/secret.ts'
import { type KeyRing, keptOfApiKey, newApiKey } from '../../http/authenticate.ts'
import type { PublicRoute } from '../../http/route.ts'

type Needs = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'seal'>
  readonly clock: Clock
  readonly random: Random
  readonly keyRing: KeyRing
}

/**
 * The one role there is. A key that was meant to be able to do less must not be given everything.
 */
export const ADMINISTRATOR = 'administrator'
const ADMINISTRATOR_NAMES = [ADMINISTRATOR, 'instance administrator']

/** `POST api_keys/generate`: makes a key. The reply is the only time that it is told. */
export const generateApiKeyRoute: PublicRoute<Needs> = {
  method: 'POST',
  path: '/public_api/v1/api_keys/generate',
  permission: 'api-keys.edit',
  async answer(needs, request) {
    const parsed = parse(generateApiKey, request.data, ['request_data'])
    if (!parsed.ok) return refuse({ code: 'invalid-request', errors: parsed.refusal })
    const { security_level: level, expiration, comment, roles } = parsed.value
    const now = needs.clock.now()
    const expiresAt = expiration ?? null
    const checked = check({ roles: roles ?? [], expiresAt, now })
    if (!checked.ok) return refuse({ code: 'invalid-request', errors: checked.refusal })
    const mode = level ?? 'standard'
    const key = newApiKey(needs.random)
    const kept = keptOfApiKey(key, mode, needs.secret)
    const about = { name: comment ?? '', role: ADMINISTRATOR, createdAt: now, expiresAt }
    const actor = actorName(request.actor)
    const id = await needs.database.write(async (tx) => {
      const given = await saveNewApiKey(tx, { mode, ...kept, ...about })
      const facts = { mode, name: about.name, role: about.role, expiresAt }
      const subject = String(given)
      await saveAudit(tx, { at: now, actor, action: 'api-key.generate', subject, facts })
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
