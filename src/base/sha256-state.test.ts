import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256Finish, sha256StateAfter } from './sha256-state.ts'

describe('SHA-256 from a chaining value', () => {
  it('gives the digest of the whole, wherever it was divided', () => {
    const blocks = fc
      .integer({ min: 0, max: 4 })
      .chain((count) => fc.uint8Array({ minLength: 64 * count, maxLength: 64 * count }))
    fc.assert(
      fc.property(blocks, fc.uint8Array({ maxLength: 300 }), (head, tail) => {
        const whole = createHash('sha256').update(head).update(tail).digest('hex')
        expect(sha256Finish(sha256StateAfter(head), head.length, tail)).toBe(whole)
      }),
      { numRuns: 500 },
    )
  })

  it.each([0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128])(
    'pads a tail of %i bytes as the standard says',
    (length) => {
      const head = new Uint8Array(128).fill(0x61)
      const tail = new Uint8Array(length).fill(0x62)
      const whole = createHash('sha256').update(head).update(tail).digest('hex')
      expect(sha256Finish(sha256StateAfter(head), 128, tail)).toBe(whole)
    },
  )

  it('takes whole blocks only', () => {
    expect(() => sha256StateAfter(new Uint8Array(63))).toThrow('whole blocks')
  })
})
