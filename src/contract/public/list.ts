/** What the lists of the public API have in common: filters, order, page, columns. */
import * as z from 'zod'
import { COLUMNS_MAX, FILTER_VALUES_MAX, FILTERS_MAX } from './limits.ts'

/** Clients differ in letter case (`Standalone`, `IN`, `asc`): folded before it is compared. */
export function folded<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z
    .preprocess(
      (value) => (typeof value === 'string' ? value.trim().toLowerCase() : value),
      z.enum(values),
    )
    .meta({ description: 'In any letter case.' })
}

const filterText = z.string().max(500)
const filterValue = z.union([
  filterText,
  z.number(),
  z.boolean().transform(String),
  z.array(z.union([filterText, z.number()])).max(FILTER_VALUES_MAX),
])

export const FILTER_OPERATORS = [
  'in',
  'eq',
  'neq',
  'contains',
  'not_contains',
  'gte',
  'lte',
] as const
export type FilterOperator = (typeof FILTER_OPERATORS)[number]

/** Which fields, operators and values there are, the call says when it reads the filter. */
export const listFilter = z.strictObject({
  field: z.string().max(100),
  operator: folded(FILTER_OPERATORS),
  value: filterValue,
})
export type ListFilter = z.infer<typeof listFilter>

export const listFilters = z.array(listFilter).max(FILTERS_MAX).nullish()

/** Of a call that changes what they mean: none at all would mean everything. */
export const changeFilters = z
  .array(listFilter)
  .min(1, 'at least one filter: a change of everything names it')
  .max(FILTERS_MAX)

/** Zero-based, half open: `search_from: 0, search_to: 100` are the first hundred rows. */
export const searchPage = {
  search_from: z.int().min(0).nullish(),
  search_to: z.int().min(0).nullish(),
}

export function listSort<const Fields extends readonly [string, ...string[]]>(fields: Fields) {
  return z.strictObject({ field: folded(fields), keyword: folded(['asc', 'desc']) }).nullish()
}

/** Ours: only these columns of each row; absent or null for all of them. */
export const columnNames = z.array(z.string().max(100)).min(1).max(COLUMNS_MAX).nullish()
