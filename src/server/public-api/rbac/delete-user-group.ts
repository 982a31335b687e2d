import { accept } from '../../../base/result.ts'
import { deleteUserGroupCall } from '../../../contract/public/rbac.ts'
import { decideDeleteUserGroup, findGroup } from '../../../domain/access/change-users.ts'
import { saveAudit } from '../../../store/audit.ts'
import { deleteUserGroup } from '../../../store/users.ts'
import { type ChangeAccessNeeds, changeAccess } from '../../change-access.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { groupFacts } from './user-facts.ts'

/** `POST rbac/delete_user_group`, ours. */
export const deleteUserGroupRoute: PublicRoute<ChangeAccessNeeds, typeof deleteUserGroupCall> = {
  call: deleteUserGroupCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const { group_name: name } = request.data
    const now = needs.clock.now()
    return changeAccess(needs, async (tx, access) => {
      const decided = decideDeleteUserGroup(access, name, now)
      if (!decided.ok) return decided
      const stored = findGroup(access, name)
      await deleteUserGroup(tx, name)
      const change = { action: 'user-group.delete', subject: decided.value.name }
      const before = stored === null ? null : groupFacts(stored)
      const description = `Deleted the group ${decided.value.name}`
      await saveAudit(tx, audited(request, now, { ...change, before, description }))
      return accept(true as const)
    })
  },
}
