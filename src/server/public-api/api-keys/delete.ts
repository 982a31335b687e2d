import { accept } from '../../../base/result.ts'
import { deleteApiKeysCall } from '../../../contract/public/api-keys.ts'
import { decideDeleteApiKeys } from '../../../domain/access/delete-api-keys.ts'
import { saveApiKeysRevoked } from '../../../store/api-keys.ts'
import { saveAudits } from '../../../store/audit.ts'
import { type ChangeAccessNeeds, changeAccess } from '../../change-access.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { keyDeleted } from './key-facts.ts'

/**
 * `POST api_keys/delete`: no server takes these keys any more, this one at once, others within
 * seconds.
 */
export const deleteApiKeysRoute: PublicRoute<ChangeAccessNeeds, typeof deleteApiKeysCall> = {
  call: deleteApiKeysCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const [first, ...others] = request.data.filters
    const named = (first?.value ?? []).filter((id) =>
      others.every((filter) => filter.value.includes(id)),
    )
    const now = needs.clock.now()
    return changeAccess(needs, async (tx, access) => {
      const decided = decideDeleteApiKeys(access, named, now)
      if (!decided.ok) return decided
      const ids = decided.value.revoked
      const count = await saveApiKeysRevoked(tx, ids, now)
      const gone = access.keys.filter((key) => ids.includes(key.id))
      await saveAudits(
        tx,
        gone.map((key) => audited(request, now, keyDeleted(key))),
      )
      return accept({ update_count: count })
    })
  },
}
