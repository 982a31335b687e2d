import { accept, type Result, refuse } from '../../../base/result.ts'
import type { RequestRefusal } from '../../http/refusal.ts'

/** Keeps of each row what was asked for. */
export type Columns = <Row extends object>(row: Row) => Row

/**
 * `fields`: which columns of the rows the caller wants; null or absent for all of them. `known` are
 * those there are, so that a misspelt one is told and not silently missing.
 */
export function readColumns(
  fields: readonly string[] | null | undefined,
  known: readonly string[],
): Result<Columns, RequestRefusal> {
  if (fields == null) return accept((row) => row)
  const index = fields.findIndex((field) => !known.includes(field))
  if (index >= 0) {
    const loc = ['request_data', 'fields', index]
    const msg = `there is no column ${fields[index]}; there are ${known.join(', ')}`
    return refuse({ code: 'invalid-request', errors: [{ type: 'invalid_value', loc, msg }] })
  }
  const wanted = new Set(fields)
  return accept(<Row extends object>(row: Row) => {
    const kept = Object.entries(row).filter(([name]) => wanted.has(name))
    return Object.fromEntries(kept) as Row // Whoever names columns gets a part of the row.
  })
}
