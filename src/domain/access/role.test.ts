import { expect, it } from 'vitest'
import { roleKey } from './role.ts'

it.each([
  ['Viewer', 'viewer'],
  ['  deployment ADMIN ', 'deployment admin'],
  ['administrator', 'instance administrator'],
  ['constructor', 'constructor'],
  ['__proto__', '__proto__'],
  ['toString', 'tostring'],
])('the role %s is found as %s', (name, key) => {
  expect(roleKey(name)).toBe(key)
})
