import { accept } from '../../../base/result.ts'
import type { ListFilter } from '../../../contract/public/list.ts'
import { readColumns } from './columns.ts'
import { type FilterRules, readFilters } from './filters.ts'
import { readPage } from './page.ts'

type Asked = Parameters<typeof readPage>[0] & {
  readonly filters?: readonly ListFilter[] | null | undefined
  readonly fields?: readonly string[] | null | undefined
}

/** What every list is asked: which rows, which page of them, and what to keep of each. */
export function readList<Rules extends FilterRules>(
  asked: Asked,
  rules: Rules,
  columns: readonly string[],
) {
  const filters = readFilters(asked.filters, rules)
  if (!filters.ok) return filters
  const page = readPage(asked)
  if (!page.ok) return page
  const keep = readColumns(asked.fields, columns)
  if (!keep.ok) return keep
  return accept({ filters: filters.value, page: page.value, keep: keep.value })
}
