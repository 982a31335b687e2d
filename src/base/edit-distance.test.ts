import { describe, expect, it } from 'vitest'
import { editDistance } from './edit-distance.ts'

describe('edit distance', () => {
  it.each([
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['abc', 'abcd', 1],
    ['kitten', 'sitting', 3],
  ])('from "%s" to "%s" is %i', (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance)
    expect(editDistance(right, left)).toBe(distance)
  })
})
