/** For whoever misspelt a zone: what they may have meant. */

/** So many letters added, left out or changed may still be the same name; of a short one, fewer. */
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
      const slips = Math.abs(part.length - wanted.length) < least ? distance(part, wanted) : least
      if (slips < least) [nearest, least] = [zone, slips]
    }
  }
  return nearest
}

/** Levenshtein's. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, char] of [...one].entries()) {
    const next = [index + 1]
    for (let at = 1; at <= other.length; at += 1) {
      const changed = (row[at - 1] ?? 0) + (other[at - 1] === char ? 0 : 1)
      next.push(Math.min(changed, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
