import { describe, expect, it } from 'vitest'
import { access, actor, NOW, role } from './_access-samples.ts'
import { decideGenerateApiKey, KEY_LIFE_MS } from './generate-api-key.ts'
import { ADMINISTRATOR } from './role.ts'

const keeper = role('Keeper', 'access.edit', 'endpoints.edit')
const ada = { email: 'ada@example.org', role: 'Keeper', scope: null }
const there = access({ roles: [keeper], users: [ada] })
const silent = { role: null, scope: undefined, userEmail: undefined, expiresAt: undefined }
const made = { role: ADMINISTRATOR, scope: null, userEmail: null, expiresAt: NOW + KEY_LIFE_MS }
const byKeeper = (given = {}) => ({ actor: actor({ role: 'Keeper', ...given }, [keeper]) })
const web = { tags: ['web'] }

describe('generate an API key', () => {
  it.each([
    ['silence: the same role, for a week', {}, made],
    ['for ever', { expiresAt: null }, { ...made, expiresAt: null }],
    ['any letter case', { role: 'viewer' }, { ...made, role: 'Viewer' }],
    ['the old name', { role: 'administrator' }, made],
    ['some endpoints', { scope: web }, { ...made, scope: web }],
    ['a user', { userEmail: 'Ada@Example.org' }, { ...made, userEmail: ada.email }],
    [
      'whose key asks, and where that reaches',
      byKeeper({ userEmail: ada.email, scope: web }),
      { ...made, role: 'Keeper', userEmail: ada.email, scope: web },
    ],
  ])('%s', (_name, asked, value) => {
    const command = { actor: actor(), ...silent, ...asked }
    expect(decideGenerateApiKey(there, command, NOW)).toEqual({ ok: true, value })
  })

  const beyond = { code: 'beyond-own-permissions' }
  it.each([
    ['a past end', { expiresAt: NOW, role: 'x' }, { code: 'expiration-past' }],
    ['no such role', { role: 'x', userEmail: 'y' }, { code: 'role-unknown', names: ['x'] }],
    ['no such user', { userEmail: 'y' }, { code: 'user-unknown', emails: ['y'] }],
    ['more permissions', { ...byKeeper(), role: ADMINISTRATOR }, beyond],
    ['more endpoints', { ...byKeeper({ scope: web }), scope: null }, beyond],
    [
      'a key that outlives its user',
      { ...byKeeper({ userEmail: ada.email }), userEmail: null },
      beyond,
    ],
  ])('%s is refused', (_name, asked, refusal) => {
    const command = { actor: actor(), ...silent, ...asked }
    expect(decideGenerateApiKey(there, command, NOW)).toMatchObject({ ok: false, refusal })
  })

  it('names what is missing', () => {
    const command = { ...silent, ...byKeeper(), role: 'Operator' }
    expect(decideGenerateApiKey(there, command, NOW)).toMatchObject({
      refusal: { missing: expect.arrayContaining(['upgrades.edit', 'audits.view']) },
    })
  })
})
