import { describe, expect, it } from 'vitest'
import { access, actor, key, NOW, role } from './_access-samples.ts'
import { decideCreateRole, decideDeleteRole, decideUpdateRole } from './change-roles.ts'
import type { Permission } from './permission.ts'

const keeper = role('Keeper', 'access.edit')
const spare = role('Spare', 'audits.view')
const there = access({ roles: [keeper, spare], keys: [key(1, { role: 'keeper' })] })
const byKeeper = { actor: actor({ role: 'Keeper' }, [keeper]) }
const web = { actor: actor({ scope: { tags: ['web'] } }) }

function permissions(...given: Permission[]): ReadonlySet<Permission> {
  return new Set(given)
}

describe('create a role', () => {
  const asked = { actor: actor(), name: ' Audit ', description: 'd', permissions: permissions() }
  it('of some permissions', () => {
    expect(decideCreateRole(there, { ...asked, permissions: permissions('audits.view') })).toEqual({
      ok: true,
      value: { ...role('Audit', 'audits.view'), description: 'd' },
    })
  })

  it.each([
    ['a name that is taken', { name: 'KEEPER' }, { code: 'role-exists', name: 'Keeper' }],
    ['an old name', { name: 'Administrator' }, { code: 'role-exists' }],
    [
      'more than one has',
      { ...byKeeper, permissions: permissions('audits.view') },
      { code: 'beyond-own-permissions', missing: ['audits.view'] },
    ],
    ['by whoever sees some endpoints', web, { code: 'beyond-own-permissions', missing: [] }],
  ])('%s is refused', (_name, given, refusal) => {
    expect(decideCreateRole(there, { ...asked, ...given })).toMatchObject({ ok: false, refusal })
  })
})

describe('update a role', () => {
  const asked = { actor: actor(), name: 'spare', description: undefined, permissions: undefined }
  it.each([
    ['nothing', {}, spare],
    ['the description', { description: 'x' }, { ...spare, description: 'x' }],
    [
      'the permissions',
      { permissions: permissions('audits.view', 'endpoints.view') },
      role('Spare', 'audits.view', 'endpoints.view'),
    ],
  ])('%s', (_name, given, after) => {
    const outcome = decideUpdateRole(there, { ...asked, ...given }, NOW)
    expect(outcome).toEqual({ ok: true, value: { before: spare, after } })
  })

  it.each([
    ['an unknown one', { name: 'x' }, 'role-unknown'],
    ['a built-in one', { name: 'viewer' }, 'role-built-in'],
    ['one that has more', byKeeper, 'beyond-own-permissions'],
    [
      'the last that may edit access',
      { name: 'Keeper', permissions: permissions() },
      'last-live-key',
    ],
  ])('%s is refused', (_name, given, code) => {
    expect(decideUpdateRole(there, { ...asked, ...given }, NOW)).toMatchObject({
      ok: false,
      refusal: { code },
    })
  })
})

describe('delete a role', () => {
  it('that nobody has', () => {
    expect(decideDeleteRole(there, 'SPARE')).toEqual({ ok: true, value: spare })
  })

  it.each([
    ['an unknown one', 'x', { code: 'role-unknown', names: ['x'] }],
    ['a built-in one', 'Viewer', { code: 'role-built-in', name: 'Viewer' }],
    ['one in use', 'Keeper', { code: 'role-in-use', name: 'Keeper', keys: 1, users: 0, groups: 0 }],
  ])('%s is refused', (_name, name, refusal) => {
    expect(decideDeleteRole(there, name)).toEqual({ ok: false, refusal })
  })
})
