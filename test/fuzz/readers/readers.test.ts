/** Twenty thousand damaged cases for each reader: `npm run fuzz -- readers` takes a million. */
import { describe, expect, it } from 'vitest'
import { fuzzReader, type Reader } from './reader.ts'
import { READERS } from './readers.ts'

const CASES = 20_000
/** Always the same: what fails here fails again. */
const SEED = 20_261_122

describe('readers of bytes that others wrote', () => {
  it.each(READERS)(`$name: a value, a refusal or a fault, ${CASES} times`, async (reader) => {
    const report = await fuzzReader(reader, { seed: SEED, cases: CASES })
    expect(report.flaws.join('\n')).toBe('')
    // Cases that are never taken, or always, would say little of what lies behind the first check.
    expect(report.taken).toBeGreaterThan(0)
    expect(report.taken).toBeLessThan(CASES)
    expect(report.taken + report.refused).toBe(CASES)
  })
})

describe('the fuzz of readers', () => {
  const samples = [Buffer.from('{"a":"b"}')]
  const order = { seed: SEED, cases: 500 }

  it('sees an exception that nobody declared, and with which case it came', async () => {
    const read: Reader['read'] = (bytes) => JSON.parse(Buffer.from(bytes).toString()) !== null
    const { flaws } = await fuzzReader({ name: 'x', samples, read }, order)
    expect(flaws.join('\n')).toMatch(/x: throws .*JSON[\s\S]*case \d+, /)
  })

  it('sees a sample that is refused', async () => {
    const { flaws } = await fuzzReader({ name: 'x', samples, read: () => false }, order)
    expect(flaws).toEqual(['x: sample 0 is refused'])
  })

  it('sees memory that a reader takes because it is told to', async () => {
    const kept: Buffer[] = []
    const read = () => kept.push(Buffer.alloc(1024 * 1024, 1)) > 0
    const { flaws } = await fuzzReader({ name: 'x', samples, read }, order)
    expect(flaws.join('\n')).toMatch(/x: it takes \d{3} MB/)
  })

  it('draws the same again', async () => {
    const seen: string[][] = []
    for (const _run of [1, 2]) {
      const drawn: string[] = []
      const read = (bytes: Uint8Array) => drawn.push(Buffer.from(bytes).toString('hex')) > 0
      await fuzzReader({ name: 'x', samples, read }, { ...order, cases: 200 })
      seen.push(drawn)
    }
    expect(seen[0]).toEqual(seen[1])
  })
})
