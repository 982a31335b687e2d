import { accept } from '../../../base/result.ts'
import { deleteUserCall } from '../../../contract/public/rbac.ts'
import { decideDeleteUser } from '../../../domain/access/change-users.ts'
import { saveApiKeysRevoked } from '../../../store/api-keys.ts'
import { saveAudits } from '../../../store/audit.ts'
import { deleteUser } from '../../../store/users.ts'
import { type ChangeAccessNeeds, changeAccess } from '../../change-access.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { keyDeleted } from '../api-keys/key-facts.ts'
import { userFacts } from './user-facts.ts'

/** `POST rbac/delete_user`, ours: the user, what they were in, and their keys. */
export const deleteUserRoute: PublicRoute<ChangeAccessNeeds, typeof deleteUserCall> = {
  call: deleteUserCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const now = needs.clock.now()
    return changeAccess(needs, async (tx, access) => {
      const decided = decideDeleteUser(access, request.data.user_email, now)
      if (!decided.ok) return decided
      const { user, revoked } = decided.value
      await saveApiKeysRevoked(tx, revoked, now)
      await deleteUser(tx, user.email)
      const stored = access.users.filter((each) => each.email === user.email)
      const keys = access.keys.filter((key) => revoked.includes(key.id))
      await saveAudits(tx, [
        ...stored.map((each) =>
          audited(request, now, {
            action: 'user.delete',
            subject: each.email,
            description: `Deleted the user ${each.email}`,
            before: userFacts(each),
          }),
        ),
        ...keys.map((key) => audited(request, now, keyDeleted(key))),
      ])
      return accept({ deleted_keys: revoked })
    })
  },
}
