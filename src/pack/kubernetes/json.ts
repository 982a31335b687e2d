/**
 * JSON as the chart's templates write it, which is Go's way: keys sorted, no spaces, and two line
 * separators escaped that JSON itself lets stand. So manifest and chart bring the same bytes.
 */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json }

export function toSortedJson(value: Json): string {
  const text = JSON.stringify(sorted(value))
  return text.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return value.map(sorted)
  const entries = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const)
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)))
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
