import { describe, expect, it } from 'vitest'
import { type AssignTagView, decideAssignTag } from './assign-tag.ts'

const LIMITS = { tagsMax: 5, endpointTagsMax: 3 }
const GOOD: AssignTagView = { endpoints: 2, isKnown: false, tags: 4, fullEndpoints: 0 }

describe('assigning a tag', () => {
  it.each([
    ['a new tag begins with it', GOOD, { ok: true, value: { isNew: true } }],
    [
      'a known one needs no room, and has none to take',
      { ...GOOD, isKnown: true, tags: 5 },
      { ok: true, value: { isNew: false } },
    ],
    [
      'nobody is meant, before all else',
      { endpoints: 0, isKnown: false, tags: 5, fullEndpoints: 1 },
      { ok: false, refusal: { code: 'no-endpoint-matches' } },
    ],
    [
      'there are too many tags',
      { ...GOOD, tags: 5, fullEndpoints: 1 },
      { ok: false, refusal: { code: 'too-many-tags', of: 'instance', limit: 5 } },
    ],
    [
      'some endpoint has too many',
      { ...GOOD, fullEndpoints: 1 },
      { ok: false, refusal: { code: 'too-many-tags', of: 'endpoint', limit: 3, endpoints: 1 } },
    ],
  ])('%s', (_name, view, expected) => {
    expect(decideAssignTag(view, LIMITS)).toEqual(expected)
  })
})
