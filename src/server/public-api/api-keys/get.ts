import type * as z from 'zod'
import { accept } from '../../../base/result.ts'
import { getApiKeysCall, type getApiKeysReply } from '../../../contract/public/api-keys.ts'
import { type ApiKey, loadApiKeys } from '../../../store/api-keys.ts'
import type { Database } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'

type Reply = z.infer<typeof getApiKeysReply>

/** `POST api_keys/get_api_keys`: the keys that were not deleted, expired ones included. */
export const getApiKeysRoute: PublicRoute<{ readonly database: Database }, typeof getApiKeysCall> =
  {
    call: getApiKeysCall,
    permission: 'access.view',
    async answer(needs, request) {
      const filters = request.data.filters ?? []
      const all = await loadApiKeys(needs.database.read)
      const kept = all.filter((key) => key.revokedAt === null)
      const found = kept.filter((key) => filters.every((filter) => filter.value.includes(key.id)))
      const reply: Reply = {
        DATA: found.map(render),
        FILTER_COUNT: found.length,
        TOTAL_COUNT: kept.length,
      }
      return accept(reply)
    },
  }

function render(key: ApiKey): Reply['DATA'][number] {
  return {
    id: key.id,
    creation_time: key.createdAt,
    created_by: 'N/A',
    user_name: `Public API - ${key.id}`,
    roles: [key.role],
    security_level: key.mode,
    comment: key.name === '' ? null : key.name,
    expiration: key.expiresAt,
  }
}
