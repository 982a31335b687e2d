import { accept } from '../../../base/result.ts'
import { getUsersCall } from '../../../contract/public/rbac.ts'
import { loadAccess } from '../../../store/access.ts'
import type { Database } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'
import { usersIn } from './access-object.ts'

/** `POST rbac/get_users`. */
export const getUsersRoute: PublicRoute<{ readonly database: Database }, typeof getUsersCall> = {
  call: getUsersCall,
  permission: 'access.view',
  async answer(needs) {
    const access = await loadAccess(needs.database.read)
    return accept(usersIn(access, access.users))
  },
}
