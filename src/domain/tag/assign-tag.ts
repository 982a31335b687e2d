import { accept, type Result, refuse } from '../../base/result.ts'

export type AssignTagView = {
  /** How many endpoints are meant. */
  readonly endpoints: number
  /** Whether there is such a tag already. */
  readonly isKnown: boolean
  /** How many tags there are. */
  readonly tags: number
  /** How many of the endpoints have no room for another tag, and not this one already. */
  readonly fullEndpoints: number
}

/** How many tags the server gives at most. */
export type TagLimits = {
  /** Different ones in all. */
  readonly tagsMax: number
  /** Of one endpoint. */
  readonly endpointTagsMax: number
}

/** In order of precedence: the first that applies is the answer. */
export type AssignTagRefusal =
  | { readonly code: 'no-endpoint-matches' }
  | { readonly code: 'too-many-tags'; readonly of: 'instance'; readonly limit: number }
  | {
      readonly code: 'too-many-tags'
      readonly of: 'endpoint'
      readonly limit: number
      readonly endpoints: number
    }

export type TagAssigned = {
  /** The tag begins with this. */
  readonly isNew: boolean
}

/** All of the endpoints get the tag, or none does. */
export function decideAssignTag(
  view: AssignTagView,
  limits: TagLimits,
): Result<TagAssigned, AssignTagRefusal> {
  if (view.endpoints === 0) return refuse({ code: 'no-endpoint-matches' })
  if (!view.isKnown && view.tags >= limits.tagsMax) {
    return refuse({ code: 'too-many-tags', of: 'instance', limit: limits.tagsMax })
  }
  if (view.fullEndpoints > 0) {
    const { endpointTagsMax: limit } = limits
    const full = { of: 'endpoint', limit, endpoints: view.fullEndpoints } as const
    return refuse({ code: 'too-many-tags', ...full })
  }
  return accept({ isNew: !view.isKnown })
}
