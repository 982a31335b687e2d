import { describe, expect, it } from 'vitest'
import { jittered, systemRandom } from './random.ts'

describe('systemRandom', () => {
  it('never gives the same bytes twice, and as many as were asked for', () => {
    const lengths = [1, 7, 16, 32, 64, 65, 5000]
    const seen = new Set<string>()
    for (let round = 0; round < 500; round += 1) {
      for (const length of lengths) {
        const bytes = systemRandom.bytes(length)
        expect(bytes).toHaveLength(length)
        if (length >= 16) seen.add(Buffer.from(bytes).toString('hex'))
      }
    }
    expect(seen.size).toBe(500 * 5)
  })

  it('gives bytes of their own: changing them changes nothing that comes later', () => {
    const first = systemRandom.bytes(16)
    first.fill(0)
    expect(systemRandom.bytes(16)).not.toEqual(first)
  })
})

describe('jittered', () => {
  it.each([
    [0, 90],
    [0.5, 100],
    [0.999999, 110],
  ])('spreads evenly: %f of the way is %i', (fraction, expected) => {
    const random = { bytes: () => new Uint8Array(), fraction: () => fraction }
    expect(jittered(random, 100, 0.1)).toBeCloseTo(expected, 3)
  })
})
