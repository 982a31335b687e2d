import { accept } from '../../../base/result.ts'
import { deleteRoleCall } from '../../../contract/public/rbac.ts'
import { decideDeleteRole } from '../../../domain/access/change-roles.ts'
import { saveAudit } from '../../../store/audit.ts'
import { deleteRole } from '../../../store/roles.ts'
import { type ChangeAccessNeeds, changeAccess } from '../../change-access.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { roleFacts } from './role-facts.ts'

/** `POST rbac/delete_role`, ours. */
export const deleteRoleRoute: PublicRoute<ChangeAccessNeeds, typeof deleteRoleCall> = {
  call: deleteRoleCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const now = needs.clock.now()
    return changeAccess(needs, async (tx, access) => {
      const decided = decideDeleteRole(access, request.data.role_name)
      if (!decided.ok) return decided
      const role = decided.value
      await deleteRole(tx, role.name)
      const change = { action: 'role.delete', subject: role.name, before: roleFacts(role) }
      const entry = { ...change, description: `Deleted the role ${role.name}` }
      await saveAudit(tx, audited(request, now, entry))
      return accept(true as const)
    })
  },
}
