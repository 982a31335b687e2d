import type * as z from 'zod'
import { accept } from '../../../base/result.ts'
import { USER_GROUPS_MAX } from '../../../contract/public/limits.ts'
import { setUserGroupCall } from '../../../contract/public/rbac.ts'
import { decideSetUserGroup, findGroup } from '../../../domain/access/change-users.ts'
import { saveAudit } from '../../../store/audit.ts'
import { type StoredGroup, saveUserGroup } from '../../../store/users.ts'
import { type ChangeAccessNeeds, changeAccess, refuseBeyond } from '../../change-access.ts'
import { type AuditedChange, audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { groupIn } from './access-object.ts'
import { groupFacts } from './user-facts.ts'

/** `POST rbac/set_user_group`, ours. What is absent stays as it is; in a new group it is empty. */
export const setUserGroupRoute: PublicRoute<ChangeAccessNeeds, typeof setUserGroupCall> = {
  call: setUserGroupCall,
  permission: 'access.edit',
  async answer(needs, request) {
    const { data, actor } = request
    const now = needs.clock.now()
    return changeAccess(needs, async (tx, access) => {
      const there = findGroup(access, data.group_name)
      const full = refuseBeyond(access.groups.length, { what: 'groups', most: USER_GROUPS_MAX })
      if (there === null && full !== null) return full
      const decided = decideSetUserGroup(access, { actor, ...asked(data, there) }, now)
      if (!decided.ok) return decided
      const group: StoredGroup = {
        ...decided.value.after,
        description: data.description ?? there?.description ?? '',
        createdAt: there?.createdAt ?? now,
        updatedAt: there === null ? null : now,
      }
      await saveUserGroup(tx, group)
      await saveAudit(tx, audited(request, now, changeOf(there, group)))
      return accept(groupIn(group))
    })
  },
}

function asked(data: z.output<(typeof setUserGroupCall)['request']>, there: StoredGroup | null) {
  const role = data.role_name === undefined ? there?.role : data.role_name
  return {
    name: data.group_name,
    members: data.members ?? there?.members ?? [],
    role: role?.trim() ? role : null,
  }
}

function changeOf(before: StoredGroup | null, after: StoredGroup): AuditedChange {
  return {
    action: 'user-group.set',
    subject: after.name,
    description: `${before === null ? 'Made' : 'Changed'} the group ${after.name}`,
    before: before === null ? null : groupFacts(before),
    after: groupFacts(after),
  }
}
