import { accept } from '../../../base/result.ts'
import { USERS_MAX } from '../../../contract/public/limits.ts'
import { createUserCall } from '../../../contract/public/rbac.ts'
import { actorName } from '../../../domain/access/actor.ts'
import { decideCreateUser } from '../../../domain/access/change-users.ts'
import { saveAudit } from '../../../store/audit.ts'
import { type StoredUser, saveNewUser } from '../../../store/users.ts'
import { type ChangeAccessNeeds, changeAccess, refuseBeyond } from '../../change-access.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { type UserObject, usersIn } from './access-object.ts'
import { userFacts } from './user-facts.ts'

/** `POST rbac/create_user`, ours. */
export const createUserRoute: PublicRoute<ChangeAccessNeeds, typeof createUserCall> = {
  call: createUserCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const { data, actor } = request
    const now = needs.clock.now()
    const asked = {
      email: data.user_email,
      role: data.role_name?.trim() ? data.role_name : null,
      scope: data.scope ?? null,
    }
    return changeAccess(needs, async (tx, access) => {
      const full = refuseBeyond(access.users.length, { what: 'users', most: USERS_MAX })
      if (full !== null) return full
      const decided = decideCreateUser(access, { actor, ...asked })
      if (!decided.ok) return decided
      const user: StoredUser = {
        ...decided.value,
        firstName: data.user_first_name ?? '',
        lastName: data.user_last_name ?? '',
        createdAt: now,
      }
      await saveNewUser(tx, user, actorName(actor))
      const change = { action: 'user.create', subject: user.email, after: userFacts(user) }
      const entry = { ...change, description: `Recorded the user ${user.email}` }
      await saveAudit(tx, audited(request, now, entry))
      const [shown] = usersIn(access, [user]) as [UserObject] // As many as were given.
      return accept(shown)
    })
  },
}
