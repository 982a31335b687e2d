/** `api_keys/*`: the documented shapes, and what is ours: owners, scopes, rotation. */
import * as z from 'zod'
import { publicCall } from './call.ts'
import {
  ACCESS_NAMES_MAX,
  KEY_OVERLAP_S_DEFAULT,
  KEY_OVERLAP_S_MAX,
  SCOPE_TAGS_MAX,
} from './limits.ts'
import { columnNames, folded, listFilters, searchPage } from './list.ts'

/** Ours: only endpoints that carry one of the tags. */
export const scopeObject = z.strictObject({
  tags: z.array(z.string().min(1).max(255)).min(1).max(SCOPE_TAGS_MAX),
})

export const emailText = z
  .string()
  .trim()
  .max(254)
  .regex(/^[^\s@]+@[^\s@]+$/, 'an e-mail address')

/** Milliseconds UTC; null: never. */
const expiration = z.int().min(0).nullish()

export const generateApiKey = z.strictObject({
  /** Exactly one; absent: the role of the key that asks. */
  roles: z.array(z.string().max(100)).min(1).max(10).nullish(),
  security_level: folded(['standard', 'advanced']).nullish(),
  /** Absent: a week from now. */
  expiration,
  comment: z.string().max(200).nullish(),
  scope: scopeObject.nullish(),
  /** Ours: whose key it is; it can do no more than its user. Absent: as the key that asks. */
  user_email: emailText.nullish(),
})
export const generateApiKeyReply = z.object({ id: z.int(), key: z.string() })

export const getApiKeys = z.strictObject({
  filters: listFilters,
  ...searchPage,
  fields: columnNames,
})
export const apiKeyObject = z.object({
  id: z.int(),
  creation_time: z.int(),
  created_by: z.string(),
  user_name: z.string(),
  roles: z.array(z.string()),
  security_level: z.enum(['standard', 'advanced']),
  comment: z.string().nullable(),
  expiration: z.int().nullable(),
  last_used: z.int().nullable().optional(),
  scope: z
    .object({ tags: z.array(z.string()) })
    .nullable()
    .optional(),
  user_email: z.string().nullable().optional(),
  /** Until then the secret before the last rotation is taken too; null: there is none. */
  previous_valid_until: z.int().nullable().optional(),
})
const counts = { FILTER_COUNT: z.int(), TOTAL_COUNT: z.int() }
/** With `fields`, rows have only those. */
export const getApiKeysReply = z.object({ DATA: z.array(apiKeyObject.partial()), ...counts })
/** What whoever names no `fields` gets. */
export const wholeApiKeysReply = z.object({ DATA: z.array(apiKeyObject), ...counts })

/** Clients of the field also write numbers as text. */
const keyId = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,15}$/, 'an integer')
    .transform(Number),
])
const idFilter = z.strictObject({
  field: z.literal('id'),
  operator: folded(['in']),
  value: z.array(keyId).max(ACCESS_NAMES_MAX),
})
export const deleteApiKeys = z.strictObject({ filters: z.array(idFilter).min(1).max(10) })
export const deleteApiKeysReply = z.object({ update_count: z.int() })

export const rotateApiKey = z.strictObject({
  id: z.int().min(1),
  /** 0: the secret before ends at once. */
  overlap_seconds: z.int().min(0).max(KEY_OVERLAP_S_MAX).default(KEY_OVERLAP_S_DEFAULT),
  /** Absent: as it was. */
  expiration,
})
export const rotateApiKeyReply = z.object({
  id: z.int(),
  key: z.string(),
  expiration: z.int().nullable(),
  previous_valid_until: z.int().nullable(),
})

export const generateApiKeyCall = publicCall({
  path: 'api_keys/generate',
  summary:
    'Makes an API key. The reply is the only time that it is told. It expires after a week ' +
    'unless expiration says otherwise; null means never.',
  origin: 'documented',
  request: generateApiKey,
  reply: generateApiKeyReply,
  isRepeatable: false,
  examples: [
    {
      name: 'A key of one role',
      request: { roles: ['Viewer'], security_level: 'advanced', comment: 'ci' },
    },
  ],
})
export const getApiKeysCall = publicCall({
  path: 'api_keys/get_api_keys',
  summary: 'The keys that were not deleted, expired ones included.',
  origin: 'documented',
  request: getApiKeys,
  reply: getApiKeysReply,
  isRepeatable: true,
  examples: [{ name: 'All of them', request: { filters: [] } }],
})
export const deleteApiKeysCall = publicCall({
  path: 'api_keys/delete',
  summary: 'Deletes keys: this server refuses them at once, others within seconds.',
  origin: 'documented',
  request: deleteApiKeys,
  reply: deleteApiKeysReply,
  isRepeatable: false,
  examples: [
    {
      name: 'two keys',
      request: { filters: [{ field: 'id', operator: 'in', value: [4267, 4268] }] },
      reply: { update_count: 2 },
    },
  ],
})
export const validateApiKeyCall = publicCall({
  path: 'api_keys/validate',
  summary: 'Whether the key is good: true, or 401. The answer stands alone.',
  origin: 'documented',
  request: z.looseObject({}),
  reply: z.literal(true),
  envelope: 'bare',
  body: 'either',
  isRepeatable: true,
  examples: [{ name: 'Testing the connection', request: {}, reply: true }],
})
export const rotateApiKeyCall = publicCall({
  path: 'api_keys/rotate',
  summary:
    'Gives a key a new secret under the same id. The secret before is taken for overlap_seconds ' +
    'longer, so that its clients can be changed one after the other.',
  origin: 'ours',
  request: rotateApiKey,
  reply: rotateApiKeyReply,
  isRepeatable: false,
  examples: [
    {
      name: 'with an hour to change its clients',
      request: { id: 4267, overlap_seconds: 3600 },
      reply: {
        id: 4267,
        key: '<128 letters and digits>',
        expiration: 1_765_152_000_000,
        previous_valid_until: 1_764_550_800_000,
      },
    },
  ],
})
