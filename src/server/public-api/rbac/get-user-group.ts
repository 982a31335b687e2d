import { accept, refuse } from '../../../base/result.ts'
import { getUserGroupCall } from '../../../contract/public/rbac.ts'
import { groupKey } from '../../../domain/access/change-users.ts'
import { loadAccess } from '../../../store/access.ts'
import type { Database } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'
import { groupIn } from './access-object.ts'

type Needs = { readonly database: Database }

/** `POST rbac/get_user_group`: in the order in which they were named. */
export const getUserGroupRoute: PublicRoute<Needs, typeof getUserGroupCall> = {
  call: getUserGroupCall,
  permission: 'access.view',
  async answer(needs, request) {
    const access = await loadAccess(needs.database.read)
    const wanted = request.data.group_names ?? access.groups.map((group) => group.name)
    const there = new Map(access.groups.map((group) => [groupKey(group.name), group]))
    const missing = wanted.filter((name) => !there.has(groupKey(name)))
    if (missing.length > 0) return refuse({ code: 'group-unknown', names: missing })
    return accept(wanted.flatMap((name) => there.get(groupKey(name)) ?? []).map(groupIn))
  },
}
