import { describe, expect, it } from 'vitest'
import { nearest } from './nearest.ts'

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
