import { accept, type Result, refuse } from '../../../base/result.ts'
import { PAGE_ROWS_MAX } from '../../../contract/public/limits.ts'
import type { RequestRefusal } from '../../http/refusal.ts'

export type Page = { readonly offset: number; readonly limit: number }

type Asked = {
  readonly search_from?: number | null | undefined
  readonly search_to?: number | null | undefined
}

/** `search_from` and `search_to`: zero-based, half open, the first hundred by default. */
export function readPage(asked: Asked): Result<Page, RequestRefusal> {
  const offset = asked.search_from ?? 0
  const end = asked.search_to ?? offset + PAGE_ROWS_MAX
  if (end >= offset && end - offset <= PAGE_ROWS_MAX) return accept({ offset, limit: end - offset })
  const loc = ['request_data', 'search_to']
  const msg = `search_to must lie between search_from and search_from + ${PAGE_ROWS_MAX}`
  return refuse({ code: 'invalid-request', errors: [{ type: 'invalid_value', loc, msg }] })
}
