import { describe, expect, it } from 'vitest'
import { access, actor, key, NOW, role } from './_access-samples.ts'
import { decideRotateApiKey } from './rotate-api-key.ts'

const keeper = role('Keeper', 'access.edit')
const LATER = NOW + 1000
const there = access({
  roles: [keeper],
  keys: [key(1), key(2, { role: 'Keeper', expiresAt: LATER }), key(3, { expiresAt: NOW })],
})
const asked = { actor: actor(), id: 2, overlapMs: 60_000, expiresAt: undefined }
const byUser = { actor: actor({ id: 4, userEmail: 'ada@example.org' }) }
const byKeeper = { actor: actor({ id: 2, role: 'Keeper' }, [keeper]) }

describe('rotate an API key', () => {
  it.each([
    ['with an overlap', {}, { expiresAt: LATER, previousUntil: NOW + 60_000 }],
    ['at once', { overlapMs: 0 }, { expiresAt: LATER, previousUntil: null }],
    ['for longer', { expiresAt: null }, { expiresAt: null, previousUntil: NOW + 60_000 }],
    ['by itself', byKeeper, { expiresAt: LATER, previousUntil: NOW + 60_000 }],
  ])('%s', (_name, given, value) => {
    expect(decideRotateApiKey(there, { ...asked, ...given }, NOW)).toEqual({ ok: true, value })
  })

  it.each([
    ['a past end', { expiresAt: NOW, id: 9 }, 'expiration-past'],
    ['an unknown key', { id: 9 }, 'key-unknown'],
    ['an expired key', { id: 3 }, 'key-unknown'],
    ['a key that may do more', { ...byKeeper, id: 1 }, 'beyond-own-permissions'],
    ['a key of nobody, by that of a user', { ...byUser, id: 1 }, 'beyond-own-permissions'],
    ['an end for the last that has none', { id: 1, expiresAt: LATER }, 'last-live-key'],
  ])('%s is refused', (_name, given, code) => {
    expect(decideRotateApiKey(there, { ...asked, ...given }, NOW)).toMatchObject({
      ok: false,
      refusal: { code },
    })
  })
})
