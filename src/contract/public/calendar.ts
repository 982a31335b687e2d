/** Zones and days of the calendar, as whoever runs the instance says them. */
import * as z from 'zod'
import { canonicalZone } from '../../base/zone.ts'
import { CLOSED_DAYS_MAX, CLOSED_RANGE_DAYS_MAX } from './limits.ts'

/** Each endpoint's own zone, in place of a zone's name. */
const ENDPOINT = 'endpoint'
const zoneText = 'an IANA time zone, such as Europe/Berlin, or endpoint'

/** In any letter case; told as the zone data spell it. */
export const timeZone = z
  .string(zoneText)
  .max(100, zoneText)
  .transform((text, context) => {
    const name = text.trim()
    if (name.toLowerCase() === ENDPOINT) return ENDPOINT
    const known = canonicalZone(name)
    if (known !== null) return known
    context.addIssue({ code: 'custom', message: `there is no time zone "${name}": ${zoneText}` })
    return z.NEVER
  })

const dateText = 'a day of the calendar as YYYY-MM-DD'
const day = z.iso.date(dateText)

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

export const closedDays = z
  .array(closedRange)
  .max(CLOSED_DAYS_MAX, `at most ${CLOSED_DAYS_MAX} ranges of days`)
