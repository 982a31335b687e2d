import { describe, expect, it } from 'vitest'
import { canonicalZone, stretchAt } from './zone.ts'

const at = (text: string): number => Date.parse(`${text}Z`)

describe('the names of zones', () => {
  it.each([
    ['europe/berlin', 'Europe/Berlin'],
    ['AMERICA/NEW_YORK', 'America/New_York'],
    ['Asia/Calcutta', 'Asia/Calcutta'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['US/Pacific', 'US/Pacific'],
    ['utc', 'UTC'],
    ['etc/gmt+5', 'Etc/GMT+5'],
  ])('%s is %s: any letter case, and an alias stays', (name, canonical) => {
    expect(canonicalZone(name)).toBe(canonical)
  })

  it.each([
    ...['', ' ', '+02:00', '-0300', '+02', 'Z', 'CEST', 'Europe/Nowhere', 'Europe/Berlin '],
    ...['T12Z', '2026-01-01T00:00Z', '2026-01-01T00:00[Europe/Berlin]', '[Europe/Berlin]'],
    ...['endpoint', 'Factory', 'localtime', '../etc/localtime', 'Europe/Berlin\0', 'x'.repeat(65)],
    ...['__proto__', 'constructor', 'Europe/Ber\u0131in'],
  ])('%j is no zone', (name) => {
    expect(canonicalZone(name)).toBeNull()
    expect(stretchAt(name, 0)).toBeNull()
  })

  it('knows every zone that the runtime lists', () => {
    const listed = Intl.supportedValuesOf('timeZone')
    expect(listed.length).toBeGreaterThan(400)
    expect(listed.filter((name) => canonicalZone(name) !== name)).toEqual([])
  })

  it('stays right when more spellings were asked for than it remembers', () => {
    const letters = [...'america/argentina/comodrivadavia']
    for (let spelling = 0; spelling < 2100; spelling += 1) {
      const name = letters
        .map((letter, index) => ((spelling >> (index % 12)) & 1 ? letter.toUpperCase() : letter))
        .join('')
      expect(canonicalZone(name)).toBe('America/Argentina/ComodRivadavia')
    }
  })
})

describe('stretches', () => {
  const SUMMER = { from: at('2026-03-29T01:00'), until: at('2026-10-25T01:00') }

  it.each([
    ['in its first millisecond', SUMMER.from],
    ['in its last millisecond', SUMMER.until - 1],
    ['between two milliseconds', SUMMER.from + 0.5],
  ])('the summer of Berlin, %s', (_name, now) => {
    expect(stretchAt('Europe/Berlin', now)).toEqual({ ...SUMMER, offsetMs: 7_200_000 })
  })

  it('are endless where the clocks never change', () => {
    expect(stretchAt('UTC', at('2026-01-01T00:00'))).toEqual({
      from: Number.NEGATIVE_INFINITY,
      until: Number.POSITIVE_INFINITY,
      offsetMs: 0,
    })
  })

  it('follow each other without a gap, asked for in any order', () => {
    const starts = Array.from(
      { length: 40 },
      (_, n) => at('2040-01-01T00:00') - n * 180 * 86_400_000,
    )
    for (const start of starts) {
      const stretch = stretchAt('Australia/Lord_Howe', start)
      const next = stretchAt('Australia/Lord_Howe', stretch?.until ?? 0)
      expect(next?.from).toBe(stretch?.until)
      expect(next?.offsetMs).not.toBe(stretch?.offsetMs)
    }
  })
})
