import { expect, it } from 'vitest'
import { Chance } from './chance.ts'

function draws(chance: Chance): number[] {
  return Array.from({ length: 5 }, () => chance.fraction())
}

it('a seed gives the same numbers, and each name others', () => {
  expect(draws(new Chance('1'))).toEqual(draws(new Chance('1')))
  expect(draws(new Chance('1').stream('a'))).not.toEqual(draws(new Chance('1').stream('b')))
})

it('what one stream draws changes nothing for another', () => {
  const chance = new Chance('1')
  const before = draws(chance.stream('a'))
  draws(chance)
  draws(chance.stream('b'))
  expect(draws(chance.stream('a'))).toEqual(before)
})

it('numbers are spread over all that they may be', () => {
  const chance = new Chance('1')
  const seen = new Map<number, number>()
  for (let count = 0; count < 6000; count += 1) {
    const number = chance.whole(1, 6)
    seen.set(number, (seen.get(number) ?? 0) + 1)
  }
  expect([...seen.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6])
  for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
  expect(new Set(chance.bytes(5000)).size).toBe(256)
})
