import type { Clock } from '../../../base/clock.ts'
import { accept } from '../../../base/result.ts'
import { CHANGED_ENDPOINTS_MAX } from '../../../contract/public/limits.ts'
import { removeTagCall } from '../../../contract/public/tags.ts'
import { saveAudit } from '../../../store/audit.ts'
import { holdMeant, saveTagRemoved } from '../../../store/endpoint-changes.ts'
import type { Database } from '../../../store/open.ts'
import { holdTags } from '../../../store/server-tags.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { auditedIds, endpointsText, inParts, meantEndpoints } from '../endpoints/meant-endpoints.ts'

/**
 * `POST tags/agents/remove`: takes a tag from every endpoint that the filters mean. Where it is not
 * there is nothing to take; the tag itself stays.
 */
export const removeTagRoute: PublicRoute<
  { readonly database: Database; readonly clock: Clock },
  typeof removeTagCall
> = {
  call: removeTagCall,
  permission: 'endpoints.edit',
  async answer(needs, request) {
    const now = needs.clock.now()
    const { tag } = request.data
    const { read, write } = needs.database
    const asked = { max: CHANGED_ENDPOINTS_MAX, now }
    const meant = await meantEndpoints(read, request, asked)
    if (!meant.ok) return meant
    return await inParts(meant.value, (part) =>
      write(async (tx) => {
        await holdTags(tx, [tag])
        const ids = await holdMeant(tx, part, request.actor.scope)
        const count = await saveTagRemoved(tx, ids, tag)
        if (count === 0) return accept(true)
        const description = `Took the tag ${tag} from ${endpointsText(count)}`
        const before = { tag, changed: count, ...auditedIds(ids) }
        const change = { action: 'tag.remove', subject: tag, description, before }
        await saveAudit(tx, audited(request, now, change))
        return accept(true)
      }),
    )
  },
}
