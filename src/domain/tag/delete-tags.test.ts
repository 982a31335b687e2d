import { describe, expect, it } from 'vitest'
import { decideDeleteTags } from './delete-tags.ts'

const view = { known: new Set(['a', 'b', 'web 1']), assigned: new Set(['b']) }

describe('deleting tags', () => {
  it.each([
    ['those that nobody has', ['a', 'web 1'], { ok: true, value: { deleted: ['a', 'web 1'] } }],
    ['one named twice, once', ['a', 'a'], { ok: true, value: { deleted: ['a'] } }],
    [
      'none when one is unknown, before all else; letter case tells them apart',
      ['a', 'b', 'A'],
      { ok: false, refusal: { code: 'tag-unknown', tags: ['A'] } },
    ],
    [
      'none when one is still assigned',
      ['a', 'b'],
      { ok: false, refusal: { code: 'tag-assigned', tags: ['b'] } },
    ],
  ])('%s', (_name, named, expected) => {
    expect(decideDeleteTags(view, named)).toEqual(expected)
  })
})
