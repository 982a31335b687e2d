import * as z from 'zod'
import { CLOSED_DAYS_MAX, CLOSED_RANGE_DAYS_MAX } from './limits.ts'

const day = z.iso.date('a day of the calendar as YYYY-MM-DD')

const DAY_MS = 86_400_000
const daysBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / DAY_MS

/** Both inclusive: one day is from and to the same. */
const closedRange = z
  .strictObject({ from: day, to: day })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'it must not be before from' })
  .refine(({ from, to }) => daysBetween(from, to) < CLOSED_RANGE_DAYS_MAX, {
    path: ['to'],
    message: `at most ${CLOSED_RANGE_DAYS_MAX} days at once`,
  })

/** Days on which nothing begins, by the calendar of the zone that counts. */
export const closedDays = z
  .array(closedRange)
  .max(CLOSED_DAYS_MAX, `at most ${CLOSED_DAYS_MAX} ranges of days`)
