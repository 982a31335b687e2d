/** For whoever misspelt a zone: what they may have meant. */
import { editDistance } from './edit-distance.ts'

/** So many slips (of `editDistance`) may still be the same name; of a short one, fewer. */
const SLIPS_MAX = 2
const LETTERS_PER_SLIP = 4

/**
 * The zone that a name was probably meant to be: the one of that place ("berlin"), or one that is
 * hardly written otherwise; null: nothing comes near. Deterministic, and cheap enough to answer
 * anybody: names are short, and only those of nearly the same length are compared.
 */
export function nearestZone(name: string): string | null {
  const wanted = name.trim().replaceAll(' ', '_').toLowerCase()
  const place = wanted.slice(wanted.lastIndexOf('/') + 1)
  if (place === '') return null
  const zones = Intl.supportedValuesOf('timeZone')
  const ofPlace = zones.find((zone) => zone.toLowerCase().endsWith(`/${place}`))
  if (ofPlace !== undefined) return ofPlace
  let nearest: string | null = null
  let least = Math.min(SLIPS_MAX, Math.floor(wanted.length / LETTERS_PER_SLIP)) + 1
  for (const zone of zones) {
    const known = zone.toLowerCase()
    for (const part of [known, known.slice(known.lastIndexOf('/') + 1)]) {
      const slips =
        Math.abs(part.length - wanted.length) < least ? editDistance(part, wanted) : least
      if (slips < least) [nearest, least] = [zone, slips]
    }
  }
  return nearest
}
