/** The rows of `error-reply.ts` on endpoints and their tags. */
import type { FieldError } from '../../contract/schema.ts'
import type { AssignTagRefusal } from '../../domain/tag/assign-tag.ts'
import type { DeleteTagsRefusal } from '../../domain/tag/delete-tags.ts'

export type EndpointRefusal =
  | AssignTagRefusal
  | DeleteTagsRefusal
  | { readonly code: 'endpoint-unknown'; readonly endpointId: string }
  | { readonly code: 'too-many-endpoints'; readonly limit: number }

type Row = {
  readonly status: number
  readonly message: string
  readonly extra: string | readonly FieldError[]
}

type ByCode = {
  readonly [Code in EndpointRefusal['code']]: Extract<EndpointRefusal, { readonly code: Code }>
}

/** The original's own sentence, which clients of the field look for. */
export const NO_ENDPOINT = 'No endpoint was found for creating the requested action'

export const ENDPOINT_REFUSED: {
  readonly [Code in keyof ByCode]: (refusal: ByCode[Code]) => Row
} = {
  'endpoint-unknown': ({ endpointId }) => {
    return { status: 404, message: 'Not found', extra: `there is no endpoint ${endpointId}` }
  },
  'no-endpoint-matches': () => {
    const message = `An error occurred while processing the public API request - ${NO_ENDPOINT}`
    return { status: 500, message, extra: NO_ENDPOINT }
  },
  'too-many-endpoints': ({ limit }) => {
    const msg = `the filters mean more than ${limit} endpoints, the most that this call changes`
    const loc = ['request_data', 'filters']
    const extra = [{ type: 'value_error', loc, msg }]
    return { status: 400, message: `${loc.join('.')}: ${msg}`, extra }
  },
  'too-many-tags': (refusal) => {
    const extra =
      refusal.of === 'instance'
        ? `there are ${refusal.limit} tags, and no more are made: delete some that nobody has`
        : `${refusal.endpoints} of the endpoints have ${refusal.limit} tags, and no room for more`
    return { status: 409, message: 'Too many tags', extra }
  },
  'tag-unknown': ({ tags }) => {
    return { status: 404, message: 'Not found', extra: `there is no tag ${tags.join(', ')}` }
  },
  'tag-assigned': ({ tags }) => {
    const extra = `still assigned to endpoints, remove it from them first: ${tags.join(', ')}`
    return { status: 409, message: 'The tag is still assigned', extra }
  },
}
