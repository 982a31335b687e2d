import { describe, expect, it } from 'vitest'
import { access, actor, key, NOW, role } from './_access-samples.ts'
import {
  decideCreateUser,
  decideDeleteUser,
  decideDeleteUserGroup,
  decideSetUserGroup,
  decideSetUserRole,
} from './change-users.ts'
import { ADMINISTRATOR } from './role.ts'

const keeper = role('Keeper', 'access.edit')
const ada = { email: 'ada@example.org', role: ADMINISTRATOR, scope: null }
const bob = { email: 'bob@example.org', role: null, scope: { tags: ['web'] } }
const group = { name: 'Ops', role: 'Viewer', members: [bob.email] }
/** Ada's key is the only one that can edit access. */
const there = access({
  roles: [keeper],
  users: [ada, bob],
  groups: [group],
  keys: [key(1, { userEmail: ada.email }), key(2, { role: 'Viewer', userEmail: bob.email })],
})
const byKeeper = { actor: actor({ role: 'Keeper' }, [keeper]) }
const inWeb = { actor: actor({ scope: { tags: ['web'] } }) }

describe('create a user', () => {
  const asked = { actor: actor(), email: 'Eve@Example.org', role: 'viewer', scope: null }
  it('under an address without letter case', () => {
    const value = { email: 'eve@example.org', role: 'Viewer', scope: null }
    expect(decideCreateUser(there, asked)).toEqual({ ok: true, value })
  })

  it.each([
    ['one that is there', { email: 'ADA@example.org' }, 'user-exists'],
    ['an unknown role', { role: 'x' }, 'role-unknown'],
    ['a role beyond one’s own', byKeeper, 'beyond-own-permissions'],
    ['endpoints beyond one’s own', inWeb, 'beyond-own-permissions'],
  ])('%s is refused', (_name, given, code) => {
    const outcome = decideCreateUser(there, { ...asked, ...given })
    expect(outcome).toMatchObject({ ok: false, refusal: { code } })
  })
})

describe('set the role of users', () => {
  const asked = { actor: actor(), emails: ['BOB@example.org', bob.email], role: 'operator' }
  it.each([
    ['gives it once', {}, 'Operator'],
    ['takes it away', { role: null }, null],
    ['where the actor may too', inWeb, 'Operator'],
  ])('%s', (_name, given, named) => {
    const value = { before: [bob], role: named }
    expect(decideSetUserRole(there, { ...asked, ...given }, NOW)).toEqual({ ok: true, value })
  })

  it.each([
    ['an unknown role', { role: 'x' }, { code: 'role-unknown', names: ['x'] }],
    ['an unknown user', { emails: ['x', bob.email] }, { code: 'user-unknown', emails: ['x'] }],
    ['a role beyond one’s own', byKeeper, { code: 'beyond-own-permissions' }],
    ['more endpoints', { ...inWeb, emails: [ada.email] }, { code: 'beyond-own-permissions' }],
    ['the last editor', { emails: [ada.email], role: null }, { code: 'last-live-key' }],
  ])('%s is refused', (_name, given, refusal) => {
    const outcome = decideSetUserRole(there, { ...asked, ...given }, NOW)
    expect(outcome).toMatchObject({ ok: false, refusal })
  })
})

describe('delete a user', () => {
  it('and their keys', () => {
    const value = { user: bob, revoked: [2] }
    expect(decideDeleteUser(there, 'Bob@example.org', NOW)).toEqual({ ok: true, value })
  })

  it.each([
    ['x', { code: 'user-unknown', emails: ['x'] }],
    [ada.email, { code: 'last-live-key' }],
  ])('%s is refused', (email, refusal) => {
    expect(decideDeleteUser(there, email, NOW)).toEqual({ ok: false, refusal })
  })
})

describe('set a group', () => {
  const asked = { actor: actor(), name: 'New', role: 'Operator', members: [ada.email, ada.email] }
  it.each([
    [
      'a new one',
      {},
      { before: null, after: { name: 'New', role: 'Operator', members: [ada.email] } },
    ],
    [
      'one that is there',
      { name: 'ops', role: null, members: [] },
      { before: group, after: { name: 'Ops', role: null, members: [] } },
    ],
  ])('%s', (_name, given, value) => {
    expect(decideSetUserGroup(there, { ...asked, ...given }, NOW)).toEqual({ ok: true, value })
  })

  it.each([
    ['an unknown role', { role: 'x' }, 'role-unknown'],
    ['an unknown user', { members: ['x'] }, 'user-unknown'],
    ['a role beyond one’s own', byKeeper, 'beyond-own-permissions'],
    ['whoever sees some endpoints', inWeb, 'beyond-own-permissions'],
  ])('%s is refused', (_name, given, code) => {
    const outcome = decideSetUserGroup(there, { ...asked, ...given }, NOW)
    expect(outcome).toMatchObject({ ok: false, refusal: { code } })
  })

  const editors = { name: 'Editors', role: 'Keeper', members: [bob.email] }
  const kept = access({
    roles: [keeper],
    users: [{ ...bob, scope: null }],
    groups: [editors],
    keys: [key(1, { userEmail: bob.email })],
  })
  it('the last editor keeps it', () => {
    const empty = { actor: actor(), name: 'editors', role: 'Keeper', members: [] }
    const refused = { ok: false, refusal: { code: 'last-live-key' } }
    expect(decideSetUserGroup(kept, empty, NOW)).toEqual(refused)
    expect(decideDeleteUserGroup(kept, 'editors', NOW)).toEqual(refused)
  })
})

describe('delete a group', () => {
  it('that is there', () => {
    expect(decideDeleteUserGroup(there, ' OPS', NOW)).toEqual({ ok: true, value: group })
    const refusal = { code: 'group-unknown', names: ['x'] }
    expect(decideDeleteUserGroup(there, 'x', NOW)).toEqual({ ok: false, refusal })
  })
})
