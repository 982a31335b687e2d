import { accept, refuse } from '../../../base/result.ts'
import { getRolesCall } from '../../../contract/public/rbac.ts'
import { roleKey } from '../../../domain/access/role.ts'
import { loadAccess } from '../../../store/access.ts'
import type { Database } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'
import { rolesIn } from './access-object.ts'

/** `POST rbac/get_roles`: in the order in which they were named. */
export const getRolesRoute: PublicRoute<{ readonly database: Database }, typeof getRolesCall> = {
  call: getRolesCall,
  permission: 'access.view',
  async answer(needs, request) {
    const access = await loadAccess(needs.database.read)
    const wanted = request.data.role_names ?? access.roles.map((role) => role.name)
    const there = new Map(access.roles.map((role) => [roleKey(role.name), role]))
    const missing = wanted.filter((name) => !there.has(roleKey(name)))
    if (missing.length > 0) return refuse({ code: 'role-unknown', names: missing })
    const found = wanted.flatMap((name) => there.get(roleKey(name)) ?? [])
    return accept(rolesIn(access, found).map((role) => [role]))
  },
}
