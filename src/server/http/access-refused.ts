/** The rows of `error-reply.ts` on who may do what: keys, roles, users, licence, rate. */
import type { FieldError } from '../../contract/schema.ts'
import type {
  CreateRoleRefusal,
  DeleteRoleRefusal,
  UpdateRoleRefusal,
} from '../../domain/access/change-roles.ts'
import type {
  CreateUserRefusal,
  DeleteUserGroupRefusal,
  DeleteUserRefusal,
  SetUserGroupRefusal,
  SetUserRoleRefusal,
} from '../../domain/access/change-users.ts'
import type { DeleteApiKeysRefusal } from '../../domain/access/delete-api-keys.ts'
import type { GenerateApiKeyRefusal } from '../../domain/access/generate-api-key.ts'
import { LICENCES_NEEDED, type LicensedFeature } from '../../domain/access/licence.ts'
import type { RotateApiKeyRefusal } from '../../domain/access/rotate-api-key.ts'

export type AccessRefusal =
  | DeleteApiKeysRefusal
  | GenerateApiKeyRefusal
  | RotateApiKeyRefusal
  | CreateRoleRefusal
  | UpdateRoleRefusal
  | DeleteRoleRefusal
  | CreateUserRefusal
  | SetUserRoleRefusal
  | DeleteUserRefusal
  | SetUserGroupRefusal
  | DeleteUserGroupRefusal
  | { readonly code: 'rate-limited'; readonly retryAfterS: number }
  | { readonly code: 'licence-missing'; readonly feature: LicensedFeature }
  | { readonly code: 'limit-reached'; readonly what: string; readonly most: number }
  | { readonly code: 'not-in-this-product'; readonly call: string }

type Row = {
  readonly status: number
  readonly message: string
  readonly extra: string | readonly FieldError[]
  readonly headers?: Readonly<Record<string, string>>
}

type ByCode = {
  readonly [Code in AccessRefusal['code']]: Extract<AccessRefusal, { readonly code: Code }>
}

export const ACCESS_REFUSED: {
  readonly [Code in keyof ByCode]: (refusal: ByCode[Code]) => Row
} = {
  // Existing clients look for these words.
  'rate-limited': ({ retryAfterS }) => {
    const extra = `this API key asks too often: again in ${retryAfterS} seconds`
    const headers = { 'retry-after': String(retryAfterS) }
    return { status: 429, message: 'Rate limit exceeded', extra, headers }
  },
  'licence-missing': ({ feature }) => {
    const needed = LICENCES_NEEDED[feature]
    const extra = `the licence of this instance does not cover this: ${needed} does`
    return { status: 402, message: 'License required', extra }
  },
  'not-in-this-product': ({ call }) => {
    const extra =
      `${call} is outside this product: Drydock builds installation packages, enrols endpoints ` +
      'and keeps their agents at the version you chose'
    return { status: 501, message: 'Not implemented', extra }
  },
  'beyond-own-permissions': ({ missing }) => {
    const what =
      missing.length === 0
        ? 'it would reach more endpoints, or last longer, than the key that asks may'
        : `the key that asks has not got ${missing.join(', ')}`
    const extra = `nobody can hand out more than they have: ${what}`
    return { status: 403, message: 'Public API request forbidden', extra }
  },
  'expiration-past': () => {
    const msg = 'it lies in the past; milliseconds since 1970, UTC'
    const loc = ['request_data', 'expiration']
    const message = `request_data.expiration: ${msg}`
    return { status: 400, message, extra: [{ type: 'value_error', loc, msg }] }
  },
  'key-unknown': ({ id }) => unknown(`there is no live API key ${id}`),
  'role-unknown': ({ names }) => unknown(`there is no role ${few(names)}`),
  'user-unknown': ({ emails }) => unknown(`there is no user ${few(emails)}`),
  'group-unknown': ({ names }) => unknown(`there is no group ${few(names)}`),
  'role-exists': ({ name }) => taken(`there is a role ${name} already`),
  'user-exists': ({ email }) => taken(`there is a user ${email} already`),
  'role-built-in': ({ name }) => {
    const extra = `${name} is built in and can be neither changed nor deleted`
    return { status: 409, message: 'The role is built in', extra }
  },
  'role-in-use': ({ name, keys, users, groups }) => {
    const extra = `${name} is the role of ${keys} keys, ${users} users and ${groups} groups`
    return { status: 409, message: 'The role is in use', extra }
  },
  'last-live-key': () => {
    const extra =
      'a live API key that can do everything must remain, or edit access where there is none ' +
      'such, and one that does not expire where there is one: generate another one first'
    return { status: 409, message: 'The last API key', extra }
  },
  'limit-reached': ({ what, most }) => {
    const extra = `there can be ${most} ${what}: delete some first`
    return { status: 409, message: 'There are too many', extra }
  },
}

const NAMED_MAX = 10

function few(names: readonly string[]): string {
  const more = names.length - NAMED_MAX
  return `${names.slice(0, NAMED_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function unknown(extra: string): Row {
  return { status: 404, message: 'Not found', extra }
}

function taken(extra: string): Row {
  return { status: 409, message: 'The name is taken', extra }
}
