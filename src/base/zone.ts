/**
 * Time zones: which names are known, and what a zone's clock is ahead of UTC by. Zone data belong
 * to the runtime and change with it: nothing that was computed from them is stored.
 */
import type { Instant } from './clock.ts'

/** A time in which a zone's clock keeps its distance from UTC: [from, until). */
export type Stretch = {
  readonly from: Instant
  readonly until: Instant
  /** Local time minus UTC. */
  readonly offsetMs: number
}

type CachedZone = { readonly name: string; stretches: readonly Stretch[] }

/**
 * Zones are some six hundred, aliases included; what has more keys spells them in odd letter case,
 * and may cost time but no memory.
 */
const ZONES_CACHED_MAX = 2000
/** Those of a year (Morocco has four), the year after and the year before. */
const STRETCHES_CACHED_MAX = 16

const cachedZones = new Map<string, CachedZone>()

/**
 * A zone's name as the runtime's zone data spell it (any letter case is taken, an alias stays);
 * null where it is not known there. A fixed offset is no zone: nobody's clocks are set by it.
 */
export function canonicalZone(name: string): string | null {
  return cachedZone(name)?.name ?? null
}

/** What holds in a zone at an instant; null: there is no such zone. */
export function stretchAt(zone: string, at: Instant): Stretch | null {
  const cached = cachedZone(zone)
  if (cached === null) return null
  for (const each of cached.stretches) if (each.from <= at && at < each.until) return each
  const found = findStretch(cached.name, at)
  cached.stretches = [found, ...cached.stretches.slice(0, STRETCHES_CACHED_MAX - 1)]
  return found
}

function cachedZone(name: string): CachedZone | null {
  const cached = cachedZones.get(name)
  if (cached !== undefined) return cached
  const canonical = findCanonical(name)
  if (canonical === null) return null
  if (cachedZones.size >= ZONES_CACHED_MAX) cachedZones.clear()
  const zone = { name: canonical, stretches: [] }
  cachedZones.set(name, zone)
  return zone
}

/** The names of the tz database ("theory.html", names of timezones) and their length at most. */
const NAME = /^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/

function findCanonical(name: string): string | null {
  if (!NAME.test(name)) return null
  try {
    const { timeZoneId } = Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name)
    // What reads as a time with a zone ("T12Z") is taken too, and is not a name.
    return timeZoneId.toLowerCase() === name.toLowerCase() ? timeZoneId : null
  } catch {
    // Best effort: the runtime's way to say that it knows no such zone.
    return null
  }
}

function findStretch(zone: string, at: Instant): Stretch {
  const here = Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(zone)
  // A transition at `at` itself is the start of the stretch, and "previous" is strictly before.
  const previous = here.add({ milliseconds: 1 }).getTimeZoneTransition('previous')
  const next = here.getTimeZoneTransition('next')
  return {
    from: previous?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
    until: next?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
    offsetMs: here.offsetNanoseconds / 1_000_000,
  }
}
