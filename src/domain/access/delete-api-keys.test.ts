import { describe, expect, it } from 'vitest'
import { decideDeleteApiKeys } from './delete-api-keys.ts'

describe('delete API keys', () => {
  const live = new Set([1, 2, 3])
  it.each([
    ['takes the named ones', [1, 2], { ok: true, value: { revoked: [1, 2] } }],
    ['takes none twice', [1, 1], { ok: true, value: { revoked: [1] } }],
    ['passes over what is no live key', [4, 3], { ok: true, value: { revoked: [3] } }],
    ['takes none when none is live', [7], { ok: true, value: { revoked: [] } }],
    ['keeps the last live key', [3, 2, 1], { ok: false, refusal: { code: 'last-live-key' } }],
  ])('%s', (_name, ids, expected) => {
    expect(decideDeleteApiKeys({ live }, ids)).toEqual(expected)
  })

  it('passes over everything where there is no live key', () => {
    expect(decideDeleteApiKeys({ live: new Set() }, [1])).toEqual({
      ok: true,
      value: { revoked: [] },
    })
  })
})
