import type { Clock } from '../../../base/clock.ts'
import { accept } from '../../../base/result.ts'
import { deleteTagsCall } from '../../../contract/public/tags.ts'
import { decideDeleteTags } from '../../../domain/tag/delete-tags.ts'
import { saveAudit } from '../../../store/audit.ts'
import type { Database } from '../../../store/open.ts'
import { deleteTags, holdTags, loadAssignedTags, loadTags } from '../../../store/server-tags.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'

/** `POST tags/agents/delete_permanently`: tags that no endpoint has, all of the named or none. */
export const deleteTagsRoute: PublicRoute<
  { readonly database: Database; readonly clock: Clock },
  typeof deleteTagsCall
> = {
  call: deleteTagsCall,
  permission: 'endpoints.edit',
  isEverywhere: true, // Scopes are made of tags, and deleted endpoints lose theirs.
  async answer(needs, request) {
    const now = needs.clock.now()
    const { tags, reason } = request.data
    return await needs.database.write(async (tx) => {
      await holdTags(tx, tags)
      const known = await loadTags(tx, tags)
      const view = {
        known: new Set(known.map((tag) => tag.name)),
        assigned: new Set(await loadAssignedTags(tx, tags)),
      }
      const decided = decideDeleteTags(view, tags)
      if (!decided.ok) return decided
      const { deleted } = decided.value
      await deleteTags(tx, deleted)
      const subject = deleted.length === 1 ? (deleted[0] ?? '') : ''
      const said = reason == null || reason === '' ? '' : `: ${reason}`
      const what = deleted.length === 1 ? 'the tag' : 'the tags'
      const description = `Deleted ${what} ${deleted.join(', ')}${said}`
      const before = { tags: known.map(({ name, createdAt }) => ({ name, created_at: createdAt })) }
      const change = { action: 'tag.delete', subject, description, before }
      await saveAudit(tx, audited(request, now, change))
      return accept(true)
    })
  },
}
