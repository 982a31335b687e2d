import type { Clock } from '../../../base/clock.ts'
import type { EndpointId } from '../../../base/ids.ts'
import { accept } from '../../../base/result.ts'
import {
  CHANGED_ENDPOINTS_MAX,
  ENDPOINT_TAGS_MAX,
  SERVER_TAGS_MAX,
} from '../../../contract/public/limits.ts'
import { assignTagCall } from '../../../contract/public/tags.ts'
import { actorName } from '../../../domain/access/actor.ts'
import { type AssignTagView, decideAssignTag } from '../../../domain/tag/assign-tag.ts'
import { saveAudit } from '../../../store/audit.ts'
import { countFullEndpoints, holdMeant, saveTagAssigned } from '../../../store/endpoint-changes.ts'
import type { Database, Reader } from '../../../store/open.ts'
import { countTags, holdTags, loadTags, saveNewTag } from '../../../store/server-tags.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { auditedIds, endpointsText, inParts, meantEndpoints } from '../endpoints/meant-endpoints.ts'

const LIMITS = { tagsMax: SERVER_TAGS_MAX, endpointTagsMax: ENDPOINT_TAGS_MAX }

/**
 * `POST tags/agents/assign`: gives a tag to every endpoint that the filters mean. A tag that does
 * not exist begins with it. Whether all of them have room is seen before the first one gets it. The
 * order of locks: the tag, then endpoints by id.
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
    const { read, write } = needs.database
    const meant = await meantEndpoints(read, request, { max: CHANGED_ENDPOINTS_MAX, now })
    if (!meant.ok) return meant
    const foreseen = decideAssignTag(await loadView(read, meant.value, tag), LIMITS)
    if (!foreseen.ok) return foreseen
    return await inParts(meant.value, (part) =>
      write(async (tx) => {
        await holdTags(tx, [tag])
        const ids = await holdMeant(tx, part, request.actor.scope)
        const decided = decideAssignTag(await loadView(tx, ids, tag), LIMITS)
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
      }),
    )
  },
}

async function loadView(
  reader: Reader,
  ids: readonly EndpointId[],
  tag: string,
): Promise<AssignTagView> {
  const full = { name: tag, endpointTagsMax: ENDPOINT_TAGS_MAX }
  return {
    endpoints: ids.length,
    isKnown: (await loadTags(reader, [tag])).length > 0,
    tags: await countTags(reader),
    fullEndpoints: await countFullEndpoints(reader, ids, full),
  }
}
