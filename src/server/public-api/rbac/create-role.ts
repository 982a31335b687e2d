import { accept } from '../../../base/result.ts'
import { CUSTOM_ROLES_MAX } from '../../../contract/public/limits.ts'
import { createRoleCall } from '../../../contract/public/rbac.ts'
import { actorName } from '../../../domain/access/actor.ts'
import { decideCreateRole } from '../../../domain/access/change-roles.ts'
import { loadAccess } from '../../../store/access.ts'
import { saveAudit } from '../../../store/audit.ts'
import { saveNewRole } from '../../../store/roles.ts'
import { type ChangeAccessNeeds, changeAccess, refuseBeyond } from '../../change-access.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { type RoleObject, rolesIn } from './access-object.ts'
import { permissionsNamed } from './permissions-named.ts'
import { roleFacts } from './role-facts.ts'

/** `POST rbac/create_role`, ours. */
export const createRoleRoute: PublicRoute<ChangeAccessNeeds, typeof createRoleCall> = {
  call: createRoleCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const { role_name: name, description, permissions } = request.data
    const named = permissionsNamed(permissions)
    if (!named.ok) return named
    const { actor } = request
    const now = needs.clock.now()
    return changeAccess(needs, async (tx, access) => {
      const full = refuseBeyond(access.customRoles.length, {
        ...{ what: 'roles', most: CUSTOM_ROLES_MAX },
      })
      if (full !== null) return full
      const asked = { name, description: description ?? '', permissions: named.value }
      const decided = decideCreateRole(access, { actor, ...asked })
      if (!decided.ok) return decided
      const role = decided.value
      await saveNewRole(tx, role, { by: actorName(actor), at: now })
      const change = { action: 'role.create', subject: role.name, after: roleFacts(role) }
      const entry = { ...change, description: `Made the role ${role.name}` }
      await saveAudit(tx, audited(request, now, entry))
      const [shown] = rolesIn(await loadAccess(tx), [role]) as [RoleObject] // As many as given.
      return accept(shown)
    })
  },
}
