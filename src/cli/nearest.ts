import { editDistance } from '../base/edit-distance.ts'

/** The known word that someone who wrote `word` most likely meant; null when none is near. */
export function nearest(word: string, known: Iterable<string>): string | null {
  let best: string | null = null
  let bestDistance = Math.max(2, Math.ceil(word.length / 3)) + 1
  for (const each of known) {
    const isBeginning = word.length >= 2 && each.startsWith(word)
    const distance = isBeginning ? 1 : editDistance(word, each)
    if (distance < bestDistance) [best, bestDistance] = [each, distance]
  }
  return best
}

/** ` Did you mean "x"?`, or nothing. */
export function suggestion(word: string, known: Iterable<string>): string {
  const near = nearest(word, known)
  return near === null ? '' : ` Did you mean "${near}"?`
}
