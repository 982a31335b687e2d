import type { Clock } from '../../../base/clock.ts'
import { accept } from '../../../base/result.ts'
import { deleteApiKeysCall } from '../../../contract/public/api-keys.ts'
import { decideDeleteApiKeys } from '../../../domain/access/delete-api-keys.ts'
import { loadApiKeys, saveApiKeysRevoked } from '../../../store/api-keys.ts'
import { saveAudit } from '../../../store/audit.ts'
import type { Database } from '../../../store/open.ts'
import { audited } from '../../http/audited.ts'
import type { KeyRing } from '../../http/authenticate.ts'
import type { PublicRoute } from '../../http/route.ts'

type Needs = {
  readonly database: Database
  readonly clock: Clock
  readonly keyRing: KeyRing
}

/**
 * `POST api_keys/delete`: no server takes these keys any more, this one at once, others within
 * seconds.
 */
export const deleteApiKeysRoute: PublicRoute<Needs, typeof deleteApiKeysCall> = {
  call: deleteApiKeysCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const [first, ...others] = request.data.filters
    const named = (first?.value ?? []).filter((id) =>
      others.every((filter) => filter.value.includes(id)),
    )
    const now = needs.clock.now()
    // Serializable: two who each delete one of the last two keys at once would leave none.
    const deleted = await needs.database.write(async (tx) => {
      const keys = await loadApiKeys(tx)
      const live = keys.filter((key) => {
        return key.revokedAt === null && (key.expiresAt ?? Number.POSITIVE_INFINITY) > now
      })
      // An expired key can be deleted like any other: it is no longer one of those that must not
      // all go.
      const expired = keys.filter((key) => key.revokedAt === null && !live.includes(key))
      const view = { live: new Set(live.map((key) => key.id)) }
      const decided = decideDeleteApiKeys(view, named)
      if (!decided.ok) return decided
      const gone = expired.map((key) => key.id).filter((id) => named.includes(id))
      const ids = [...decided.value.revoked, ...gone]
      const count = await saveApiKeysRevoked(tx, ids, now)
      for (const id of ids) {
        const change = { action: 'api-key.delete', subject: String(id) }
        const description = `Deleted API key ${id}`
        await saveAudit(tx, audited(request, now, { ...change, description }))
      }
      return accept({ update_count: count })
    }, 'serializable')
    needs.keyRing.forget()
    return deleted
  },
}
