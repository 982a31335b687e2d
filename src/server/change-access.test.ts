import { expect, it } from 'vitest'
import { refuseBeyond } from './change-access.ts'

it.each([
  [0, true],
  [2, true],
  [3, false],
  [4, false],
])('to %i of three another may come: %s', (count, isFine) => {
  const refused = refuseBeyond(count, { what: 'roles', most: 3 })
  expect(refused === null).toBe(isFine)
  if (!isFine) expect(refused).toMatchObject({ refusal: { code: 'limit-reached', most: 3 } })
})
