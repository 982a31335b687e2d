import { accept } from '../../../base/result.ts'
import { updateRoleCall } from '../../../contract/public/rbac.ts'
import { decideUpdateRole } from '../../../domain/access/change-roles.ts'
import { loadAccess } from '../../../store/access.ts'
import { saveAudit } from '../../../store/audit.ts'
import { saveRoleChanged } from '../../../store/roles.ts'
import { type ChangeAccessNeeds, changeAccess } from '../../change-access.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { type RoleObject, rolesIn } from './access-object.ts'
import { permissionsNamed } from './permissions-named.ts'
import { roleFacts } from './role-facts.ts'

/** `POST rbac/update_role`, ours: for everybody who has the role, at once. */
export const updateRoleRoute: PublicRoute<ChangeAccessNeeds, typeof updateRoleCall> = {
  call: updateRoleCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const { role_name: name, description, permissions } = request.data
    const named = permissionsNamed(permissions ?? [])
    if (!named.ok) return named
    const { actor } = request
    const now = needs.clock.now()
    return changeAccess(needs, async (tx, access) => {
      const asked = {
        description: description ?? undefined,
        permissions: permissions == null ? undefined : named.value,
      }
      const decided = decideUpdateRole(access, { actor, name, ...asked }, now)
      if (!decided.ok) return decided
      const { before, after } = decided.value
      await saveRoleChanged(tx, after, now)
      const change = { action: 'role.update', subject: after.name }
      const facts = { before: roleFacts(before), after: roleFacts(after) }
      const entry = { ...change, ...facts, description: `Changed the role ${after.name}` }
      await saveAudit(tx, audited(request, now, entry))
      const [shown] = rolesIn(await loadAccess(tx), [after]) as [RoleObject] // As many as given.
      return accept(shown)
    })
  },
}
