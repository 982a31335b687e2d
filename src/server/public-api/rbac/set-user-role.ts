import { accept } from '../../../base/result.ts'
import { setUserRoleCall } from '../../../contract/public/rbac.ts'
import { decideSetUserRole } from '../../../domain/access/change-users.ts'
import { saveAudits } from '../../../store/audit.ts'
import { saveUsersRole } from '../../../store/users.ts'
import { type ChangeAccessNeeds, changeAccess } from '../../change-access.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'

/** `POST rbac/set_user_role`: all of the users, or none. */
export const setUserRoleRoute: PublicRoute<ChangeAccessNeeds, typeof setUserRoleCall> = {
  call: setUserRoleCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const { user_emails: emails, role_name: name } = request.data
    const wanted = name.trim() === '' ? null : name
    const now = needs.clock.now()
    return changeAccess(needs, async (tx, access) => {
      const asked = { actor: request.actor, emails, role: wanted }
      const decided = decideSetUserRole(access, asked, now)
      if (!decided.ok) return decided
      const { before, role } = decided.value
      await saveUsersRole(
        tx,
        before.map((user) => user.email),
        role,
      )
      const entries = before.map((user) =>
        audited(request, now, {
          action: 'user.set-role',
          subject: user.email,
          description:
            role === null
              ? `Took its role from the user ${user.email}`
              : `Gave the user ${user.email} the role ${role}`,
          before: { role: user.role },
          after: { role },
        }),
      )
      await saveAudits(tx, entries)
      return accept({ update_count: String(before.length) })
    })
  },
}
