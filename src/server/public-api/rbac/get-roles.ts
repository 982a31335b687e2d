import { accept, refuse } from '../../../base/result.ts'
import { getRolesCall } from '../../../contract/public/rbac.ts'
import { findRole } from '../../../domain/access/grants.ts'
import { loadAccess } from '../../../store/access.ts'
import type { Database } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'
import { roleIn } from './access-object.ts'

/** `POST rbac/get_roles`: in the order in which they were named. */
export const getRolesRoute: PublicRoute<{ readonly database: Database }, typeof getRolesCall> = {
  call: getRolesCall,
  permission: 'access.view',
  async answer(needs, request) {
    const access = await loadAccess(needs.database.read)
    const wanted = request.data.role_names ?? access.roles.map((role) => role.name)
    const found = wanted.map((name) => ({ name, role: findRole(access.roles, name) }))
    const missing = found.filter(({ role }) => role === null).map(({ name }) => name)
    if (missing.length > 0) return refuse({ code: 'role-unknown', names: missing })
    return accept(found.map(({ role }) => (role === null ? [] : [roleIn(access, role)])))
  },
}
