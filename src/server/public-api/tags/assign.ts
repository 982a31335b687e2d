import type { Clock } from '../../../base/clock.ts'
import { accept } from '../../../base/result.ts'
import {
  CHANGED_ENDPOINTS_MAX,
  ENDPOINT_TAGS_MAX,
  SERVER_TAGS_MAX,
} from '../../../contract/public/limits.ts'
import { assignTagCall } from '../../../contract/public/tags.ts'
import { actorName } from '../../../domain/access/actor.ts'
import { decideAssignTag } from '../../../domain/tag/assign-tag.ts'
import { saveAudit } from '../../../store/audit.ts'
import {
  countFullEndpoints,
  holdEndpoints,
  saveTagAssigned,
} from '../../../store/endpoint-changes.ts'
import type { Database } from '../../../store/open.ts'
import { countTags, holdTags, loadTags, saveNewTag } from '../../../store/server-tags.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { auditedIds, endpointsText, meantEndpoints } from '../endpoints/meant-endpoints.ts'

const LIMITS = { tagsMax: SERVER_TAGS_MAX, endpointTagsMax: ENDPOINT_TAGS_MAX }

/**
 * `POST tags/agents/assign`: gives a tag to every endpoint that the filters mean, all or none. A
 * tag that does not exist begins with it. The order of locks: the tag, then endpoints by id.
 */
export const assignTagRoute: PublicRoute<
  { readonly database: Database; readonly clock: Clock },
  typeof assignTagCall
> = {
  call: assignTagCall,
  permission: 'endpoints.edit',
  async answer(needs, request) {
    const now = needs.clock.now()
    const { tag } = request.data
    return await needs.database.write(async (tx) => {
      await holdTags(tx, [tag])
      const meant = await meantEndpoints(tx, request, { max: CHANGED_ENDPOINTS_MAX, now })
      if (!meant.ok) return meant
      const ids = meant.value
      await holdEndpoints(tx, ids)
      const full = { name: tag, endpointTagsMax: ENDPOINT_TAGS_MAX }
      const view = {
        endpoints: ids.length,
        isKnown: (await loadTags(tx, [tag])).length > 0,
        tags: await countTags(tx),
        fullEndpoints: await countFullEndpoints(tx, ids, full),
      }
      const decided = decideAssignTag(view, LIMITS)
      if (!decided.ok) return decided
      const { isNew } = decided.value
      const createdBy = actorName(request.actor)
      if (isNew) await saveNewTag(tx, { name: tag, createdAt: now, createdBy })
      const count = await saveTagAssigned(tx, ids, tag)
      const description = `Gave the tag ${tag} to ${endpointsText(count)}`
      const after = { tag, is_new: isNew, changed: count, ...auditedIds(ids) }
      const change = { action: 'tag.assign', subject: tag, description, after }
      await saveAudit(tx, audited(request, now, change))
      return accept(true)
    })
  },
}
