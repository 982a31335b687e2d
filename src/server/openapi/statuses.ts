/** Which errors a call can answer: those that all have, and those that are its own. */
import type { PublicCall } from '../../contract/public/call.ts'
import type { Demands } from '../http/route.ts'
import type { JsonSchema } from './json-schema.ts'

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'The request is wrong, and the same request will stay wrong.',
  401: 'No key, or not a good one: key, id, mode (standard or advanced), clock.',
  402: 'The licence of this instance does not cover the call.',
  403: 'The key lacks the permission that the call names, or has a scope; or a link is not valid.',
  404: 'What the request names does not exist.',
  408: 'The body did not arrive within its time.',
  409: 'It contradicts what is there.',
  413: 'The body is larger than the limit of the call.',
  416: 'The range lies outside the content.',
  429: 'Too many requests; Retry-After says in how many seconds.',
  500: 'A business refusal (reply.reason names it), or a bug or fault of the server.',
  501: 'A call of the original that is outside this product.',
  503: 'Not now; Retry-After says in how many seconds.',
}

const OF_ALL = [400, 401, 408, 413, 429, 500, 503]

/** Beside those of all calls. A call that is not here has none of its own. */
export const STATUSES_OF_CALLS: Readonly<Record<string, readonly number[]>> = {
  'actions/get_action_status': [404],
  'api_keys/delete': [409],
  'api_keys/generate': [404, 409],
  'api_keys/rotate': [404, 409],
  'distributions/create': [409],
  'distributions/delete': [404],
  'distributions/get_dist_url': [404, 409],
  'distributions/get_status': [404],
  'distributions/update': [404, 409],
  'endpoints/get_policy': [404],
  'endpoints/upgrade/cancel': [404],
  'endpoints/upgrade/explain': [404],
  'endpoints/upgrade/get': [404],
  'endpoints/upgrade/pause': [404, 409],
  'endpoints/upgrade/policies/delete': [404],
  'endpoints/upgrade/policies/get': [404],
  'endpoints/upgrade/policies/set': [409],
  'endpoints/upgrade/resume': [404, 409],
  'endpoints/upgrade/retry': [404, 409],
  'endpoints/upgrade/revert': [404, 409],
  'endpoints/upgrade/skip_wave': [404, 409],
  'rbac/create_role': [409],
  'rbac/create_user': [404, 409],
  'rbac/delete_role': [404, 409],
  'rbac/delete_user': [404, 409],
  'rbac/delete_user_group': [404, 409],
  'rbac/get_roles': [404],
  'rbac/get_user_group': [404],
  'rbac/set_user_group': [404, 409],
  'rbac/set_user_role': [404, 409],
  'rbac/update_role': [404, 409],
  'releases/publish': [409],
  'releases/withdraw': [404],
  'tags/agents/assign': [409],
  'tags/agents/delete_permanently': [404, 409],
  'trust/remove_certificate': [404],
}

export function statusesOf(call: PublicCall, demands: Demands): readonly number[] {
  return [
    ...OF_ALL,
    ...(demands.licensed === undefined ? [] : [402]),
    ...(demands.permission === null ? [] : [403]),
    ...(STATUSES_OF_CALLS[call.path] ?? []),
  ]
}

export function errorAnswers(statuses: readonly number[]): Readonly<Record<string, JsonSchema>> {
  const sorted = [...new Set(statuses)].sort((left, right) => left - right)
  return Object.fromEntries(
    sorted.map((status) => [String(status), { $ref: `#/components/responses/${status}` }]),
  )
}

/** What `errorAnswers` refers to. */
export function errorResponses(): Readonly<Record<string, JsonSchema>> {
  const schema = { $ref: '#/components/schemas/Error' }
  return Object.fromEntries(
    Object.entries(MEANINGS).map(([status, description]) => [
      status,
      { description, content: { 'application/json': { schema } } },
    ]),
  )
}
