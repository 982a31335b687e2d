import { describe, expect, it } from 'vitest'
import { missingPrograms } from './needs.ts'

describe('missingPrograms', () => {
  it('names what is not on the path and nothing else', () => {
    expect(missingPrograms(['sh', 'no-such-program-anywhere'])).toEqual([
      'no-such-program-anywhere',
    ])
  })
})
