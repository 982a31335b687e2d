import { accept, type Result, refuse } from '../../base/result.ts'

export type DeleteTagsView = {
  /** Those of the named that are tags of the server. */
  readonly known: ReadonlySet<string>
  /** Those of the named that some endpoint has. */
  readonly assigned: ReadonlySet<string>
}

/** In order of precedence: the first that applies is the answer. */
export type DeleteTagsRefusal =
  | { readonly code: 'tag-unknown'; readonly tags: readonly string[] }
  | { readonly code: 'tag-assigned'; readonly tags: readonly string[] }

/** All of the named go, or none does; naming one twice is naming it once. */
export function decideDeleteTags(
  view: DeleteTagsView,
  named: readonly string[],
): Result<{ readonly deleted: readonly string[] }, DeleteTagsRefusal> {
  const tags = [...new Set(named)]
  const unknown = tags.filter((tag) => !view.known.has(tag))
  if (unknown.length > 0) return refuse({ code: 'tag-unknown', tags: unknown })
  const assigned = tags.filter((tag) => view.assigned.has(tag))
  if (assigned.length > 0) return refuse({ code: 'tag-assigned', tags: assigned })
  return accept({ deleted: tags })
}
