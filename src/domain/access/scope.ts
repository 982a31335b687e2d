/**
 * Which endpoints somebody may see and change: all of them (null), or those that carry one of the
 * tags, whether the server gave it or the agent brought it.
 */
export type Scope = { readonly tags: readonly string[] } | null

export function isInScope(
  scope: Scope,
  tags: { readonly server: readonly string[]; readonly agent: readonly string[] },
): boolean {
  if (scope === null) return true
  return scope.tags.some((tag) => tags.server.includes(tag) || tags.agent.includes(tag))
}

/**
 * Whether `inner` covers nothing that `outer` does not: nobody may hand out more than they have.
 */
export function isWithin(inner: Scope, outer: Scope): boolean {
  if (outer === null) return true
  return inner?.tags.every((tag) => outer.tags.includes(tag)) ?? false
}

/**
 * What both cover: the tags they share. An endpoint with one tag of each is in both and not in
 * this; to be found by a scope of tags alone it must never be more than either.
 */
export function sharedScope(left: Scope, right: Scope): Scope {
  if (left === null) return right
  if (right === null) return left
  return { tags: left.tags.filter((tag) => right.tags.includes(tag)) }
}
