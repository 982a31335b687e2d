import type * as z from 'zod'
import { accept } from '../../../base/result.ts'
import { apiKeyObject, getApiKeysCall } from '../../../contract/public/api-keys.ts'
import { roleKey } from '../../../domain/access/role.ts'
import { type ApiKey, loadApiKeys } from '../../../store/api-keys.ts'
import type { Database } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'
import { readColumns } from '../lists/columns.ts'
import { type ReadFilter, readFilters } from '../lists/filters.ts'
import { readPage } from '../lists/page.ts'

type Row = z.infer<typeof apiKeyObject>

const COLUMNS = Object.keys(apiKeyObject.shape)

const RULES = {
  id: { operators: ['in'], kind: 'number' },
  roles: { operators: ['contains'], kind: 'text' },
  expiration: { operators: ['gte', 'lte'], kind: 'time' },
} as const

/** `POST api_keys/get_api_keys`: the keys that were not deleted, expired ones included. */
export const getApiKeysRoute: PublicRoute<{ readonly database: Database }, typeof getApiKeysCall> =
  {
    call: getApiKeysCall,
    permission: 'access.view',
    async answer(needs, request) {
      const { data } = request
      const filters = readFilters(data.filters, RULES)
      if (!filters.ok) return filters
      const columns = readColumns(data.fields, COLUMNS)
      if (!columns.ok) return columns
      // The original has no pages here: without one, all of them.
      const isPaged = data.search_from != null || data.search_to != null
      const page = readPage(isPaged ? data : {})
      if (!page.ok) return page
      const keys = await loadApiKeys(needs.database.read)
      const found = keys.filter((key) => filters.value.every((filter) => holds(filter, key)))
      const { offset, limit } = page.value
      const shown = isPaged ? found.slice(offset, offset + limit) : found
      return accept({
        DATA: shown.map(render).map(columns.value),
        FILTER_COUNT: found.length,
        TOTAL_COUNT: keys.length,
      })
    },
  }

function holds(filter: ReadFilter<keyof typeof RULES>, key: ApiKey): boolean {
  const { field, operator, texts, numbers } = filter
  if (field === 'id') return numbers.includes(key.id)
  if (field === 'roles') return texts.some((text) => roleKey(text) === roleKey(key.role))
  const [time = 0] = numbers
  // A key without an end expires after any time.
  const expiresAt = key.expiresAt ?? Number.POSITIVE_INFINITY
  return operator === 'gte' ? expiresAt >= time : expiresAt <= time
}

function render(key: ApiKey): Row {
  return {
    id: key.id,
    creation_time: key.createdAt,
    created_by: key.createdBy,
    user_name: `Public API - ${key.id}`,
    roles: [key.role],
    security_level: key.mode,
    comment: key.name === '' ? null : key.name,
    expiration: key.expiresAt,
    last_used: key.lastUsedAt,
    scope: key.scope === null ? null : { tags: [...key.scope.tags] },
    user_email: key.userEmail,
    previous_valid_until: key.previous?.until ?? null,
  }
}
