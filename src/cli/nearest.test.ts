import { describe, expect, it } from 'vitest'
import { editDistance, nearest } from './nearest.ts'

const COMMANDS = ['release publish', 'release list', 'upgrade', 'upgrade status', 'key list']

describe('nearest', () => {
  it.each([
    ['upgade', 'upgrade'],
    ['release pubish', 'release publish'],
    ['upgrade stat', 'upgrade status'],
    ['keylist', 'key list'],
    ['up', 'upgrade'],
    ['zzzzzzzz', null],
    ['', null],
  ])('for "%s" is %s', (word, expected) => {
    expect(nearest(word, COMMANDS)).toBe(expected)
  })
})

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
