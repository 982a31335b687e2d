import { describe, expect, it } from 'vitest'
import { parseRange } from './content-range.ts'

describe('parseRange of 100 bytes', () => {
  const part = (offset: number, length: number) => ({ kind: 'part', offset, length })
  const whole = { kind: 'whole' }
  const unsatisfiable = { kind: 'unsatisfiable' }
  it.each([
    [undefined, whole],
    ['bytes=0-0', part(0, 1)],
    ['bytes=0-99', part(0, 100)],
    ['bytes=10-', part(10, 90)],
    ['BYTES=10-19', part(10, 10)],
    ['bytes=90-1000', part(90, 10)],
    ['bytes=-10', part(90, 10)],
    ['bytes=-1000', part(0, 100)],
    ['bytes=-0', unsatisfiable],
    ['bytes=100-', unsatisfiable],
    ['bytes=99999999999999999999-', unsatisfiable],
    ['bytes=20-10', whole],
    ['bytes=-', whole],
    ['bytes=0-1,5-6', whole],
    ['lines=0-1', whole],
    ['bytes=a-b', whole],
    ['bytes=1-2-3', whole],
  ] as const)('%s', (header, expected) => {
    expect(parseRange(header, 100)).toEqual(expected)
  })

  it('of nothing at all nothing can be had in parts', () => {
    expect(parseRange('bytes=0-', 0)).toEqual(unsatisfiable)
    expect(parseRange('bytes=-5', 0)).toEqual(unsatisfiable)
  })
})
