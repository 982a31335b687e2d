import type { Random } from '../../../base/random.ts'
import { accept, refuse } from '../../../base/result.ts'
import { rotateApiKeyCall } from '../../../contract/public/api-keys.ts'
import { decideRotateApiKey } from '../../../domain/access/rotate-api-key.ts'
import { saveApiKeyRotated } from '../../../store/api-keys.ts'
import { saveAudit } from '../../../store/audit.ts'
import type { InstanceSecret } from '../../../store/secret.ts'
import { type ChangeAccessNeeds, changeAccess } from '../../change-access.ts'
import { audited } from '../../http/audited.ts'
import { keptOfApiKey, newApiKey } from '../../http/authenticate.ts'
import type { PublicRoute } from '../../http/route.ts'
import { keyFacts } from './key-facts.ts'

type Needs = ChangeAccessNeeds & {
  readonly secret: Pick<InstanceSecret, 'seal'>
  readonly random: Random
}

/**
 * `POST api_keys/rotate`, ours. Rotating again ends what was left of the overlap: a key has two
 * secrets at most.
 */
export const rotateApiKeyRoute: PublicRoute<Needs, typeof rotateApiKeyCall> = {
  call: rotateApiKeyCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const { id, overlap_seconds: overlapS, expiration } = request.data
    const { actor } = request
    const now = needs.clock.now()
    const key = newApiKey(needs.random)
    return changeAccess(needs, async (tx, access) => {
      const asked = { actor, id, overlapMs: overlapS * 1000, expiresAt: expiration }
      const decided = decideRotateApiKey(access, asked, now)
      if (!decided.ok) return decided
      const before = access.keys.find((each) => each.id === id)
      if (before === undefined) return refuse({ code: 'key-unknown', id })
      const { expiresAt, previousUntil } = decided.value
      const kept = keptOfApiKey(key, before.mode, needs.secret)
      await saveApiKeyRotated(tx, { id, ...kept, expiresAt, previousUntil })
      const after = { ...keyFacts({ ...before, expiresAt }), previousUntil }
      const change = { action: 'api-key.rotate', subject: String(id) }
      const description = `Gave API key ${id} a new secret`
      const facts = { before: keyFacts(before), after }
      await saveAudit(tx, audited(request, now, { ...change, description, ...facts }))
      return accept({ id, key, expiration: expiresAt, previous_valid_until: previousUntil })
    })
  },
}
