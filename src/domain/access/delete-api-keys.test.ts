import { describe, expect, it } from 'vitest'
import { access, key, NOW, role } from './_access-samples.ts'
import { decideDeleteApiKeys } from './delete-api-keys.ts'

const refused = { ok: false, refusal: { code: 'last-live-key' } }
const revokes = (...revoked: number[]) => ({ ok: true, value: { revoked } })

describe('delete API keys', () => {
  const three = access({ keys: [key(1), key(2), key(3)] })
  it.each([
    ['takes the named ones', [1, 2], revokes(1, 2)],
    ['takes none twice', [1, 1], revokes(1)],
    ['passes over what is no key', [4, 3], revokes(3)],
    ['takes none when none is there', [7], revokes()],
    ['keeps the last one', [3, 2, 1], refused],
  ])('%s', (_name, ids, expected) => {
    expect(decideDeleteApiKeys(three, ids, NOW)).toEqual(expected)
  })

  const keeper = key(2, { role: 'Keeper' })
  it('nor does one that has less than everything, while there is one that has it', () => {
    const roles = [role('Keeper', 'access.edit')]
    const both = access({ roles, keys: [key(1), keeper] })
    expect(decideDeleteApiKeys(both, [1], NOW)).toEqual(refused)
    expect(decideDeleteApiKeys(both, [2], NOW)).toEqual(revokes(2))
    const alone = access({ roles, keys: [keeper] })
    expect(decideDeleteApiKeys(alone, [2], NOW)).toEqual(refused)
  })

  const expired = key(3, { expiresAt: NOW })
  const soon = key(4, { expiresAt: NOW + 1 })
  it.each([
    ['a viewer lets nobody in', [key(1), key(2, { role: 'Viewer' })], [1], refused],
    [
      'nor does a key of some endpoints',
      [key(1), key(2, { scope: { tags: ['a'] } })],
      [1],
      refused,
    ],
    ['nor one that has expired', [key(1), expired], [1], refused],
    ['nor, where one does not expire, one that will', [key(1), soon], [1], refused],
    ['an expired one may go', [key(1), expired], [3], revokes(3)],
    ['of those that expire one must stay', [soon, expired], [4], refused],
    ['and one is enough', [soon, key(5, { expiresAt: NOW + 5 })], [4], revokes(4)],
    ['where nobody could come in, all may go', [expired], [3], revokes(3)],
  ])('%s', (_name, keys, ids, expected) => {
    expect(decideDeleteApiKeys(access({ keys }), ids, NOW)).toEqual(expected)
  })
})
