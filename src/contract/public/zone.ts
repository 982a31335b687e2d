import * as z from 'zod'
import { canonicalZone } from '../../base/zone.ts'
import { nearestZone } from '../../base/zone-name.ts'

/** In place of a zone's name: the one of each endpoint's own machine. */
const ENDPOINT = 'endpoint'
const RIGHT = `an IANA time zone, such as Europe/Berlin, or ${ENDPOINT}`

/**
 * The name of a time zone in any letter case, told as the zone data spell it. No fixed offset: a
 * window in one is an hour off for half of the year, in silence.
 */
export const zoneNameOrEndpoint = z
  .string(RIGHT)
  .max(100, RIGHT)
  .overwrite((text) => spelling(text) ?? text)
  .superRefine((name, context) => {
    if (spelling(name) !== null) return
    const nearest = nearestZone(name)
    const meant = nearest === null ? '' : ` (did you mean ${nearest}?)`
    const message = `${RIGHT}; there is no ${name}${meant}`
    context.addIssue({ code: 'custom', message })
  })

function spelling(text: string): string | null {
  const name = text.trim()
  return name.toLowerCase() === ENDPOINT ? ENDPOINT : canonicalZone(name)
}
