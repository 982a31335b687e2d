/**
 * `tags/agents/*`: the tags that the server gives to endpoints, in the documented shapes. Those
 * that an agent brings are its machine's own, and are not touched.
 */
import * as z from 'zod'
import { tagName } from '../agent/installation.ts'
import { publicCall } from './call.ts'
import { doneReply } from './endpoint-changes.ts'
import { DELETE_TAGS_MAX, REASON_CHARACTERS_MAX } from './limits.ts'
import { changeFilters } from './list.ts'

/** Letter case tells tags apart, and a tag may contain spaces. */
export const tagEndpoints = z.strictObject({ filters: changeFilters, tag: tagName })

export const deleteTags = z.strictObject({
  tags: z
    .array(tagName)
    .min(1, 'at least one tag')
    .max(DELETE_TAGS_MAX, `at most ${DELETE_TAGS_MAX} tags`),
  /** For the audit log. */
  reason: z.string().max(REASON_CHARACTERS_MAX).nullish(),
})

const EXAMPLE = {
  filters: [{ field: 'platform', operator: 'in', value: ['linux'] }],
  tag: 'production',
}

export const assignTagCall = publicCall({
  path: 'tags/agents/assign',
  summary: 'Gives a tag to every endpoint that the filters mean; a new tag begins with it.',
  origin: 'documented',
  request: tagEndpoints,
  reply: doneReply,
  isRepeatable: true,
  examples: [{ name: 'every Linux endpoint', request: EXAMPLE }],
})
export const removeTagCall = publicCall({
  path: 'tags/agents/remove',
  summary: 'Takes a tag from every endpoint that the filters mean.',
  origin: 'documented',
  request: tagEndpoints,
  reply: doneReply,
  isRepeatable: true,
  examples: [{ name: 'every Linux endpoint', request: EXAMPLE, reply: true }],
})
export const deleteTagsCall = publicCall({
  path: 'tags/agents/delete_permanently',
  summary: 'Deletes tags that no endpoint has.',
  origin: 'documented',
  request: deleteTags,
  reply: doneReply,
  isRepeatable: false,
  examples: [{ name: 'one tag', request: { tags: ['production'], reason: 'renamed' } }],
})
