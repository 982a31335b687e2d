/** `api_keys/*`, in the documented shapes. */
import * as z from 'zod'
import { publicCall } from './call.ts'

export const generateApiKey = z.strictObject({
  roles: z.array(z.string().max(100)).max(10).nullish(),
  security_level: z.enum(['standard', 'advanced']).nullish(),
  /** Milliseconds UTC; null: it does not expire. */
  expiration: z.int().min(0).nullish(),
  comment: z.string().max(200).nullish(),
})
export const generateApiKeyReply = z.object({ id: z.int(), key: z.string() })

const idFilter = z.strictObject({
  field: z.literal('id'),
  operator: z.literal('in'),
  value: z.array(z.int()).max(1000),
})
export const getApiKeys = z.strictObject({ filters: z.array(idFilter).max(10).nullish() })
export const apiKeyObject = z.object({
  id: z.int(),
  creation_time: z.int(),
  created_by: z.string(),
  user_name: z.string(),
  roles: z.array(z.string()),
  security_level: z.enum(['standard', 'advanced']),
  comment: z.string().nullable(),
  expiration: z.int().nullable(),
})
export const getApiKeysReply = z.object({
  DATA: z.array(apiKeyObject),
  FILTER_COUNT: z.int(),
  TOTAL_COUNT: z.int(),
})

export const deleteApiKeys = z.strictObject({ filters: z.array(idFilter).min(1).max(10) })
export const deleteApiKeysReply = z.object({ update_count: z.int() })

export const generateApiKeyCall = publicCall({
  path: 'api_keys/generate',
  summary: 'Makes an API key. The reply is the only time that it is told.',
  origin: 'documented',
  request: generateApiKey,
  reply: generateApiKeyReply,
  isRepeatable: false,
})
export const getApiKeysCall = publicCall({
  path: 'api_keys/get_api_keys',
  summary: 'The keys that were not deleted, expired ones included.',
  origin: 'documented',
  request: getApiKeys,
  reply: getApiKeysReply,
  isRepeatable: true,
})
export const deleteApiKeysCall = publicCall({
  path: 'api_keys/delete',
  summary: 'Deletes keys: this server refuses them at once, others within seconds.',
  origin: 'documented',
  request: deleteApiKeys,
  reply: deleteApiKeysReply,
  isRepeatable: false,
})
