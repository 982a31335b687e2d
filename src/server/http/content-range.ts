/** A `Range` header of one range (RFC 9110, section 14). */

export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly offset: number; readonly length: number }
  | { readonly kind: 'unsatisfiable' }

const WHOLE = { kind: 'whole' } as const
const ONE_RANGE = /^bytes=(\d*)-(\d*)$/i

/**
 * Several ranges, other units and nonsense are answered with the whole: a server may ignore the
 * header (14.2). Only a range that is well formed and lies outside is refused.
 */
export function parseRange(header: string | undefined, size: number): RangeAnswer {
  const [, first, last] = ONE_RANGE.exec((header ?? '').trim()) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return WHOLE
  if (first === '') return lastBytes(Number(last), size)
  const offset = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < offset) return WHOLE
  if (offset >= size) return { kind: 'unsatisfiable' }
  return { kind: 'part', offset, length: end - offset + 1 }
}

/** `bytes=-500`: the last 500. */
function lastBytes(count: number, size: number): RangeAnswer {
  if (count === 0 || size === 0) return { kind: 'unsatisfiable' }
  const length = Math.min(count, size)
  return { kind: 'part', offset: size - length, length }
}
