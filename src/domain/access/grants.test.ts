import { describe, expect, it } from 'vitest'
import { access, key, role } from './_access-samples.ts'
import { type Access, resolveGrants } from './grants.ts'
import type { Scope } from './scope.ts'

const deploys = role('Deploys', 'distributions.edit', 'endpoints.view')
const names = role('Names', 'endpoints.edit')
const ada = { email: 'ada@example.org', role: 'Deploys', scope: null }
const ofAda = { userEmail: ada.email }

function granted(given: Partial<Access>): [string[], Scope] {
  const grant = resolveGrants(access({ roles: [deploys, names], ...given })).get(7)
  return [[...(grant?.role.permissions ?? [])].sort(), grant?.scope ?? null]
}

describe('what a key may do', () => {
  const group = { name: 'g', role: 'Names', members: [ada.email] }
  it.each<[string, Partial<Access>, string[], Scope]>([
    ['what its role says', { keys: [key(7, { role: 'names' })] }, ['endpoints.edit'], null],
    ['nothing when its role is gone', { keys: [key(7, { role: 'gone' })] }, [], null],
    ['nothing when its user is gone', { keys: [key(7, ofAda)] }, [], null],
    [
      'no more than its user',
      { keys: [key(7, ofAda)], users: [ada] },
      ['distributions.edit', 'distributions.view', 'endpoints.view'],
      null,
    ],
    [
      'nothing of a user without a role',
      { keys: [key(7, ofAda)], users: [{ ...ada, role: null }] },
      [],
      null,
    ],
    [
      'what the groups of its user give',
      { keys: [key(7, ofAda)], users: [{ ...ada, role: null }], groups: [group] },
      ['endpoints.edit', 'endpoints.view'],
      null,
    ],
    [
      'no more than its own role, whoever its user is',
      { keys: [key(7, { ...ofAda, role: 'Names' })], users: [ada] },
      ['endpoints.view'],
      null,
    ],
    [
      'where both it and its user may',
      {
        keys: [key(7, { ...ofAda, role: 'Names', scope: { tags: ['a', 'b'] } })],
        users: [{ ...ada, scope: { tags: ['b', 'c'] } }],
      },
      ['endpoints.view'],
      { tags: ['b'] },
    ],
  ])('%s', (_name, given, permissions, scope) => {
    expect(granted(given)).toEqual([permissions, scope])
  })
})
