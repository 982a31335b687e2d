/**
 * Days on which nothing begins, whatever the windows say: holidays, the end of the year. They are
 * dates of the calendar, and begin and end at midnight of the zone that counts for an endpoint.
 */

/** Local dates as YYYY-MM-DD, both inclusive. */
export type ClosedDays = { readonly from: string; readonly to: string }

/** Days since 1970-01-01, both inclusive. */
export type DayRange = { readonly first: number; readonly last: number }

const DAY_MS = 86_400_000
const DATE = /^\d{4}-\d{2}-\d{2}$/

/** Days since 1970-01-01; null where there is no such date (31 February), or it is none. */
export function dayNumberOf(date: string): number | null {
  if (!DATE.test(date)) return null
  const at = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== date) return null
  return at / DAY_MS
}

const NONE: readonly DayRange[] = []
/** The planner asks for a whole fleet with one list. */
const known = new WeakMap<readonly ClosedDays[], readonly DayRange[]>()

/** In order, without overlaps; those that touch are one. What is no date closes nothing. */
export function dayRanges(closedDays: readonly ClosedDays[]): readonly DayRange[] {
  if (closedDays.length === 0) return NONE
  const before = known.get(closedDays)
  if (before !== undefined) return before
  const ranges = merged(closedDays)
  known.set(closedDays, ranges)
  return ranges
}

/** The range that holds a day, or else the next one after it; null: there is none any more. */
export function rangeFrom(ranges: readonly DayRange[], day: number): DayRange | null {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.last ?? day) < day) low = middle + 1
    else high = middle
  }
  return ranges[low] ?? null
}

function merged(closedDays: readonly ClosedDays[]): readonly DayRange[] {
  const ranges: DayRange[] = []
  for (const { from, to } of closedDays) {
    const first = dayNumberOf(from)
    const last = dayNumberOf(to)
    if (first !== null && last !== null && first <= last) ranges.push({ first, last })
  }
  ranges.sort((one, other) => one.first - other.first)
  const disjoint: DayRange[] = []
  for (const range of ranges) {
    const previous = disjoint.at(-1)
    if (previous === undefined || range.first > previous.last + 1) disjoint.push(range)
    else {
      const last = Math.max(previous.last, range.last)
      disjoint[disjoint.length - 1] = { first: previous.first, last }
    }
  }
  return disjoint
}
